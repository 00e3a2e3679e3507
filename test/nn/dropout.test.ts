import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { index, packIndexMap } from '../../src/graph/index-map.ts';
import { input } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import { dropout, stepCounter } from '../../src/nn/dropout.ts';
import { tensorInput } from '../../src/nn/tensor.ts';
import { Irreps } from '../../src/o3/irreps.ts';
import { Layout } from '../../src/o3/layout.ts';
import { checkLayer, mixedLayout, paddings } from '../support/features.ts';
import { blocksOf, irrepsUpTo, rowsOf } from '../support/layers.ts';
import { runs } from '../support/property.ts';

const step = input('step', 1, 1);

/** The factor of each copy in each row, read off an input of ones. */
function masks(
  irreps: Irreps,
  p: number,
  rows: number,
  at: { step?: number; seed?: number; layout?: Layout } = {},
) {
  const layout = at.layout ?? Layout.of(irreps);
  const out = dropout(irreps, p, { seed: at.seed ?? 1 }).apply(tensorInput('x', rows, layout), { step });
  const ones = new Float64Array(rows * irreps.dim).fill(1);
  const [value] = reference([out.node], { x: layout.pack(ones), step: [at.step ?? 0] });
  return rowsOf(layout.unpack(value), irreps.dim, rows).map((row) =>
    blocksOf(irreps, row)
      .flat()
      .map((copy) => {
        if (copy.some((v) => Math.abs(v - copy[0]) > 1e-12)) throw new Error(`components differ: ${copy}`);
        return copy[0];
      }),
  );
}

describe('dropout', () => {
  test('multiplies each copy by 0 or 1 / (1 - p), whatever the memory layout', () => {
    fc.assert(
      fc.property(
        irrepsUpTo(3, 6, 4).filter((irreps) => irreps.dim > 0),
        paddings,
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        fc.nat({ max: 1e6 }),
        (irreps, padded, p, now) => {
          const layer = dropout(irreps, p, { seed: 5 });
          const mask = masks(irreps, p, 3, { step: now, seed: 5 });
          for (const v of mask.flat()) if (v !== 0) expect(v).toBeCloseTo(1 / (1 - p), 10);
          checkLayer(
            {
              module: { parameters: [] },
              irreps,
              apply: (_, x) => layer.apply(x, { step }),
              feeds: { step: [now] },
            },
            mixedLayout(irreps, padded),
            3,
            (rows) =>
              rows.map((row, r) => {
                let copy = 0;
                return blocksOf(irreps, row).flatMap((block) =>
                  block.flatMap((x) => {
                    const factor = mask[r][copy++];
                    return x.map((v) => v * factor);
                  }),
                );
              }),
          );
        },
      ),
      runs(40),
    );
  });

  test('keeps a fraction 1 - p, as often as chance would have it', () => {
    for (const p of [0.1, 0.3, 0.5, 0.9]) {
      const draws = masks(Irreps.parse('6x0e + 4x1o'), p, 2000).flat();
      const kept = draws.filter((v) => v !== 0).length;
      // Binomial: the standard deviation of the fraction is sqrt(p (1 - p) / n).
      const bound = 5 * Math.sqrt((p * (1 - p)) / draws.length);
      expect(Math.abs(kept / draws.length - (1 - p))).toBeLessThan(bound);
    }
  });

  test('another step, another seed: another mask, and the same again for the same', () => {
    const irreps = Irreps.parse('20x1o');
    const at = (s: number, seed: number) => masks(irreps, 0.5, 10, { step: s, seed });
    const all = [at(0, 1), at(1, 1), at(2, 1), at(0, 2)];
    expect(new Set(all.map((mask) => mask.flat().join())).size).toBe(4);
    expect(at(1, 1)).toEqual(all[1]);
  });

  test('rows of one sample share what is dropped, a row of none is zero', () => {
    const samples = index('samples', 5, 3);
    const x = tensorInput('x', 5, '4x0e + 3x1o');
    const layer = dropout('4x0e + 3x1o', 0.5, { seed: 2 });
    const out = layer.apply(x, { step, samples });
    const feeds = { x: new Float64Array(65).fill(1), step: [4], samples: packIndexMap([2, 0, 2, 0], 5, 3) };
    const [a, b, c, d, none] = rowsOf(reference([out.node], feeds)[0], 13, 5);
    expect([c, d]).toEqual([a, b]);
    expect(a).not.toEqual(b);
    expect(none).toEqual(new Array(13).fill(0));
  });

  test('in evaluation, and with p <= 0, it is the identity; with p >= 1 zero', () => {
    const x = tensorInput('x', 2, '2x1o');
    expect(dropout('2x1o', 0.5, { seed: 0 }).apply(x, null)).toBe(x);
    for (const p of [0, -1]) expect(dropout('2x1o', p, { seed: 0 }).apply(x, { step })).toBe(x);
    for (const p of [1, 2, Number.POSITIVE_INFINITY]) {
      const out = dropout('2x1o', p, { seed: 0 }).apply(x, { step }).node;
      expect([...reference([out])[0]]).toEqual(new Array(12).fill(0));
      expect(dropout('2x1o', p, { seed: 0 }).apply(x, null)).toBe(x);
    }
  });

  test('refuses what is no probability, no seed, or other irreps', () => {
    expect(() => dropout('1o', Number.NaN, { seed: 0 })).toThrow('dropout: p is NaN');
    expect(() => dropout('1o', 0.5, { seed: -1 })).toThrow('dropout: seed is -1');
    expect(() => dropout('1o', 0.5, { seed: 0 }).apply(tensorInput('x', 2, '1e'), null)).toThrow(
      'dropout was made for irreps 1x1o, but its input has 1x1e',
    );
    const samples = index('samples', 3, 2);
    expect(() => dropout('1o', 0.5, { seed: 0 }).apply(tensorInput('x', 2, '1o'), { step, samples })).toThrow(
      'dropout: index "samples" has 3 rows, but the features have 2',
    );
  });
});

test('stepCounter counts from 0', () => {
  const { step: count, update } = stepCounter('epoch');
  expect(update.state).toBe(count);
  expect(reference([count, update.next]).map(([v]) => v)).toEqual([0, 1]);
  expect(reference([update.next], { epoch: [41] })[0][0]).toBe(42);
});
