// Crystals as primitive, conventional and supercells, and which atom of one is which of another.
import type { Node } from '../../src/graph/node.ts';
import type { Feeds } from '../../src/graph/reference.ts';
import type { AtomicSystem } from '../../src/models/atomic-graph.ts';
import { cellVolume } from '../../src/nn/energy-loss.ts';
import { Random } from '../../src/o3/random.ts';
import { randMatrix } from '../../src/o3/rotation-group.ts';
import data from '../fixtures/cells/cells.json' with { type: 'json' };
import { buildEnergy, connected, hiddenUpTo, smallEnergyNetwork } from './energy-networks.ts';

interface Cell {
  readonly numbers: readonly number[];
  readonly cell: readonly (readonly number[])[];
  readonly positions: readonly (readonly number[])[];
}

/** Matrices act on rows from the right. */
type Matrix = readonly (readonly number[])[];

/** The same crystal in another cell. */
interface Variant {
  /** Without edges. */
  readonly system: AtomicSystem;
  /** For each atom, the atom of the first variant that it is an image of. */
  readonly site: readonly number[];
  /** A vector v of the first variant is v R here. */
  readonly rotation: Matrix;
}

const times = (v: readonly number[], m: Matrix) =>
  [0, 1, 2].map((k) => v[0] * m[0][k] + v[1] * m[1][k] + v[2] * m[2][k]);

function inverse(m: Matrix): Matrix {
  const cofactor = (i: number, j: number) => {
    const [a, b] = [0, 1, 2].filter((k) => k !== i);
    const [c, d] = [0, 1, 2].filter((k) => k !== j);
    return ((i + j) % 2 ? -1 : 1) * (m[a][c] * m[b][d] - m[a][d] * m[b][c]);
  };
  const determinant = [0, 1, 2].reduce((sum, j) => sum + m[0][j] * cofactor(0, j), 0);
  return [0, 1, 2].map((i) => [0, 1, 2].map((j) => cofactor(j, i) / determinant));
}

const crystalsOfFile = Object.entries<Record<string, Cell>>(data.crystals);

function systemOf({ numbers, cell, positions }: Cell): AtomicSystem {
  const kinds = [...new Set(numbers)].sort((a, b) => a - b);
  const species = numbers.map((z) => kinds.indexOf(z));
  return { pos: positions.flat(), species, edges: { src: [], dst: [] }, cell: cell.flat() };
}

/** Every crystal of the file, the primitive cell first. */
export function crystals(): Record<string, Variant[]> {
  return Object.fromEntries(
    crystalsOfFile.map(([name, cells]) => {
      const { primitive, supercell } = cells;
      const variants = Object.entries(cells).map(([variant, own]): Variant => {
        const rotated = variant.startsWith('rotated');
        const rotation = rotated ? inverse(supercell.cell).map((row) => times(row, own.cell)) : identity;
        return { system: systemOf(own), site: sitesOf(primitive, own, rotation), rotation };
      });
      return [name, variants];
    }),
  );
}

/**
 * Every crystal's conventional cell with its atoms moved off their places by `amount` times a random vector each, so that
 * there are forces, and supercells of it, the last one rotated, inverted, shifted and permuted.
 */
export function displacedCrystals(amount: number): Record<string, Variant[]> {
  const random = new Random(7);
  return Object.fromEntries(
    crystalsOfFile.map(([name, { conventional }]) => {
      const positions = conventional.positions.map((at) => {
        const move = random.normals(3);
        return at.map((v, k) => v + amount * move[k]);
      });
      const base = { ...conventional, positions };
      const turn = randMatrix(random).map((v) => -v);
      return [
        name,
        [
          { system: systemOf(base), site: positions.map((_, i) => i), rotation: identity },
          supercell(
            base,
            [
              [2, 0, 0],
              [0, 1, 0],
              [0, 0, 1],
            ],
            identity,
          ),
          supercell(
            base,
            [
              [1, 1, 0],
              [0, 2, -1],
              [0, 0, 1],
            ],
            rowsOf(turn),
          ),
        ],
      ];
    }),
  );
}

/** A supercell whose lattice vectors are `multiple` (upper triangular, whole numbers) times those of the cell. */
function supercell({ numbers, cell, positions }: Cell, multiple: Matrix, rotation: Matrix): Variant {
  const images: { at: number[]; i: number }[] = [];
  for (let a = 0; a < multiple[0][0]; a++)
    for (let b = 0; b < multiple[1][1]; b++)
      for (let c = 0; c < multiple[2][2]; c++) {
        const shift = times([a, b, c], cell);
        positions.forEach((at, i) => {
          images.push({ at: at.map((v, k) => v + shift[k] - 0.7), i });
        });
      }
  images.reverse();
  const system = systemOf({
    numbers: images.map(({ i }) => numbers[i]),
    cell: multiple.map((row) => times(times(row, cell), rotation)),
    positions: images.map(({ at }) => times(at, rotation)),
  });
  return { system, site: images.map(({ i }) => i), rotation };
}

const rowsOf = (m: readonly number[]): Matrix => [0, 3, 6].map((k) => m.slice(k, k + 3));

const identity: Matrix = [0, 1, 2].map((i) => [0, 1, 2].map((j) => (i === j ? 1 : 0)));

/** Which atom of the primitive cell each atom is an image of, for whichever shift all atoms are. */
function sitesOf(primitive: Cell, { numbers, positions }: Cell, rotation: Matrix): number[] {
  const toFractions = inverse(primitive.cell.map((row) => times(row, rotation)));
  const places = primitive.positions.map((at) => times(at, rotation));
  for (const first of positions) {
    const shift = first.map((v, k) => v - places[0][k]);
    const site = positions.map((at, i) =>
      places.findIndex(
        (place, s) =>
          primitive.numbers[s] === numbers[i] &&
          times(
            at.map((v, k) => v - shift[k] - place[k]),
            toFractions,
          ).every((f) => Math.abs(f - Math.round(f)) < 1e-6),
      ),
    );
    if (!site.includes(-1)) return site;
  }
  throw new Error('the cells are not those of one crystal');
}

/** How far the variants of a crystal are from the first of them. */
export interface CellErrors {
  /** Of the energy per atom, relative where that is larger than 1. */
  readonly energy: number;
  /** Of the forces turned back. */
  readonly forces: number;
  /** Of the stress turned back. */
  readonly stress: number;
  /** The largest component of a force. */
  readonly largestForce: number;
}

/**
 * Errors of one small model in all cells of each crystal, which are computed as one batch by one program. In the units of
 * the model displaced atoms have forces of about 1.
 */
export async function cellErrors(
  crystalsOf: Readonly<Record<string, readonly Variant[]>>,
  compute: (
    outputs: Record<string, Node>,
  ) => Promise<(feeds: Feeds) => Promise<Record<string, ArrayLike<number>>>>,
): Promise<Record<string, CellErrors>> {
  const model = smallEnergyNetwork({
    nSpecies: 3,
    scale: 100,
    shifts: [-1, 0.5, 0.25],
    lmax: 2,
    hidden: hiddenUpTo(2, false),
    nLayers: 3,
    rMax: 4,
    numNeighbors: 8,
  });
  const batches = Object.entries(crystalsOf).map(([name, variants]) => {
    const systems = variants.map(({ system }) => connected(system, model.rMax));
    return { name, variants, systems };
  });
  const most = (of: (system: AtomicSystem) => number) =>
    Math.max(...batches.map(({ systems }) => systems.reduce((sum, system) => sum + of(system), 0)));
  const built = buildEnergy(model, {
    atoms: most(({ species }) => species.length),
    edges: most(({ edges }) => edges.src.length),
    graphs: 4,
  });
  const { energy, forces, virial } = built;
  const run = await compute({ energy, forces, virial });
  const errors: Record<string, CellErrors> = {};
  for (const { name, variants, systems } of batches) {
    const values = await run(built.feeds(systems));
    const vectors = (of: 'forces' | 'virial', first: number, count: number) =>
      Array.from({ length: count }, (_, i) =>
        Array.from(values[of]).slice(3 * (first + i), 3 * (first + i + 1)),
      );
    let first = 0;
    const all = variants.map(({ site, rotation }, i) => {
      const volume = cellVolume(systems[i].cell!);
      const own = vectors('forces', first, site.length);
      first += site.length;
      return {
        energy: values.energy[i] / site.length,
        forces: own.map((force) => times(force, transposed(rotation))),
        stress: product(product(rotation, vectors('virial', 3 * i, 3)), transposed(rotation)).map((row) =>
          row.map((v) => v / volume),
        ),
      };
    });
    const [reference] = all;
    const worst = (a: Matrix, b: Matrix) =>
      Math.max(...a.flatMap((row, i) => row.map((v, k) => Math.abs(v - b[i][k]))));
    errors[name] = {
      energy:
        Math.max(...all.map((own) => Math.abs(own.energy - reference.energy))) /
        Math.max(1, Math.abs(reference.energy)),
      forces: Math.max(
        ...all.map((own, i) =>
          worst(
            own.forces,
            variants[i].site.map((s) => reference.forces[s]),
          ),
        ),
      ),
      stress: Math.max(...all.map((own) => worst(own.stress, reference.stress))),
      largestForce: Math.max(...reference.forces.flat().map(Math.abs)),
    };
  }
  return errors;
}

const transposed = (m: Matrix): Matrix => [0, 1, 2].map((k) => m.map((row) => row[k]));
const product = (a: Matrix, b: Matrix): Matrix => a.map((row) => times(row, b));
