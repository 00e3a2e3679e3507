import { wigner3j } from '../../../src/o3/index.ts';
import type { Family } from '../../support/fixture.ts';
import { type Case, each } from '../case.ts';

interface Entry {
  name: string;
  l1: number;
  l2: number;
  l3: number;
  entries: [i: number, j: number, k: number, value: number][];
}

export function cases({ json }: Family): Case[] {
  return [
    ...each<Entry>(
      json.cases,
      ({ name }) => name,
      ({ l1, l2, l3, entries }, measure) => {
        const dense = new Float64Array((2 * l1 + 1) * (2 * l2 + 1) * (2 * l3 + 1));
        for (const [i, j, k, value] of entries) dense[(i * (2 * l2 + 1) + j) * (2 * l3 + 1) + k] = value;
        measure.compare('reference', 'entries', wigner3j(l1, l2, l3), dense);
      },
    ),
    ...each<{ l: [number, number, number] }>(
      json.invalid,
      ({ l }) => `invalid ${l.join('_')}`,
      ({ l }, measure) => measure.raises('wigner3j', () => wigner3j(...l)),
    ),
  ];
}
