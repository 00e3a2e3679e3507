import { Random, randMatrix, recognise } from '../../src/index.ts';
import { allShapes, originalPoints, turn } from '../shared/tetris-batch.ts';
import type { Learner, LearnerRequest } from './learner.ts';
import { FRAME_BUDGET_MS, type Session } from './session.ts';

const TEST_ORIENTATIONS = 32;
/** Random rotations of every shape that a step with turned examples is shown. */
const ROTATIONS = 8;
/** Accuracy in other orientations at which the training with turned examples ends. */
export const TARGET = 0.95;
const EVALUATE_EVERY = 10;
/** The ordinary network on the shapes as they are knows them by heart long before that. */
const PLAIN_STEPS = 100;

/** Orientations in which no network was trained, always the same. */
const random = new Random(20);
const testPoints = Array.from({ length: TEST_ORIENTATIONS }, () => turn(randMatrix(random), originalPoints));

export interface Contestant {
  readonly name: string;
  readonly learner: Learner | null;
  readonly steps: number;
  /** Different examples that it was shown. */
  readonly examples: number;
  /** Fractions; null before they are known. */
  readonly asTrained: number | null;
  readonly turned: number | null;
  /** Accuracy in other orientations over steps. */
  readonly history: readonly (readonly [step: number, accuracy: number])[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const fresh = (name: string): Mutable<Contestant> => ({
  name,
  learner: null,
  steps: 0,
  examples: 0,
  asTrained: null,
  turned: null,
  history: [],
});

/** Two ordinary networks beside the equivariant one: trained on the shapes as they are, and on turned examples. */
export class Comparison {
  readonly plain = fresh('Ordinary, as they are');
  readonly augmented = fresh('Ordinary, turned examples');
  readonly equivariant = fresh('Equivariant');
  training = false;
  private readonly make: (request: LearnerRequest) => Promise<Learner>;
  private readonly session: Session;
  private readonly told: () => void;
  private testedAt: Learner | null = null;
  private testedSteps = -1;
  private testing: { at: number; right: number } | null = null;
  private settings = { parameters: 0, seed: 0 };

  /** `told` is called when a number has changed. */
  constructor(make: (request: LearnerRequest) => Promise<Learner>, session: Session, told: () => void) {
    this.make = make;
    this.session = session;
    this.told = told;
    session.jobs.add(this.job);
  }

  /** The equivariant network is another one: what was compared with the last one is forgotten. */
  restart(parameters: number, seed: number): void {
    this.training = false;
    for (const one of [this.plain, this.augmented]) {
      one.learner?.dispose();
      Object.assign(one, fresh(one.name));
    }
    Object.assign(this.equivariant, fresh(this.equivariant.name));
    this.testing = null;
    this.testedSteps = -1;
    this.settings = { parameters, seed };
    this.told();
    this.session.wake();
  }

  train(wanted: boolean): void {
    if (wanted && this.done) this.restart(this.settings.parameters, this.settings.seed);
    this.training = wanted;
    this.told();
    this.session.wake();
  }

  get done(): boolean {
    return this.plain.steps >= PLAIN_STEPS && (this.augmented.turned ?? 0) >= TARGET;
  }

  dispose(): void {
    this.session.jobs.delete(this.job);
    for (const one of [this.plain, this.augmented]) one.learner?.dispose();
  }

  private readonly job = async (): Promise<boolean> => {
    if (this.training) {
      await this.slice(this.plain, 0);
      await this.slice(this.augmented, ROTATIONS);
      if (this.done) this.training = false;
      this.told();
      return true;
    }
    return this.testEquivariant();
  };

  private async slice(one: Mutable<Contestant>, rotations: number): Promise<void> {
    const finished = rotations === 0 ? one.steps >= PLAIN_STEPS : (one.turned ?? 0) >= TARGET;
    if (finished) return;
    const { settings } = this;
    if (!one.learner) {
      const learner = await this.make({ kind: 'ordinary', rotations, ...settings });
      if (settings !== this.settings) return learner.dispose();
      one.learner = learner;
      return;
    }
    const { learner } = one;
    const began = performance.now();
    do {
      const { step } = await learner.step();
      if (one.learner !== learner) return;
      one.steps = step;
      one.examples = rotations === 0 ? allShapes.length : step * learner.facts.examples;
    } while (performance.now() - began < FRAME_BUDGET_MS && one.steps % EVALUATE_EVERY !== 0);
    if (one.steps % EVALUATE_EVERY !== 0) return;
    const asTrained = accuracy(await learner.answers(originalPoints));
    const turned = accuracy(await learner.answers(testPoints.flat()));
    if (one.learner !== learner) return;
    Object.assign(one, { asTrained, turned, history: [...one.history, [one.steps, turned]] });
  }

  /** The equivariant network in the same orientations, a few at a time, when it is not trained just now. */
  private async testEquivariant(): Promise<boolean> {
    const { session, equivariant } = this;
    const learner = session.current;
    if (!learner || session.isTraining || session.stepsTaken === 0) return false;
    if (this.testedAt === learner && this.testedSteps === session.stepsTaken) return false;
    const steps = session.stepsTaken;
    if (!this.testing || equivariant.learner !== learner || equivariant.steps !== steps) {
      this.testing = { at: 0, right: 0 };
      Object.assign(equivariant, { learner, steps, examples: 7 });
      const still = await learner.outputs(originalPoints);
      equivariant.asTrained = recognisedOf(still) / 8;
    }
    const began = performance.now();
    const { testing } = this;
    do {
      testing.right += recognisedOf(await learner.outputs(testPoints[testing.at++]));
    } while (testing.at < TEST_ORIENTATIONS && performance.now() - began < FRAME_BUDGET_MS);
    if (testing.at === TEST_ORIENTATIONS) {
      this.testedAt = learner;
      this.testedSteps = steps;
      equivariant.turned = testing.right / (8 * TEST_ORIENTATIONS);
      this.testing = null;
      this.told();
    }
    return true;
  }
}

/** Answers about shapes 0 to 7, again and again. */
export const accuracy = (answers: readonly number[]) =>
  answers.filter((answer, i) => answer === i % 8).length / answers.length;

export const recognisedOf = (outputs: Float32Array) =>
  allShapes.filter((s) => recognise(outputs.subarray(7 * s, 7 * s + 7)) === s).length;
