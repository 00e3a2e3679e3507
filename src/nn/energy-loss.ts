import * as e from '../graph/expression.ts';
import { input } from '../graph/leaf.ts';
import { type Node, shapeOf } from '../graph/node.ts';
import { add, map } from '../ops/map.ts';
import { broadcast, sum } from '../ops/sum.ts';

/** What an energy model is trained on. */
export type EnergyPart = 'energy' | 'forces' | 'stress';

/** Reference values of one part, and how much each row counts. */
export interface Target {
  readonly value: Node;
  /** rows x 1; zero for rows that are not in use. */
  readonly weight: Node;
}

/** The leaves that `energyForceLoss` compares with. */
export interface EnergyTargets {
  /** graphs x 1. */
  readonly energy?: Target;
  /** atoms x 3. */
  readonly forces?: Target;
  /** graphs x 9: the stress times the volume. */
  readonly virial?: Target;
}

/** Reference values of one molecule or crystal; what is left out has no weight. */
export interface EnergyReference {
  /** Number of atoms. */
  readonly atoms: number;
  readonly energy?: number;
  /** Row-major, atoms x 3. */
  readonly forces?: ArrayLike<number>;
  /** Nine numbers, row-major: dE/dstrain / volume. */
  readonly stress?: ArrayLike<number>;
  /** Lattice vectors in rows, nine numbers: where there is a stress. */
  readonly cell?: ArrayLike<number>;
}

/**
 * Leaves for the reference values of a batch, by parts: "energy_target", "forces_target", "virial_target" and the
 * weights of their rows, "energy_weight", "forces_weight" and "virial_weight"; `energyTargetFeeds` fills them.
 *
 * @param size capacities of the batch's `atomicGraph`
 * @param parts what the loss has terms for
 * @example
 * ```ts
 * import { energyTargets } from 'clebsch';
 * const { forces, virial } = energyTargets({ atoms: 5, graphs: 1 }, ['energy', 'forces']);
 * [forces!.value.rows, virial]; // => [5, undefined]
 * ```
 */
export function energyTargets(
  { atoms, graphs }: { readonly atoms: number; readonly graphs: number },
  parts: readonly EnergyPart[],
): EnergyTargets {
  const target = (name: string, rows: number, cols: number): Target => ({
    value: input(`${name}_target`, rows, cols),
    weight: input(`${name}_weight`, rows, 1),
  });
  return {
    ...(parts.includes('energy') && { energy: target('energy', graphs, 1) }),
    ...(parts.includes('forces') && { forces: target('forces', atoms, 3) }),
    ...(parts.includes('stress') && { virial: target('virial', graphs, 9) }),
  };
}

/**
 * Numbers for the leaves of `energyTargets`, from references that are graphs 0, 1, ... of the batch. The loss of one
 * graph of N atoms is w_E ((E - E_ref)/N)^2 + w_F mean_3N (F - F_ref)^2 + w_S mean_9 (stress - stress_ref)^2, that of
 * the batch the mean over its graphs.
 *
 * @param weights w_E, w_F and w_S; a part without weight is not there
 * @throws Error when the references do not fit `size`, a length is wrong, a number is not finite, or a stress comes
 * without a cell.
 * @example
 * ```ts
 * import { energyTargetFeeds } from 'clebsch';
 * const size = { atoms: 4, graphs: 2 };
 * const feeds = energyTargetFeeds(size, [{ atoms: 2, energy: -5 }], { energy: 1 });
 * feeds.energy_target; // => [-5, 0]
 * feeds.energy_weight; // => [0.25, 0]
 * ```
 */
export function energyTargetFeeds(
  size: { readonly atoms: number; readonly graphs: number },
  references: readonly EnergyReference[],
  weights: Readonly<Partial<Record<EnergyPart, number>>>,
): Record<string, Float64Array> {
  const atoms = references.reduce((total, one) => total + one.atoms, 0);
  if (references.length > size.graphs || atoms > size.atoms)
    throw new Error(
      `energyTargets: ${references.length} graphs of ${atoms} atoms do not fit ${size.graphs} graphs of ${size.atoms} atoms`,
    );
  const feeds: Record<string, Float64Array> = {};
  const fill = (
    name: string,
    [rows, cols]: readonly [number, number],
    of: (one: EnergyReference, graph: number) => { values?: ArrayLike<number>; rows: number; weight: number },
  ) => {
    const [values, weight] = [new Float64Array(rows * cols), new Float64Array(rows)];
    let row = 0;
    references.forEach((one, graph) => {
      const own = of(one, graph);
      if (own.values) {
        checkNumbers(`${name} of graph ${graph}`, own.values, own.rows * cols);
        values.set(Array.from(own.values), row * cols);
        weight.fill(own.weight / references.length, row, row + own.rows);
      }
      row += own.rows;
    });
    feeds[`${name}_target`] = values;
    feeds[`${name}_weight`] = weight;
  };
  const { energy, forces, stress } = weights;
  if (energy !== undefined)
    fill('energy', [size.graphs, 1], (one) => ({
      values: one.energy === undefined ? undefined : [one.energy],
      rows: 1,
      weight: energy / one.atoms ** 2,
    }));
  if (forces !== undefined)
    fill('forces', [size.atoms, 3], (one) => ({
      values: one.forces,
      rows: one.atoms,
      weight: forces / (3 * one.atoms),
    }));
  if (stress !== undefined)
    fill('virial', [size.graphs, 9], (one, graph) => {
      if (!one.stress) return { rows: 1, weight: 0 };
      if (!one.cell) throw new Error(`energyTargets: graph ${graph} has a stress, but no cell`);
      const volume = cellVolume(one.cell);
      const values = Array.from(one.stress, (s) => s * volume);
      return { values, rows: 1, weight: stress / (9 * volume ** 2) };
    });
  return feeds;
}

function checkNumbers(what: string, values: ArrayLike<number>, length: number): void {
  if (values.length !== length)
    throw new Error(`energyTargets: ${what}: ${values.length} numbers, expected ${length}`);
  for (let i = 0; i < length; i++)
    if (!Number.isFinite(values[i])) throw new Error(`energyTargets: ${what}: number ${i} is ${values[i]}`);
}

/**
 * Volume of the cell whose rows are lattice vectors, |det cell|: what the virial is divided by to be the stress.
 *
 * @throws Error if the cell is not nine finite numbers, or has no volume.
 * @example
 * ```ts
 * import { cellVolume } from 'clebsch';
 * cellVolume([2, 0, 0, 0, 0, 3, 5, 4, 0]); // => 24
 * ```
 */
export function cellVolume(cell: ArrayLike<number>): number {
  const [a, b, c, d, f, g, h, i, j] = Array.from(cell);
  const volume = Math.abs(a * (f * j - g * i) - b * (d * j - g * h) + c * (d * i - f * h));
  if (cell.length !== 9 || !Number.isFinite(volume) || volume === 0)
    throw new Error(`the cell [${Array.from(cell).join(', ')}] has no volume; it takes nine finite numbers`);
  return volume;
}

/**
 * The sum over the targets' parts of weight (value - target)^2, each row with its weight: 1 x 1.
 *
 * @param values what the model says: energy graphs x 1, forces atoms x 3, virial graphs x 9
 * @throws Error if a value that has a target is missing or has another shape, or there is no target at all.
 * @example
 * ```ts
 * import { constant, energyForceLoss, energyTargetFeeds, energyTargets, reference } from 'clebsch';
 * const size = { atoms: 2, graphs: 1 };
 * const loss = energyForceLoss({ energy: constant(3) }, energyTargets(size, ['energy']));
 * const feeds = energyTargetFeeds(size, [{ atoms: 2, energy: 1 }], { energy: 100 });
 * reference([loss], feeds); // => [[100]]
 * ```
 */
export function energyForceLoss(
  values: { readonly energy?: Node; readonly forces?: Node; readonly virial?: Node },
  targets: EnergyTargets,
): Node {
  const [x, target, weight] = [0, 1, 2].map(e.argument);
  const difference = e.sub(x, target);
  const terms = (['energy', 'forces', 'virial'] as const).flatMap((part) => {
    const own = targets[part];
    if (!own) return [];
    const node = values[part];
    const { rows, cols } = own.value;
    if (node?.rows !== rows || node.cols !== cols)
      throw new Error(
        `energyForceLoss: the target of ${part} is ${shapeOf(own.value)}, the value ${node ? shapeOf(node) : 'missing'}`,
      );
    const squares = map(
      e.mul(weight, e.mul(difference, difference)),
      node,
      own.value,
      broadcast(own.weight, rows, cols),
    );
    return [sum(squares, 'all')];
  });
  if (terms.length === 0) throw new Error('energyForceLoss: there are no targets');
  return terms.reduce(add);
}
