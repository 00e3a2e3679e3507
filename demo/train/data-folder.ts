import { type LabelledFrame, readNpy, readXyz, toNumbers, type XyzOptions } from '../../src/index.ts';

/** A folder of arrays: what is there, and how to read it. */
export interface Files {
  readonly names: readonly string[];
  read(name: string): Uint8Array;
}

/** A frame that messages can name: "frame 3 of train_300K". */
export interface NamedFrame extends LabelledFrame {
  readonly name: string;
}

/** What a folder without prefixes is called. */
const PLAIN = 'positions';
const FILE = /^(?:(.+)_)?positions\.npy$/;

const UNITS: Readonly<Record<string, { readonly wanted: string; readonly same: RegExp }>> = {
  length: { wanted: 'Å', same: /^(Å|A|ang(strom)?s?|Ångströms?)$/i },
  energy: { wanted: 'eV', same: /^eV$/i },
  force: { wanted: 'eV/Å', same: /^eV ?\/ ?(Å|A|ang(strom)?s?|Ångströms?)$/i },
};

/**
 * Names of the sets of a folder: prefixes of `positions.npy`, or "positions" for that without one.
 *
 * @throws Error if there is none.
 */
export function setsOf(names: readonly string[]): string[] {
  const found = names.map((name) => FILE.exec(name)).filter((match) => match !== null);
  if (found.length === 0) throw new Error('the folder has no positions.npy, and no PREFIX_positions.npy');
  return found.map(([, prefix]) => prefix ?? PLAIN).sort();
}

/**
 * Which of the sets is meant: that asked for, or else the first whose name says train, or test, or else the first.
 *
 * @throws Error if it is not there; the message lists those that are.
 */
export function chooseSet(sets: readonly string[], role: 'train' | 'test', asked: string | null): string {
  if (asked !== null && !sets.includes(asked))
    throw new Error(`the folder has no set "${asked}"; it has ${sets.join(', ')}`);
  return asked ?? sets.find((name) => name.startsWith(role)) ?? sets[0];
}

/**
 * Frames of a set: `positions.npy`, `forces.npy`, `energies.npy` and `numbers.npy`, each with the set's prefix or without
 * (frames x atoms x 3, or atoms x 3, all frames one after the other, with `offsets.npy`), and `cells.npy`. In `meta.json`
 * may stand a `cell` and a `number` for all, `pbc` and `units`. Å, eV and eV/Å.
 *
 * @throws Error if an array is missing or damaged, they do not fit together, a number is not finite, or units are others.
 */
export function framesOfFolder({ names, read }: Files, set: string): NamedFrame[] {
  const prefix = set === PLAIN && names.includes('positions.npy') ? '' : `${set}_`;
  const array = (name: string) => {
    const file = [`${prefix}${name}.npy`, `${name}.npy`].find((candidate) => names.includes(candidate));
    return file === undefined ? undefined : within(file, () => arrayOf(file, read(file)));
  };
  const needed = (name: string): NumberArray => {
    const found = array(name);
    if (!found) throw new Error(`the folder has no ${prefix}${name}.npy`);
    return found;
  };
  const meta = within('meta.json', () => metaOf(names.includes('meta.json') ? read('meta.json') : null));
  const [positions, forces, energies] = [needed('positions'), needed('forces'), needed('energies')];
  const atoms = positions.values.length / 3;
  if (positions.shape.length < 2 || positions.shape.at(-1) !== 3)
    throw new Error(`${shown(positions)}; it must be frames x atoms x 3, or atoms x 3 with offsets.npy`);
  if (forces.shape.join() !== positions.shape.join())
    throw new Error(`${shown(forces)}, but ${shown(positions)}; both must have the same shape`);
  const count = energies.values.length;
  if (count === 0 || energies.shape[0] !== count)
    throw new Error(`${shown(energies)}; it must be one energy a frame`);
  const stored = array('offsets');
  if (!stored && positions.shape.length !== 3)
    throw new Error(`${shown(positions)}, and there is no offsets.npy that says where its frames begin`);
  const offsets = stored?.values ?? everyFrame(positions.shape);
  const ascend = offsets.every((at, f) => (f === 0 ? at === 0 : at > offsets[f - 1] && Number.isInteger(at)));
  if (stored && !(ascend && offsets.at(-1) === atoms))
    throw new Error(`${stored.file} must ascend from 0 to the number of atoms, ${atoms}`);
  if (offsets.length !== count + 1)
    throw new Error(
      `${shown(energies)}, but ${shown(stored ?? positions)}; a set whose frames differ needs offsets.npy`,
    );
  const numbers = array('numbers') ?? (meta.number !== undefined && everyAtom(meta.number, atoms));
  if (!numbers) throw new Error('the folder has no numbers.npy (atomic numbers), and meta.json no "number"');
  const wrong = numbers.values.findIndex((z) => !(Number.isInteger(z) && z >= 1 && z <= 118));
  if (wrong >= 0)
    throw new Error(
      `${numbers.file}: number ${wrong} is ${numbers.values[wrong]}, which is no element (1 to 118)`,
    );
  const shared = numbers.values.length !== atoms;
  if (shared && offsets.some((at, f) => at !== f * numbers.values.length))
    throw new Error(
      `${shown(numbers)}; there must be one number for each atom of a frame, where all frames have as many, ` +
        `or one for each of all ${atoms} atoms`,
    );
  const cells = array('cells');
  if (cells && (cells.values.length !== 9 * count || cells.shape[0] !== count))
    throw new Error(`${shown(cells)}, but there are ${count} frames; it must be frames x 3 x 3`);
  const of = ({ values }: NumberArray, f: number) => values.subarray(3 * offsets[f], 3 * offsets[f + 1]);
  return Array.from(energies.values, (energy, f) => {
    const name = `frame ${f} of ${set}`;
    const frame: NamedFrame = {
      name,
      numbers: shared ? numbers.values : numbers.values.subarray(offsets[f], offsets[f + 1]),
      pos: of(positions, f),
      forces: of(forces, f),
      energy,
      cell: cells ? cells.values.subarray(9 * f, 9 * f + 9) : meta.cell,
      pbc: meta.pbc,
    };
    within(name, () => checkFinite(frame));
    return frame;
  });
}

/**
 * Frames of an extxyz file; all must have energies and forces.
 *
 * @param set what messages call it
 * @throws Error that names the frame where they are missing; FileError as `readXyz` does.
 */
export function framesOfXyz(bytes: Uint8Array, set: string, options: XyzOptions = {}): NamedFrame[] {
  return readXyz(bytes, options).map(({ numbers, pos, forces, energy, cell, pbc }, f) => {
    const name = `frame ${f} of ${set}`;
    if (!forces || energy === undefined)
      throw new Error(
        `${name} has no ${forces ? 'energy' : 'forces'}; ` +
          `where they have another name, say it with ${forces ? '--energy-key' : '--forces-key'}`,
      );
    const periodic = cell !== undefined && pbc.some((axis) => axis);
    return { name, numbers, pos, forces, energy, cell: periodic ? cell : undefined, pbc };
  });
}

/** What fails in there is said with the place's name before it. */
export function within<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`${where}: ${(error as Error).message}`);
  }
}

interface NumberArray {
  readonly file: string;
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

function arrayOf(file: string, bytes: Uint8Array): NumberArray {
  const stored = readNpy(bytes);
  return { file, shape: stored.shape, values: toNumbers(stored) };
}

const shown = ({ file, shape }: NumberArray) => `${file} is ${shape.join(' x ') || 'a single number'}`;

function everyFrame([count, atoms]: readonly number[]): Float64Array {
  return Float64Array.from({ length: count + 1 }, (_, f) => f * atoms);
}

function everyAtom(number: unknown, atoms: number): NumberArray {
  return { file: 'meta.json', shape: [atoms], values: new Float64Array(atoms).fill(Number(number)) };
}

/** What the frames of a folder have in common. */
function metaOf(bytes: Uint8Array | null): { number?: unknown; cell?: number[]; pbc?: NamedFrame['pbc'] } {
  if (!bytes) return {};
  const meta = JSON.parse(new TextDecoder().decode(bytes)) ?? {};
  for (const [key, { wanted, same }] of Object.entries(UNITS)) {
    const unit = meta.units?.[key];
    // Two characters look like Å; normalised, they are one.
    if (unit !== undefined && !same.test(String(unit).normalize('NFKC').trim()))
      throw new Error(
        `units: ${key} is in "${unit}"; convert the arrays to ${wanted}, which is what is read`,
      );
  }
  const { number } = meta;
  const cell = meta.cell?.flat?.();
  if (meta.cell !== undefined && !(cell?.length === 9 && cell.every(Number.isFinite)))
    throw new Error('cell must be three lattice vectors');
  const pbc = typeof meta.pbc === 'boolean' ? [meta.pbc, meta.pbc, meta.pbc] : meta.pbc;
  if (pbc !== undefined && !(pbc?.length === 3 && pbc.every((axis: unknown) => typeof axis === 'boolean')))
    throw new Error('pbc must be true, false, or three of them');
  return { number, cell, pbc };
}

function checkFinite({ energy, pos, forces }: LabelledFrame): void {
  if (!Number.isFinite(energy)) throw new Error(`the energy is ${energy}`);
  for (const [what, vectors] of [
    ['position of', pos],
    ['force on', forces],
  ] as const) {
    const bad = (vectors as Float64Array).findIndex((v) => !Number.isFinite(v));
    if (bad >= 0)
      throw new Error(`the ${what} atom ${Math.floor(bad / 3)} has ${'xyz'[bad % 3]} = ${vectors[bad]}`);
  }
}
