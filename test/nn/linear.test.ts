import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { input } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import { type LinearLayerOptions, linear } from '../../src/nn/linear.ts';
import { Weights } from '../../src/nn/parameters.ts';
import { tensorInput } from '../../src/nn/tensor.ts';
import { Irreps } from '../../src/o3/irreps.ts';
import { Layout } from '../../src/o3/layout.ts';
import { Random } from '../../src/o3/random.ts';
import { gradient } from '../../src/ops/index.ts';
import { multiply } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { scaledError } from '../support/feeds.ts';
import { blocksOf, irrepsUpTo, layoutOf, rowsOf, trainable } from '../support/layers.ts';
import { runs } from '../support/property.ts';

/** e3nn's Linear by its definition: out[w] = c sum_u W[u, w] x[u] + b[w] for blocks of equal irreps, c = 1/sqrt(X). */
function dense(
  irrepsIn: Irreps,
  irrepsOut: Irreps,
  x: readonly number[],
  weight: ArrayLike<number>,
  bias: ArrayLike<number> | null,
  pathNormalization: 'element' | 'path',
): number[] {
  const features = blocksOf(irrepsIn, x);
  const pairs = irrepsIn.blocks.flatMap((a, i) =>
    irrepsOut.blocks.flatMap((b, o) => (a.ir.equals(b.ir) ? [[i, o]] : [])),
  );
  const out = blocksOf(irrepsOut, new Float64Array(irrepsOut.dim));
  let at = 0;
  for (const [i, o] of pairs) {
    const [a, b] = [irrepsIn.blocks[i], irrepsOut.blocks[o]];
    const into = pairs.filter((pair) => pair[1] === o).map((pair) => irrepsIn.blocks[pair[0]].mul);
    const terms = pathNormalization === 'path' ? a.mul * into.length : into.reduce((n, mul) => n + mul, 0);
    for (let u = 0; u < a.mul; u++)
      for (let w = 0; w < b.mul; w++, at++)
        for (let k = 0; k < a.ir.dim; k++)
          out[o][w][k] += (weight[at] * features[i][u][k]) / Math.sqrt(terms || 1);
  }
  let next = 0;
  if (bias)
    irrepsOut.blocks.forEach(({ mul, ir }, o) => {
      if (ir.isScalar()) for (let w = 0; w < mul; w++) out[o][w][0] += bias[next++];
    });
  return out.flat(2);
}

/** The layer's output rows, in e3nn's layout. */
function outputs(layer: ReturnType<typeof linear>, x: Float64Array, rows: number) {
  const { weights, values, arrays } = trainable(layer);
  const out = layer.apply(weights, tensorInput('x', rows, layer.layoutIn));
  const [value] = reference([out.node], { x: layer.layoutIn.pack(x), parameters: values });
  return { rows: rowsOf(layer.layoutOut.unpack(value), layer.spec.irrepsOut.dim, rows), arrays };
}

const cases = fc.record({
  irrepsIn: irrepsUpTo(2, 5),
  irrepsOut: irrepsUpTo(2, 5),
  biases: fc.boolean(),
  pathNormalization: fc.constantFrom('element' as const, 'path' as const),
  padIn: fc.boolean(),
  padOut: fc.boolean(),
  seed: fc.nat({ max: 1000 }),
});

describe('linear', () => {
  test('equals its definition, in every memory layout', () => {
    fc.assert(
      fc.property(cases, ({ irrepsIn, irrepsOut, padIn, padOut, seed, ...options }) => {
        const layer = linear(irrepsIn, irrepsOut, {
          ...options,
          layoutIn: layoutOf(irrepsIn, padIn),
          layoutOut: layoutOf(irrepsOut, padOut),
        });
        const x = new Random(seed).normals(3 * irrepsIn.dim);
        const { rows, arrays } = outputs(layer, x, 3);
        rowsOf(x, irrepsIn.dim, 3).forEach((row, r) => {
          const bias = arrays.bias ?? null;
          const expected = dense(irrepsIn, irrepsOut, row, arrays.weight, bias, options.pathNormalization);
          expect(scaledError(rows[r], expected, 1)).toBeLessThan(1e-13);
        });
      }),
      runs(300),
    );
  });

  test('padding is zero, in the output and in the gradient by the weights', () => {
    fc.assert(
      fc.property(irrepsUpTo(1, 7), irrepsUpTo(1, 7), (irrepsIn, irrepsOut) => {
        const layer = linear(irrepsIn, irrepsOut, {
          biases: true,
          layoutIn: layoutOf(irrepsIn, true),
          layoutOut: layoutOf(irrepsOut, true),
        });
        const { weights, values, packed, parameters } = trainable(layer);
        const { layoutIn, layoutOut } = layer;
        const out = layer.apply(weights, tensorInput('x', 2, layoutIn));
        const x = layoutIn.pack(new Random(3).normals(2 * irrepsIn.dim));
        const [value, slope] = reference(
          [out.node, ...gradient(sum(multiply(out.node, out.node), 'all'), [packed])],
          {
            x,
            parameters: values,
          },
        );
        expect(value).toEqual(layoutOut.pack(layoutOut.unpack(value)));
        expect(slope).toEqual(parameters.pack(parameters.unpack(slope)));
      }),
      runs(100),
    );
  });

  test('instructions choose which blocks meet', () => {
    const options: LinearLayerOptions = { instructions: [[1, 0]] };
    const layer = linear('2x0e + 3x0e', '2x0e + 1x0e', options);
    const { rows, arrays } = outputs(layer, Float64Array.of(9, 9, 1, 2, 3), 1);
    const w = arrays.weight;
    const expected = [0, 1].map((k) => (w[k] + 2 * w[2 + k] + 3 * w[4 + k]) / Math.sqrt(3));
    expect(scaledError(rows[0], [...expected, 0])).toBeLessThan(1e-14);
  });

  test('weights of as many rows as x are per sample', () => {
    const layer = linear('3x0e + 2x1o', '2x0e + 1x1o');
    const rows = 4;
    const random = new Random(1);
    const x = random.normals(rows * 9);
    const weight = random.normals(rows * 8);
    const weights = new Weights(new Map([['weight', input('w', rows, 8)]]));
    const out = layer.apply(weights, tensorInput('x', rows, layer.layoutIn));
    const [value] = reference([out.node], { x: layer.layoutIn.pack(x), w: weight });
    const actual = rowsOf(layer.layoutOut.unpack(value), 5);
    rowsOf(x, 9).forEach((row, r) => {
      const own = weight.slice(8 * r, 8 * r + 8);
      const expected = dense(Irreps.parse('3x0e + 2x1o'), layer.spec.irrepsOut, row, own, null, 'element');
      expect(scaledError(actual[r], expected)).toBeLessThan(1e-13);
    });
  });

  test('with fIn and fOut a row holds several features', () => {
    const [fIn, fOut] = [2, 3];
    const layer = linear('2x0e + 1x1o', '2x0e + 1x1o', { fIn, fOut, biases: true });
    const { weights, values, arrays } = trainable(layer);
    const { layoutIn, layoutOut } = layer;
    const rows = 2;
    const node = input('x', rows, fIn * layoutIn.cols);
    const out = layer.apply(weights, { node, layout: layoutIn });
    const x = new Random(5).normals(rows * fIn * 5);
    const [value] = reference([out.node], { x: layoutIn.pack(x), parameters: values });
    const features = rowsOf(layoutOut.unpack(value), 5);
    const irreps = layer.spec.irrepsIn;
    for (let r = 0; r < rows; r++)
      for (let o = 0; o < fOut; o++) {
        const expected = new Array(5).fill(0);
        for (let i = 0; i < fIn; i++) {
          const start = (r * fIn + i) * 5;
          const own = arrays.weight.slice((i * fOut + o) * 5, (i * fOut + o) * 5 + 5);
          const part = dense(irreps, irreps, Array.from(x.slice(start, start + 5)), own, null, 'element');
          part.forEach((v, k) => {
            expected[k] += v / Math.sqrt(fIn);
          });
        }
        for (const k of [0, 1]) expected[k] += arrays.bias[o * 2 + k];
        expect(scaledError(features[r * fOut + o], expected)).toBeLessThan(1e-13);
      }
  });

  test('without a path the output is zero', () => {
    const layer = linear('2x0e', '2x1o');
    expect(layer.parameters[0].shape).toEqual([0]);
    expect(outputs(layer, Float64Array.of(1, 2), 1).rows).toEqual([[0, 0, 0, 0, 0, 0]]);
  });

  test('initial values: weights normal, biases zero', () => {
    const layer = linear('64x0e', '64x0e', { biases: true });
    const { parameters } = trainable(layer);
    const { weight, bias } = parameters.unpack(parameters.initial(new Random(1)));
    expect([...bias.data].every((v) => v === 0)).toBe(true);
    const variance = weight.data.reduce((s, v) => s + v * v, 0) / weight.data.length;
    expect(Math.abs(variance - 1)).toBeLessThan(0.1);
  });
});

describe('errors', () => {
  const x = tensorInput('x', 2, Layout.of('4x0e + 2x1o'));
  test('other irreps than the layer was made for', () => {
    const layer = linear('4x0e + 2x1e', '4x0e');
    expect(() => layer.apply(trainable(layer).weights, x)).toThrow(
      'linear was made for irreps 4x0e+2x1e, but its input has 4x0e+2x1o',
    );
  });
  test('the same irreps padded otherwise are moved', () => {
    const layer = linear('4x0e + 2x1o', '4x0e', { layoutIn: Layout.of('4x0e + 2x1o', 4) });
    const { weights, values } = trainable(layer);
    const numbers = new Random(3).normals(10 * x.node.rows);
    const [padded, moved] = [layer.layoutIn, x.layout].map((layout) => {
      const out = layer.apply(weights, tensorInput('x', x.node.rows, layout));
      return reference([out.node], { x: layout.pack(numbers), parameters: values })[0];
    });
    expect(Array.from(moved)).toEqual(Array.from(padded));
  });
  test('irreps that cannot be read, blocks that do not match', () => {
    expect(() => linear('4x0z', '0e')).toThrow('"4x0z" is not a list of irreps');
    expect(() => linear('4x0e', '1o', { instructions: [[0, 0]] })).toThrow('maps 0e to 1o');
    expect(() => linear('1o', '1o', { biases: [true] })).toThrow('would not be equivariant');
    expect(() => linear('1o', '1o', { fIn: 2 })).toThrow('give both or neither');
  });
  test('weights that are not there', () => {
    const layer = linear('4x0e + 2x1o', '4x0e');
    expect(() => layer.apply(new Weights(new Map()), x)).toThrow('there are no weights named "weight"');
  });
});
