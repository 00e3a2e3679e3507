// Derivatives of radial basis functions that e3nn's numbers do not determine.
import type { Family, Json } from '../support/fixture.ts';
import type { AutodiffRecord } from './autodiff.ts';

/** Relative spacing of numbers. */
export const EPSILON = { double: 2 ** -52, single: 2 ** -23 } as const;

export interface Basis {
  readonly start: number;
  readonly end: number;
  readonly number: number;
  readonly basis: string;
  readonly cutoff: boolean;
}

/**
 * A record with NaN ("any finite number will do") for derivatives that
 *
 * - jump at x: the cosine's at one step from its centre, those of fourier and bessel at the ends of their cutoff. Which
 *   side x is on is decided by rounding, in e3nn too; `epsilon` is the rounding of the arithmetic that is compared;
 * - are noise in e3nn: sin(k t)/t by its formula loses (k t)^-n of the precision in the n-th derivative near t = 0, here
 *   where that is more than a twentieth of the `bound`.
 */
export function determined(
  record: AutodiffRecord,
  basis: Basis,
  { epsilon, bounds }: { epsilon: number; bounds: { first: number; second: number } },
  tensor: Family['tensor'],
): AutodiffRecord {
  const x = tensor(record.inputs.x).data;
  const { start, end, number } = basis;
  const length = end - start;
  const frequency = (number * Math.PI) / length;
  const isBessel = basis.basis === 'bessel';
  const jumps = jumpsOf(basis);
  const nearJump = (r: number, n: number) =>
    jumps[n].some(
      (jump) =>
        Math.abs(x[r] - jump) <= 4 * epsilon * Math.max(Math.abs(x[r]), Math.abs(start), Math.abs(end)),
    );
  const noisy = (r: number, order: 1 | 2) => {
    const t = Math.abs(frequency * (x[r] - start));
    // At 0 itself e3nn has a case of its own: the right value and gradient, no second derivative.
    if (t === 0 && order === 1) return false;
    return isBessel && (4 * EPSILON.double) / t ** order > (order === 1 ? bounds.first : bounds.second) / 20;
  };
  const rowJumps = (r: number) => jumps.some((_, n) => nearJump(r, n));
  const first = (r: number) => rowJumps(r) || noisy(r, 1);
  const second = (r: number) => rowJumps(r) || noisy(r, 2);
  const mask = (array: Json, hidden: (at: number) => boolean) =>
    tensor(array).data.map((value, at) => (hidden(at) ? Number.NaN : value));
  const anyFirst = Array.from(x).some((_, r) => first(r));
  const grads = { ...record.grads, inputs: { x: mask(record.grads.inputs.x, first) } };
  if (!record.second) return { ...record, grads };
  const out = (at: number) =>
    nearJump(Math.floor(at / number), at % number) || noisy(Math.floor(at / number), 1);
  return {
    ...record,
    grads,
    second: {
      ...record.second,
      // A sum over all x of first derivatives.
      value: anyFirst ? 'NaN' : record.second.value,
      grads: {
        ...record.second.grads,
        inputs: { x: mask(record.second.grads.inputs.x, second) },
        cotangents: { out: mask(record.second.grads.cotangents!.out, out) },
      },
    },
  };
}

/** For each basis function, where its derivative jumps. */
function jumpsOf({ start, end, number, basis, cutoff }: Basis): number[][] {
  const step = (end - start) / (cutoff ? number + 1 : number - 1);
  return Array.from({ length: number }, (_, n) => {
    const centre = start + step * (cutoff ? n + 1 : n);
    if (basis === 'cosine') return [centre - step, centre + step];
    return cutoff && (basis === 'fourier' || basis === 'bessel') ? [start, end] : [];
  });
}
