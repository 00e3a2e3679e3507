import { type GpuContext, Irreps, type Matrix3, matrixZ, prepare } from '../../src/index.ts';
import { times } from '../shared/dense.ts';
import type { StatefulProgram } from '../shared/stateful-program.ts';
import { type Deformation, deformation } from './deformation.ts';
import { rectangle, square } from './polygons.ts';

export const taskNames = ['collapse', 'stretch', 'broken'] as const;
/** Rectangle to square; square to rectangle; the same with an order parameter. */
export type TaskName = (typeof taskNames)[number];

export interface LessonSettings {
  readonly stretch: number;
  /** Irreps of the order parameter. */
  readonly order: string;
  readonly seed: number;
  readonly learningRate: number;
}

/** What a network says after some steps. */
export interface TaskResult {
  /** (1/4) sum over corners of |d - target|^2. */
  readonly loss: number;
  /** 4 x 3. */
  readonly displacements: ArrayLike<number>;
  /** Components of the order parameter, e3nn's order. */
  readonly order: ArrayLike<number>;
}

/** A task counts as solved below this loss: corners are then 0.03 from where they should be. */
export const SOLVED = 1e-3;

/** The states of the lesson's programs, to go on from on another device. */
export interface Saved {
  readonly step: number;
  readonly states: readonly Record<string, ArrayLike<number>>[];
}

/** Three networks, alike but for what they are asked, trained side by side. */
export class Lesson {
  readonly settings: LessonSettings;
  readonly order: Irreps;
  step = 0;
  private readonly tasks: Record<TaskName, Deformation>;
  private readonly programs: Record<TaskName, StatefulProgram>;
  private readonly answering: StatefulProgram;

  private constructor(
    settings: LessonSettings,
    tasks: Record<TaskName, Deformation>,
    programs: Record<TaskName, StatefulProgram>,
    answering: StatefulProgram,
  ) {
    this.settings = settings;
    this.order = Irreps.parse(settings.order);
    this.tasks = tasks;
    this.programs = programs;
    this.answering = answering;
  }

  static async create(gpu: GpuContext | null, settings: LessonSettings): Promise<Lesson> {
    const { seed, learningRate } = settings;
    const order = Irreps.parse(settings.order);
    const shape = rectangle(settings.stretch);
    const task = (from: readonly number[], to: readonly number[], learnsOrder: boolean) =>
      deformation(gpu, { from, to, order, learnsOrder, seed, learningRate });
    const tasks = {
      collapse: task(shape, square, false),
      stretch: task(square, shape, false),
      broken: task(square, shape, true),
    };
    // One after the other: each is traced on the main thread, which may breathe in between.
    const programs = {
      collapse: await tasks.collapse.training(),
      stretch: await tasks.stretch.training(),
      broken: await tasks.broken.training(),
    };
    return new Lesson(settings, tasks, programs, await tasks.broken.answer());
  }

  /** Numbers that each network trains; the last one has the order parameter too. */
  get parameterCounts(): Record<TaskName, number> {
    return record((name) => this.tasks[name].parameterCount);
  }

  /** Takes a step in each task; the results are those before it. */
  async train(times = 1): Promise<Record<TaskName, TaskResult>> {
    const [collapse, stretch, broken] = await Promise.all(
      taskNames.map(async (name) => {
        const { loss, displacements, order } = await this.programs[name].run(times);
        return { loss: loss[0], displacements, order };
      }),
    );
    this.step += times;
    return { collapse, stretch, broken };
  }

  /** What the last network answers to another order parameter: displacements of the square's corners. */
  async answer(order: ArrayLike<number>): Promise<ArrayLike<number>> {
    this.answering.write({ order });
    return (await this.answering.run()).displacements;
  }

  /** The text of the step: its ops, and the WGSL of one of them. */
  get printed(): string {
    return prepare(this.tasks.broken.program).print();
  }

  shaders() {
    return this.programs.broken.shaders();
  }

  async save(): Promise<Saved> {
    const step = this.step;
    return { step, states: await Promise.all(taskNames.map((name) => this.programs[name].snapshot())) };
  }

  restore({ step, states }: Saved): void {
    taskNames.forEach((name, i) => {
      this.programs[name].write(states[i]);
    });
    this.step = step;
  }

  dispose(): void {
    for (const name of taskNames) this.programs[name].dispose();
    this.answering.dispose();
  }
}

function record<T>(of: (name: TaskName) => T): Record<TaskName, T> {
  return { collapse: of('collapse'), stretch: of('stretch'), broken: of('broken') };
}

/** A quarter turn about z: it takes each corner of the square to the next. */
export const quarterTurn: Matrix3 = matrixZ(Math.PI / 2).map(Math.round);

/**
 * How far displacements of the corners are from those of a polygon that `shift` corners on looks the same: the
 * largest |d(g x) - g d(x)|, g the turn by `shift` quarters about z.
 */
export function turnError(d: ArrayLike<number>, shift: number): number {
  let most = 0;
  for (let i = 0; i < 4; i++) {
    let v = [d[3 * i], d[3 * i + 1], d[3 * i + 2]];
    for (let n = 0; n < shift; n++) v = [-v[1], v[0], v[2]];
    const j = 3 * ((i + shift) % 4);
    most = Math.max(most, Math.hypot(d[j] - v[0], d[j + 1] - v[1], d[j + 2] - v[2]));
  }
  return most;
}

/**
 * The same components with z as the polar axis, in which the square's symmetry is plainest: e3nn's formulas with (y, z, x) in
 * place of (x, y, z). Components m = -1, 0, 1 of a vector are then y, z, x; m = -2 .. 2 of l = 2 are xy, yz,
 * 3z^2 - r^2, zx, x^2 - y^2.
 */
export function aboutZ(irreps: Irreps, x: ArrayLike<number>): Float64Array {
  return transformed(irreps, [0, 1, 0, 0, 0, 1, 1, 0, 0], x);
}

/** The order parameter of the polygon turned by a quarter. */
export function quarterTurned(irreps: Irreps, x: ArrayLike<number>): Float64Array {
  return transformed(irreps, quarterTurn, x);
}

function transformed(irreps: Irreps, matrix: Matrix3, x: ArrayLike<number>): Float64Array {
  return times(irreps.D({ matrix }), x);
}
