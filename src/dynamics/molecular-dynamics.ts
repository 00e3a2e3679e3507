import type { GpuContext } from '../gpu/device.ts';
import type { Node } from '../graph/node.ts';
import type { Feeds } from '../graph/reference.ts';
import { checkNeighbourCount } from '../ops/neighbours.ts';
import { type Runner, runOnGpu, runOnHost } from './runner.ts';
import { kineticEnergy, temperatureOf } from './units.ts';
import { leaves, type Potential, velocityVerlet } from './velocity-verlet.ts';

/** Neighbours that the host lists anew when atoms have moved. */
export interface HostNeighbours {
  /** Å by which the listed pairs may be further apart than the potential reaches. */
  readonly skin: number;
  /** Numbers for the leaves that say who is whose neighbour, for positions (Å, n x 3, not wrapped into a cell). */
  feeds(positions: Float64Array): Feeds;
}

/** What moves, and under which forces. */
export interface MolecularDynamicsOptions {
  /** Å, row-major n x 3; they stay unwrapped. */
  readonly positions: ArrayLike<number>;
  /** amu, one an atom (see `atomicMasses`). */
  readonly masses: ArrayLike<number>;
  /** Energy (eV) and forces (eV/Å) as nodes, from positions (Å, n x 3). It is called twice. */
  readonly potential: (pos: Node) => Potential;
  /** fs; default 0.5. */
  readonly timeStep?: number;
  /** Å/fs, row-major n x 3 (see `maxwellBoltzmann`); default 0. */
  readonly velocities?: ArrayLike<number>;
  /** Numbers for the potential's other leaves: parameters, species. */
  readonly feeds?: Feeds;
  /** By default the potential's neighbours stay those of `feeds`, or it finds them itself. */
  readonly neighbours?: HostNeighbours;
}

/** What was seen at a step. Energies are in eV. */
export interface DynamicsSample {
  /** Steps since the start, and fs. */
  readonly step: number;
  readonly time: number;
  readonly potential: number;
  readonly kinetic: number;
  readonly total: number;
  /** K; see `temperatureOf`. */
  readonly temperature: number;
}

/** What `run` may be told. */
export interface RunOptions {
  /** Steps between samples, which are one submit; default 10. */
  readonly every?: number;
  /** Called with each sample. */
  readonly onSample?: (sample: DynamicsSample) => void;
}

/**
 * Molecular dynamics at constant energy, by velocity Verlet (W. C. Swope et al., J. Chem. Phys. 76 (1982) 637). All steps
 * between two samples are one submit; energies are summed in f64 on the host. Units: eV, Å, fs, amu.
 *
 * With `neighbours` the list holds while no atom has moved more than half the skin. Steps in which one did are taken back
 * and run again with a new list, so that no force is ever computed with a list that does not hold.
 *
 * On a GPU positions are the sum of an origin and a displacement, both f32: an atom 100 Å from zero has its
 * interactions computed to 4e-6 Å, but loses nothing of its motion.
 *
 * @example
 * ```ts
 * import { input, MolecularDynamics, multiply, scale } from 'clebsch';
 * // A particle of 1 amu in a harmonic well of 1 eV/Å^2.
 * const dynamics = await MolecularDynamics.create(null, {
 *   positions: [1, 0, 0], masses: [1], potential: (pos) => ({ energy: scale(multiply(pos, pos), 0.5) }),
 * });
 * const [first, last] = await dynamics.run(100, { every: 100 });
 * [first.total, last.step, last.time]; // => [0.5, 100, 50]
 * Math.abs(last.total - 0.5) < 1e-3; // => true
 * dynamics.dispose();
 * ```
 */
export class MolecularDynamics {
  private readonly runner: Runner;
  private readonly masses: ArrayLike<number>;
  private readonly timeStep: number;
  private readonly capacity: number;
  private readonly neighbours: HostNeighbours | undefined;
  /** The last state that holds; positions are origin + displacement. */
  private origin: Float64Array;
  private displacement: Float64Array;
  private speed: Float64Array;
  private potential = 0;
  private steps = 0;
  /** Steps since the neighbours were listed, and how far the furthest atom has come. */
  private sinceListed = 0;
  private moved = 0;
  /** Most steps in one submit; fewer when atoms leave the skin in that many even with a new list. */
  private longest = Number.POSITIVE_INFINITY;

  private constructor(runner: Runner, capacity: number, options: MolecularDynamicsOptions) {
    this.runner = runner;
    this.capacity = capacity;
    this.masses = Float64Array.from(options.masses);
    this.timeStep = options.timeStep ?? 0.5;
    this.neighbours = options.neighbours;
    this.origin = Float64Array.from(options.positions);
    this.displacement = new Float64Array(this.origin.length);
    this.speed = Float64Array.from(options.velocities ?? new Float64Array(this.origin.length));
  }

  /**
   * Compiles the programs and computes the first forces.
   *
   * @param gpu a device, or null for the same in f64 on the host, slowly
   * @throws Error if the options do not fit together, or as `compile` does.
   */
  static async create(gpu: GpuContext | null, options: MolecularDynamicsOptions): Promise<MolecularDynamics> {
    check(options);
    const programs = velocityVerlet(options.potential, options.masses, options.timeStep ?? 0.5);
    const runner = gpu ? await runOnGpu(gpu, programs) : runOnHost(programs);
    try {
      if (options.feeds) runner.feed(options.feeds);
      const dynamics = new MolecularDynamics(runner, programs.capacity, options);
      await dynamics.list();
      return dynamics;
    } catch (error) {
      runner.dispose();
      throw error;
    }
  }

  /** Å, row-major n x 3, as they are after the last step. */
  get positions(): Float64Array {
    return this.origin.map((x, i) => x + this.displacement[i]);
  }

  /** Å/fs, row-major n x 3. */
  get velocities(): Float64Array {
    return Float64Array.from(this.speed);
  }

  /** Energies and temperature as they are now. */
  get sample(): DynamicsSample {
    const kinetic = kineticEnergy(this.masses, this.speed);
    return {
      step: this.steps,
      time: this.steps * this.timeStep,
      potential: this.potential,
      kinetic,
      total: this.potential + kinetic,
      temperature: temperatureOf(kinetic, this.masses.length),
    };
  }

  /**
   * Runs so many steps. Gives samples of the state before the first, after every `every` steps and after the last.
   *
   * @throws Error if a number is not a whole number (`every` from 1), the energy is no longer finite, an atom moves
   * further than half the skin in a single step, or a neighbour list does not fit its capacity.
   */
  async run(steps: number, { every = 10, onSample }: RunOptions = {}): Promise<DynamicsSample[]> {
    for (const [what, value, least] of [
      ['steps', steps, 0],
      ['every', every, 1],
    ] as const)
      if (!Number.isInteger(value) || value < least)
        throw new Error(`dynamics: ${what} is ${value}, but must be a whole number from ${least}`);
    const samples: DynamicsSample[] = [];
    const take = () => {
      samples.push(this.sample);
      onSample?.(this.sample);
    };
    take();
    for (let left = steps; left > 0; ) {
      const chunk = Math.min(every, left);
      await this.advance(chunk);
      left -= chunk;
      take();
    }
    return samples;
  }

  /** Frees the GPU's buffers. */
  dispose(): void {
    this.runner.dispose();
  }

  /** Runs steps, in as few submits as the neighbour list allows. */
  private async advance(steps: number): Promise<void> {
    const reach = this.neighbours ? this.neighbours.skin / 2 : Number.POSITIVE_INFINITY;
    for (let left = steps; left > 0; ) {
      const chunk = Math.min(this.longest, left);
      // At the speed so far the list would not hold to the end.
      if (this.moved * (1 + chunk / Math.max(1, this.sinceListed)) > reach) await this.list();
      const { energy, displacement, velocities, moved, neighbours } = await this.runner.step(chunk);
      const distance = Math.sqrt(moved[0]);
      if (distance > reach) {
        // These steps may have missed neighbours: back to where the list held.
        const fresh = this.sinceListed === 0;
        if (fresh && chunk === 1)
          throw new Error(
            `dynamics: an atom moves ${distance.toPrecision(3)} Å in one step, but neighbours are known for ${reach} Å; ` +
              'use a shorter time step or a thicker skin',
          );
        if (fresh) this.longest = chunk >> 1;
        await this.list();
        continue;
      }
      checkNeighbourCount(neighbours[0], this.capacity);
      const potential = total(energy);
      this.expectFinite(potential, velocities, this.steps + chunk);
      this.displacement = Float64Array.from(displacement);
      this.speed = Float64Array.from(velocities);
      this.potential = potential;
      this.moved = distance;
      this.sinceListed += chunk;
      this.steps += chunk;
      left -= chunk;
    }
  }

  /** Lists the neighbours at the present positions, from where displacements are counted from now on. */
  private async list(): Promise<void> {
    const positions = this.positions;
    this.origin = positions.map(Math.fround);
    this.displacement = positions.map((x, i) => x - this.origin[i]);
    this.moved = 0;
    this.sinceListed = 0;
    this.runner.feed({
      ...this.neighbours?.feeds(positions),
      [leaves.origin]: this.origin,
      [leaves.displacement]: this.displacement,
      [leaves.velocities]: this.speed,
      [leaves.moved]: [0],
      [leaves.neighbours]: [0],
    });
    const { energy, neighbours } = await this.runner.start();
    checkNeighbourCount(neighbours[0], this.capacity);
    this.potential = total(energy);
    this.expectFinite(this.potential, this.speed, this.steps);
  }

  private expectFinite(potential: number, velocities: ArrayLike<number>, step: number): void {
    const energy = potential + kineticEnergy(this.masses, velocities);
    if (!Number.isFinite(energy))
      throw new Error(
        `dynamics: the energy is ${energy} at step ${step}; the time step is too long, or atoms have come too close`,
      );
  }
}

function total(energy: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < energy.length; i++) sum += energy[i];
  return sum;
}

function check({ positions, masses, timeStep, velocities, neighbours }: MolecularDynamicsOptions): void {
  const fail = (what: string): never => {
    throw new Error(`dynamics: ${what}`);
  };
  const finite = (values: ArrayLike<number>, what: string) => {
    for (let i = 0; i < values.length; i++)
      if (!Number.isFinite(values[i]))
        fail(`atom ${Math.floor(i / 3)} has the ${what} ${'xyz'[i % 3]} = ${values[i]}; it must be finite`);
  };
  const atoms = masses.length;
  if (atoms === 0) fail('there are no atoms');
  if (positions.length !== 3 * atoms) fail(`${atoms} masses, but ${positions.length} coordinates`);
  if (velocities && velocities.length !== 3 * atoms)
    fail(`${atoms} atoms, but ${velocities.length} components of velocities`);
  finite(positions, 'position');
  finite(velocities ?? [], 'velocity');
  for (let i = 0; i < atoms; i++)
    if (!(masses[i] > 0 && Number.isFinite(masses[i])))
      fail(`atom ${i} has a mass of ${masses[i]} amu, but it must be positive`);
  if (timeStep !== undefined && !(timeStep > 0 && Number.isFinite(timeStep)))
    fail(`the time step is ${timeStep} fs, but must be positive`);
  if (neighbours && !(neighbours.skin > 0)) fail(`the skin is ${neighbours.skin} Å, but must be positive`);
}
