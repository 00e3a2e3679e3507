// What is measured in a case, and how far it may be from e3nn's numbers.
import { type Family, type Json, number, type Tensor } from '../support/fixture.ts';

/**
 * `reference`: in f64, by the ops' own definitions or by src/o3. The others: on the GPU, in f32. Training by Adam
 * amplifies rounding errors step by step, so it is measured apart.
 */
export const KINDS = ['reference', 'forward', 'first', 'second', 'adamReference', 'adamGpu'] as const;
export type Kind = (typeof KINDS)[number];

/** Largest allowed error, relative to the largest entry of the expected array. */
export const BOUNDS: Readonly<Record<Kind, number>> = {
  reference: 1e-9,
  forward: 2e-5,
  first: 2e-4,
  second: 2e-3,
  adamReference: 1e-6,
  adamGpu: 2e-3,
};

export interface Measurement {
  readonly kind: Kind;
  /** Which array of the case: "grads.inputs.x". */
  readonly array: string;
  /** Infinite where the lengths differ or a number is not finite. */
  readonly error: number;
  readonly bound: number;
}

export type Numbers = number | ArrayLike<number>;

export interface CompareOptions {
  /** Instead of the bound of the kind. */
  readonly bound?: number;
  /** What errors are divided by, instead of the largest entry of the expected array. */
  readonly scale?: number;
}

/** Collects the measurements of one case. */
export class Measure {
  readonly all: Measurement[] = [];
  private readonly tensor: Family['tensor'];

  constructor(tensor: Family['tensor']) {
    this.tensor = tensor;
  }

  /** Compares numbers, row-major, with e3nn's: a number, a list or a tensor object of the file. */
  compare(kind: Kind, array: string, actual: Numbers, expected: Json, options: CompareOptions = {}): void {
    const error = scaledError(actual, numbersOf(expected, this.tensor), options.scale);
    this.add(kind, array, error, options.bound);
  }

  /** Values without tolerance: texts, integers, shapes. */
  equal(array: string, actual: unknown, expected: unknown): void {
    const same = JSON.stringify(actual) === JSON.stringify(expected);
    this.add('reference', array, same ? 0 : Number.POSITIVE_INFINITY, 0);
  }

  /** Expects an error, of whatever kind, where e3nn raises one. */
  raises(array: string, body: () => unknown): void {
    let error = Number.POSITIVE_INFINITY;
    try {
      body();
    } catch {
      error = 0;
    }
    this.add('reference', `${array} raises`, error, 0);
  }

  add(kind: Kind, array: string, error: number, bound = BOUNDS[kind]): void {
    this.all.push({ kind, array, error, bound });
  }
}

/** The numbers of a number, of a list (which may be nested, and hold "NaN"), or of a tensor object. */
export function numbersOf(value: Json, tensor: (object: Json) => Tensor): ArrayLike<number> {
  if (ArrayBuffer.isView(value)) return value as unknown as ArrayLike<number>;
  if (Array.isArray(value)) return value.flatMap((item) => Array.from(numbersOf(item, tensor)));
  if (typeof value === 'number' || typeof value === 'string') return [number(value)];
  return tensor(value).data;
}

/**
 * The largest difference, divided by the largest expected entry (by 1 where all of them are 0). Where e3nn has NaN any
 * finite number will do: those are limits that e3nn's formulas do not reach.
 */
export function scaledError(actual: Numbers, expected: ArrayLike<number>, scale?: number): number {
  const values = typeof actual === 'number' ? [actual] : actual;
  if (values.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [difference, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    if (values[i] === expected[i]) {
      if (Number.isFinite(expected[i])) largest = Math.max(largest, Math.abs(expected[i]));
      continue;
    }
    if (!Number.isFinite(values[i])) return Number.POSITIVE_INFINITY;
    if (Number.isNaN(expected[i])) continue;
    difference = Math.max(difference, Math.abs(values[i] - expected[i]));
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return difference / (scale ?? (largest || 1));
}
