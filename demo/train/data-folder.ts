import { type LabelledFrame, readNpy, readXyz, type StoredTensor } from '../../src/index.ts';

/** A folder of arrays, or one file: what is there, and how to read it. */
export interface Files {
  readonly names: readonly string[];
  read(name: string): Uint8Array;
}

/** Which frames of a folder are meant. */
export type Role = 'train' | 'test';

/**
 * Frames of a folder with `positions.npy`, `forces.npy`, `energies.npy` and `numbers.npy` (frames x atoms x 3, or all
 * atoms of all frames one after the other with `offsets.npy`), `cells.npy` or a `cell` in `meta.json`, with or without a
 * prefix that names the set ("train_positions.npy"). Of several sets the one whose name says train, or test, is taken.
 */
export function framesOfFolder({ names, read }: Files, role: Role): { set: string; frames: LabelledFrame[] } {
  const sets = names
    .filter((name) => name.endsWith('positions.npy'))
    .map((name) => name.slice(0, -13))
    .sort();
  if (sets.length === 0) throw new Error('the folder has no positions.npy, and no PREFIX_positions.npy');
  const set = sets.find((name) => name.startsWith(role)) ?? sets[0];
  const array = (name: string): StoredTensor | undefined => {
    const file = [`${set}${name}.npy`, `${name}.npy`].find((candidate) => names.includes(candidate));
    if (file === undefined) return undefined;
    try {
      return readNpy(read(file));
    } catch (error) {
      throw new Error(`${file}: ${(error as Error).message}`);
    }
  };
  const needed = (name: string): StoredTensor => {
    const found = array(name);
    if (!found) throw new Error(`the folder has no ${set}${name}.npy`);
    return found;
  };
  const meta = names.includes('meta.json') ? JSON.parse(new TextDecoder().decode(read('meta.json'))) : {};
  const [positions, forces, energies] = ['positions', 'forces', 'energies'].map(needed);
  const count = energies.shape[0];
  const offsets = array('offsets')?.data ?? everyFrame(positions.shape);
  if (offsets.length !== count + 1 || Number(offsets[count]) * 3 !== positions.data.length)
    throw new Error(
      `${set}: ${count} energies and ${positions.data.length / 3} atoms do not fit together; a set whose frames differ needs offsets.npy`,
    );
  if (forces.data.length !== positions.data.length)
    throw new Error(
      `${set}: ${positions.data.length} coordinates, but ${forces.data.length} components of forces`,
    );
  const numbers = array('numbers')?.data ?? (meta.number === undefined ? undefined : [meta.number]);
  if (!numbers) throw new Error('the folder has no numbers.npy (atomic numbers), and meta.json no "number"');
  const cells = array('cells')?.data;
  const cell: number[] | undefined = meta.cell?.flat();
  const frames = Array.from({ length: count }, (_, f): LabelledFrame => {
    const [start, end] = [Number(offsets[f]), Number(offsets[f + 1])];
    const of = (at: number) => Number(numbers[numbers.length === 1 ? 0 : at]);
    const shared = numbers.length * 3 !== positions.data.length;
    return {
      numbers: Array.from({ length: end - start }, (_, i) => of(shared ? i : start + i)),
      pos: floats(positions).slice(3 * start, 3 * end),
      forces: floats(forces).slice(3 * start, 3 * end),
      energy: Number(energies.data[f]),
      cell: cells ? Array.from(cells.slice(9 * f, 9 * f + 9), Number) : cell,
      pbc: meta.pbc,
    };
  });
  return { set: set || 'positions', frames };
}

/** Frames of an extxyz file; all must have energies and forces. */
export function framesOfXyz(bytes: Uint8Array): LabelledFrame[] {
  return readXyz(bytes).map(({ numbers, pos, forces, energy, cell, pbc }, f) => {
    if (!forces || energy === undefined)
      throw new Error(`frame ${f} has no ${forces ? 'energy' : 'forces'}; they are needed to train`);
    const periodic = cell !== undefined && pbc.some((axis) => axis);
    return { numbers, pos, forces, energy, cell: periodic ? cell : undefined, pbc };
  });
}

function floats({ data }: StoredTensor): Float64Array {
  return Float64Array.from(data as ArrayLike<number>);
}

function everyFrame([count, atoms]: readonly number[]): number[] {
  return Array.from({ length: count + 1 }, (_, f) => f * atoms);
}
