import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type IndexNode, index, packIndexMap } from '../../src/graph/index-map.ts';
import { reference } from '../../src/graph/reference.ts';
import { type BatchNormOptions, batchNorm } from '../../src/nn/batch-norm.ts';
import { Parameters } from '../../src/nn/parameters.ts';
import { tensorInput } from '../../src/nn/tensor.ts';
import type { Irreps } from '../../src/o3/irreps.ts';
import { Random } from '../../src/o3/random.ts';
import { denseBatchNorm } from '../support/batch-norm.ts';
import { checkLayer, mixedLayout, paddings } from '../support/features.ts';
import { scaledError } from '../support/feeds.ts';
import { irrepsUpTo, trainable } from '../support/layers.ts';
import { runs } from '../support/property.ts';

const irrepsOf = irrepsUpTo(3, 5, 4).filter((irreps) => irreps.dim > 0);
const optionsOf = fc.record({
  eps: fc.constantFrom(0.1, 1),
  momentum: fc.constantFrom(0, 0.1, 0.7, 1),
  affine: fc.boolean(),
  reduce: fc.constantFrom('mean' as const, 'max' as const),
  instance: fc.boolean(),
  includeBias: fc.boolean(),
  normalization: fc.constantFrom('component' as const, 'norm' as const),
});
/** For each row its sample; some have none, some samples no rows. Null: every row is a sample. */
const samplesOf = fc.option(
  fc.array(fc.option(fc.nat({ max: 3 }), { freq: 5 }), { minLength: 6, maxLength: 6 }),
  { freq: 3 },
);
const rows = 6;
const SEGMENTS = 4;

/** The index map of samples, packed with its way back also where rows in the middle belong nowhere. */
function mapOf(samples: readonly (number | null)[] | null): {
  node?: IndexNode;
  feeds: Record<string, Uint32Array>;
} {
  if (!samples) return { feeds: {} };
  const used = samples.flatMap((s, row) => (s === null ? [] : [{ s, row }]));
  const packed = packIndexMap(
    used.map(({ s }) => s),
    rows,
    SEGMENTS,
  );
  const sorted = packed.slice(rows, 2 * rows);
  packed.set(samples.map((s) => s ?? 0xffffffff));
  for (let i = 0; i < used.length; i++) packed[rows + i] = used[sorted[i]].row;
  return { node: index('samples', rows, SEGMENTS), feeds: { samples: packed } };
}

function buffersOf(irreps: Irreps) {
  const random = new Random(9);
  return {
    running_mean: random.normals(irreps.count('0e')),
    running_var: random.normals(irreps.numIrreps).map((v) => v * v),
  };
}

describe('batchNorm', () => {
  test('equals its definition, in any memory layout, in training and in evaluation', () => {
    fc.assert(
      fc.property(
        irrepsOf,
        paddings,
        optionsOf,
        samplesOf,
        fc.boolean(),
        (irreps, padded, options, samples, training) => {
          const layer = batchNorm(irreps, options);
          const { node, feeds } = mapOf(samples);
          const buffers = buffersOf(irreps);
          checkLayer(
            {
              module: layer,
              irreps,
              apply: (weights, x) => layer.apply(weights, x, { training, samples: node }),
              feeds: { ...feeds, ...buffers },
            },
            mixedLayout(irreps, padded),
            rows,
            (x, arrays) =>
              denseBatchNorm(irreps, x, { ...arrays, ...buffers }, options, { training, samples }).out,
          );
        },
      ),
      runs(80),
    );
  });

  test('the running statistics after a step', () => {
    fc.assert(
      fc.property(irrepsOf, paddings, optionsOf, samplesOf, (irreps, padded, given, samples) => {
        const options: BatchNormOptions = { ...given, instance: false };
        const layer = batchNorm(irreps, options);
        const { node, feeds } = mapOf(samples);
        const { weights, arrays, values } = trainable(layer);
        const layout = mixedLayout(irreps, padded);
        const { updates } = layer.apply(weights, tensorInput('x', rows, layout), {
          training: true,
          samples: node,
        });
        const plain = new Random(4).normals(rows * irreps.dim);
        const x = Array.from({ length: rows }, (_, r) => [
          ...plain.slice(r * irreps.dim, (r + 1) * irreps.dim),
        ]);
        const buffers = buffersOf(irreps);
        const expected = denseBatchNorm(irreps, x, { ...arrays, ...buffers }, options, {
          training: true,
          samples,
        });
        const next = reference(
          updates.map((u) => u.next),
          { ...feeds, ...buffers, parameters: values, x: layout.pack(plain) },
        );
        expect(updates.map(({ state }) => state.attrs.name)).toEqual(
          irreps.count('0e') > 0 ? ['running_mean', 'running_var'] : ['running_var'],
        );
        updates.forEach(({ state }, i) => {
          const name = state.attrs.name as 'running_mean' | 'running_var';
          expect(scaledError(next[i], expected.buffers[name])).toBeLessThan(1e-13);
        });
      }),
      runs(60),
    );
  });

  test('evaluation and instance normalisation update nothing', () => {
    const x = tensorInput('x', rows, '2x0e + 1x1o');
    for (const [options, training] of [
      [{}, false],
      [{ instance: true }, true],
      [{ instance: true }, false],
    ] as const) {
      const layer = batchNorm('2x0e + 1x1o', options);
      expect(layer.apply(trainable(layer).weights, x, { training }).updates).toEqual([]);
    }
  });

  test("parameters and buffers are e3nn's", () => {
    const names = (options: BatchNormOptions) =>
      batchNorm('2x0e + 1x0o + 3x1o', options).parameters.map(
        ({ name, shape, initial, buffer }) => `${name} ${shape} ${initial}${buffer ? ' buffer' : ''}`,
      );
    const buffers = ['running_mean 2 zeros buffer', 'running_var 6 ones buffer'];
    expect(names({})).toEqual(['weight 6 ones', 'bias 2 zeros', ...buffers]);
    expect(names({ includeBias: false })).toEqual(['weight 6 ones', ...buffers]);
    expect(names({ affine: false })).toEqual(buffers);
    expect(names({ instance: true })).toEqual(['weight 6 ones', 'bias 2 zeros']);
    const parameters = new Parameters(batchNorm('0e'));
    expect([...parameters.initial(new Random(1))].filter((v) => v !== 0)).toEqual([1]);
  });

  test('irreps without copies, and rows that all belong nowhere', () => {
    const empty = batchNorm('0x0e');
    const x = tensorInput('x', 2, '0x0e');
    expect(empty.apply(trainable(empty).weights, x, { training: true }).node).toBe(x.node);
    const layer = batchNorm('0e + 1o');
    const { weights, values } = trainable(layer);
    const { node, feeds } = mapOf(new Array(rows).fill(null));
    const out = layer.apply(weights, tensorInput('x', rows, '0e + 1o'), { training: true, samples: node });
    const [value, ...next] = reference([out.node, ...out.updates.map((u) => u.next)], {
      ...feeds,
      parameters: values,
      x: new Random(1).normals(4 * rows),
    });
    expect(value.every((v) => v === 0)).toBe(true);
    expect(next.map((v) => [...v])).toEqual([[0], [0.9, 0.9]]);
  });

  test('refuses what cannot be', () => {
    expect(() => batchNorm('0e', { eps: 0 })).toThrow('batchNorm: eps is 0, but must be positive');
    expect(() => batchNorm('0e', { momentum: 1.5 })).toThrow(
      'batchNorm: momentum is 1.5, but must be from 0 to 1',
    );
    const layer = batchNorm('0e');
    const { weights } = trainable(layer);
    expect(() => layer.apply(weights, tensorInput('x', 3, '1o'), { training: true })).toThrow(
      'batchNorm was made for irreps 1x0e, but its input has 1x1o',
    );
    expect(() =>
      layer.apply(weights, tensorInput('x', 3, '0e'), { training: true, samples: index('graph', 4, 2) }),
    ).toThrow('batchNorm: index "graph" has 4 rows, but the features have 3');
  });
});
