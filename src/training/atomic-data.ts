import { radiusGraph } from '../data/radius-graph.ts';
import type { AtomicSystem } from '../models/atomic-graph.ts';

/** One labelled geometry, as readers of data files give it. */
export interface LabelledFrame {
  /** Atomic number of each of n atoms. */
  readonly numbers: ArrayLike<number>;
  /** n x 3, Å. */
  readonly pos: ArrayLike<number>;
  /** eV. */
  readonly energy: number;
  /** n x 3, eV/Å. */
  readonly forces: ArrayLike<number>;
  /**
   * dE/dstrain / volume, nine numbers, eV/Å^3: positive where the crystal is stretched, as ASE and extended xyz have it.
   * It needs a cell. (A virial is -volume times it.)
   */
  readonly stress?: ArrayLike<number>;
  /** Lattice vectors in rows, Å; none in open boundaries. */
  readonly cell?: ArrayLike<number>;
  readonly pbc?: readonly [boolean, boolean, boolean];
}

/** A system with what a model is to predict for it. */
export interface LabelledSystem extends AtomicSystem {
  /** Without the energies of its atoms (see `fitAtomicEnergies`): small enough for 32 bits. */
  readonly energy: number;
  readonly forces: ArrayLike<number>;
  /** dE/dstrain / volume, nine numbers, where it is known; there is a cell then. */
  readonly stress?: ArrayLike<number>;
}

/** What a training set says about the numbers that a model needs. */
export interface AtomicStatistics {
  /** Atomic numbers in ascending order: species i of the model is element `elements[i]`. */
  readonly elements: readonly number[];
  /** Energy of an atom of each species, eV, by least squares. */
  readonly atomicEnergies: readonly number[];
  /** Root mean square of the components of the forces, eV/Å. */
  readonly forceRms: number;
  /** Mean number of neighbours of an atom within the cutoff. */
  readonly numNeighbors: number;
}

/**
 * The energy of an atom of each element, by least squares over the frames, E = sum over atoms of e[element]. Where the
 * frames do not determine it (all have one composition) the shortest solution is taken: what counts is the sum.
 *
 * @throws Error if there is no frame.
 * @example
 * ```ts
 * import { fitAtomicEnergies } from 'clebsch';
 * const water = { numbers: [8, 1, 1], pos: [], forces: [], energy: -70 };
 * const hydrogen = { numbers: [1, 1], pos: [], forces: [], energy: -20 };
 * fitAtomicEnergies([water, hydrogen], [1, 8]).map(Math.round); // => [-10, -50]
 * ```
 */
export function fitAtomicEnergies(frames: readonly LabelledFrame[], elements: readonly number[]): number[] {
  if (frames.length === 0) throw new Error('fitAtomicEnergies: there are no frames');
  const counts = frames.map((frame) => elements.map((z) => countOf(frame, z)));
  // Conjugate gradients on the normal equations: from zero it ends in the shortest solution, singular or not.
  const energies = frames.map(({ energy }) => energy);
  const times = (x: readonly number[]) => {
    const fitted = counts.map((row) => dot(row, x));
    return elements.map((_, i) => counts.reduce((sum, row, f) => sum + row[i] * fitted[f], 0));
  };
  const x = elements.map(() => 0);
  let residual = elements.map((_, i) => counts.reduce((sum, row, f) => sum + row[i] * energies[f], 0));
  let direction = residual;
  const enough = 1e-28 * dot(residual, residual);
  for (let k = 0; k < 4 * elements.length; k++) {
    const length = dot(residual, residual);
    if (length <= enough) break;
    const image = times(direction);
    const step = length / dot(direction, image);
    direction.forEach((d, i) => {
      x[i] += step * d;
    });
    residual = residual.map((r, i) => r - step * image[i]);
    const turn = dot(residual, residual) / length;
    direction = residual.map((r, i) => r + turn * direction[i]);
  }
  return x;
}

/**
 * What a training set says about the numbers that a model needs.
 *
 * @param cutoff of the neighbours, Å
 * @throws Error if there is no frame, no two atoms are within the cutoff, all forces are zero, or a number is not finite (it
 * says of which frame).
 * @example
 * ```ts
 * import { atomicStatistics } from 'clebsch';
 * const frame = { numbers: [1, 1], pos: [0, 0, 0, 0, 0, 1], energy: -8, forces: [0, 0, 3, 0, 0, -3] };
 * atomicStatistics([frame], 2); // => { elements: [1], atomicEnergies: [-4], forceRms: Math.sqrt(3), numNeighbors: 1 }
 * ```
 */
export function atomicStatistics(frames: readonly LabelledFrame[], cutoff: number): AtomicStatistics {
  if (frames.length === 0) throw new Error('atomicStatistics: there are no frames');
  const elements = [...new Set(frames.flatMap(({ numbers }) => Array.from(numbers)))].sort((a, b) => a - b);
  let [squares, components, edges, atoms] = [0, 0, 0, 0];
  for (const [i, frame] of frames.entries()) {
    try {
      checkLabels(frame);
      edges += edgesOf(frame, cutoff).src.length;
    } catch (error) {
      throw new Error(`frame ${i}: ${(error as Error).message}`);
    }
    squares += dot(frame.forces, frame.forces);
    components += frame.forces.length;
    atoms += frame.numbers.length;
  }
  if (edges === 0)
    throw new Error(
      `atomicStatistics: no two atoms are within ${cutoff} Å of each other; are the positions in Å?`,
    );
  if (squares === 0) throw new Error('atomicStatistics: all forces are zero, so there is nothing to learn');
  return {
    elements,
    atomicEnergies: fitAtomicEnergies(frames, elements),
    forceRms: Math.sqrt(squares / components),
    numNeighbors: edges / atoms,
  };
}

/**
 * A frame as a model reads it: species, edges within the cutoff, and the energy without that of its atoms.
 *
 * @throws Error if the frame has an element that the statistics do not know, a number that is not finite, or a
 * stress without a cell.
 * @example
 * ```ts
 * import { atomicStatistics, labelledSystem } from 'clebsch';
 * const frame = { numbers: [1, 1], pos: [0, 0, 0, 0, 0, 1], energy: -8, forces: [0, 0, 3, 0, 0, -3] };
 * const { species, energy } = labelledSystem(frame, 2, atomicStatistics([frame], 2));
 * [...species, energy]; // => [0, 0, 0]
 * ```
 */
export function labelledSystem(
  frame: LabelledFrame,
  cutoff: number,
  { elements, atomicEnergies }: Pick<AtomicStatistics, 'elements' | 'atomicEnergies'>,
): LabelledSystem {
  checkLabels(frame);
  const species = Array.from(frame.numbers, (z) => {
    const i = elements.indexOf(z);
    if (i < 0) throw new Error(`element ${z} is not among those of the model: ${elements.join(', ')}`);
    return i;
  });
  const energy = species.reduce((rest, s) => rest - atomicEnergies[s], frame.energy);
  const { pos, forces, stress, cell } = frame;
  return { pos, species, energy, forces, stress, cell, edges: edgesOf(frame, cutoff) };
}

/** The coordinates are checked where the neighbours are looked for. */
function checkLabels({ numbers, pos, energy, forces, stress, cell }: LabelledFrame): void {
  if (!Number.isFinite(energy)) throw new Error(`the energy is ${energy}`);
  if (pos.length !== 3 * numbers.length)
    throw new Error(`${numbers.length} atoms, but ${pos.length} coordinates`);
  if (forces.length !== 3 * numbers.length)
    throw new Error(`${numbers.length} atoms, but ${forces.length} components of forces`);
  const bad = Array.from(forces).findIndex((f) => !Number.isFinite(f));
  if (bad >= 0)
    throw new Error(`the force on atom ${Math.floor(bad / 3)} has ${'xyz'[bad % 3]} = ${forces[bad]}`);
  if (!stress) return;
  if (!cell) throw new Error('there is a stress, but no cell');
  if (stress.length !== 9 || !Array.from(stress).every(Number.isFinite))
    throw new Error(`the stress is [${Array.from(stress).join(', ')}], and must be nine finite numbers`);
}

function edgesOf({ pos, cell, pbc }: LabelledFrame, cutoff: number) {
  return radiusGraph(pos, cutoff, cell ? { cell, pbc: pbc ? [...pbc] : undefined } : {});
}

function countOf({ numbers }: LabelledFrame, z: number): number {
  return Array.from(numbers).filter((other) => other === z).length;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
