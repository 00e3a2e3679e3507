import { atomicNumber } from '../data/elements.ts';
import type { XyzValue } from './extxyz-comment.ts';
import { FileError, quoted } from './file-error.ts';
import { record } from './record.ts';
import { labelsOf, type XyzOptions } from './xyz-labels.ts';

/** A further property of the atoms: `width` entries each, row-major. */
export interface XyzColumns {
  /** As in `Properties`: real, integer, logical, text. */
  readonly type: 'R' | 'I' | 'L' | 'S';
  readonly width: number;
  readonly data: Float64Array | readonly boolean[] | readonly string[];
}

/** Atoms of one moment. Units are the file's: Å and eV in most. */
export interface XyzFrame {
  /** Atomic number of each of n atoms. */
  readonly numbers: Uint8Array;
  /** Row-major n x 3. */
  readonly pos: Float64Array;
  /** Row-major n x 3. */
  readonly forces?: Float64Array;
  /** Lattice vectors, row by row, 3 x 3. */
  readonly cell?: Float64Array;
  /** Which lattice vectors the atoms repeat along. */
  readonly pbc: readonly [boolean, boolean, boolean];
  readonly energy?: number;
  /** 3 x 3, as the file has it. ASE writes dE/dstrain / volume, positive under tension, as `LabelledFrame` has it. */
  readonly stress?: Float64Array;
  /** 3 x 3, as the file has it. ASE and QUIP write -volume times that stress. */
  readonly virial?: Float64Array;
  /** What else the comment line says; `comment` holds the whole line where it is plain text. */
  readonly info: Readonly<Record<string, XyzValue>>;
  /** Other properties of the atoms. */
  readonly arrays: Readonly<Record<string, XyzColumns>>;
}

/** Takes the entry of the first of these names (in small letters) that is there and will do. */
export function takeKey<V>(
  entries: Map<string, V>,
  names: readonly string[],
  willDo: (value: V) => boolean = () => true,
): V | undefined {
  for (const name of names)
    for (const [key, value] of entries)
      if (key.toLowerCase() === name && willDo(value)) {
        entries.delete(key);
        return value;
      }
  return undefined;
}

/** Takes the entry of this very name. */
function take<V>(entries: Map<string, V>, name: string | undefined): V | undefined {
  if (name === undefined) return undefined;
  const value = entries.get(name);
  entries.delete(name);
  return value;
}

/** What the columns and the keys of a frame mean. `starts` is the line of its first atom. */
export function frameOf(
  arrays: Map<string, XyzColumns>,
  pairs: Map<string, XyzValue>,
  options: XyzOptions,
  starts: number,
  fail: (what: string) => never,
): XyzFrame {
  const vectors = (what: string, columnsOf: XyzColumns): Float64Array =>
    columnsOf.type === 'R' && columnsOf.width === 3
      ? (columnsOf.data as Float64Array)
      : fail(`Properties has ${what} as ${columnsOf.type}:${columnsOf.width}, and R:3 is needed`);
  const pos = takeKey(arrays, ['pos', 'positions']) ?? fail('Properties has no pos:R:3');
  const labels = labelsOf([...arrays.keys()], [...pairs.keys()], options, fail);
  const forces = take(arrays, labels.forces);
  const numbers = elements(arrays, starts, fail);

  const matrix = (what: string, value: XyzValue | undefined, more: (v: number[]) => number[] | null) => {
    if (value === undefined) return undefined;
    const flat = [value].flat(2) as (number | boolean | string)[];
    const nine = flat.every((v) => typeof v === 'number') ? (flat.length === 9 ? flat : more(flat)) : null;
    return nine ? Float64Array.from(nine) : fail(`${what} must be 9 numbers, not ${shown(value)}`);
  };
  const symmetric = (v: number[]) => (v.length === 6 ? [0, 5, 4, 5, 1, 3, 4, 3, 2].map((i) => v[i]) : null);
  const cell = matrix('Lattice', takeKey(pairs, ['lattice']), ([a, b, c, ...rest]) =>
    c !== undefined && rest.length === 0 ? [a, 0, 0, 0, b, 0, 0, 0, c] : null,
  );
  const energy = take(pairs, labels.energy);
  if (energy !== undefined && typeof energy !== 'number')
    fail(`the energy must be a number, not ${shown(energy)}`);
  const stress = matrix('stress', take(pairs, labels.stress), symmetric);
  const virial = matrix('virial', take(pairs, labels.virial), symmetric);
  return {
    numbers,
    pos: vectors('pos', pos),
    ...(forces && { forces: vectors('forces', forces) }),
    ...(cell && { cell }),
    pbc: periodic(takeKey(pairs, ['pbc']), cell !== undefined, fail),
    ...(energy !== undefined && { energy: energy as number }),
    ...(stress && { stress }),
    ...(virial && { virial }),
    info: record(pairs),
    arrays: record(arrays),
  };
}

/** Atomic numbers, by symbol, by number, or by both where they agree. */
function elements(
  arrays: Map<string, XyzColumns>,
  starts: number,
  fail: (what: string) => never,
): Uint8Array {
  const species = takeKey(arrays, ['species', 'element', 'symbols']);
  const z = takeKey(
    arrays,
    ['z', 'numbers', 'atomic_numbers'],
    ({ type, width }) => type === 'I' && width === 1,
  );
  if (!species && !z) fail('Properties has neither species:S:1 nor Z:I:1');
  if (species && (species.type !== 'S' || species.width !== 1))
    fail(`Properties has the elements as ${species.type}:${species.width}, and S:1 is needed`);
  return Uint8Array.from((species ?? z!).data as readonly (string | number)[], (word, atom) => {
    const text = String(word);
    const number = /^\d{1,3}$/.test(text) ? Number(text) : (atomicNumber(text) ?? 0);
    const where = `line ${starts + atom}`;
    if (number < 1 || number > 118)
      throw new FileError(
        'xyz',
        where,
        `atom ${atom} is ${quoted(text)}, which is no element; write a chemical symbol or an atomic number from 1 to 118`,
      );
    if (z && z.data[atom] !== number)
      throw new FileError(
        'xyz',
        where,
        `atom ${atom} is ${quoted(text)}, but its atomic number ${z.data[atom]}`,
      );
    return number;
  });
}

function periodic(
  value: XyzValue | undefined,
  hasCell: boolean,
  fail: (what: string) => never,
): [boolean, boolean, boolean] {
  if (value === undefined) return [hasCell, hasCell, hasCell];
  const flat = [value]
    .flat(2)
    .map((v) => (v === 1 || v === true ? true : v === 0 || v === false ? false : null));
  const three = flat.length === 1 ? [flat[0], flat[0], flat[0]] : flat;
  if (three.length !== 3 || three.includes(null)) fail(`pbc must be three times T or F, not ${shown(value)}`);
  if (three.includes(true) && !hasCell) fail(`pbc is ${shown(value)}, but there is no Lattice to repeat`);
  return three as [boolean, boolean, boolean];
}

const shown = (value: XyzValue) => quoted(JSON.stringify(value));
