import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { input, inputOp } from '../../src/graph/leaf.ts';
import { type Node, topologicalOrder } from '../../src/graph/node.ts';
import { reference } from '../../src/graph/reference.ts';
import { tensor, tensorInput } from '../../src/nn/tensor.ts';
import { type TensorProductLayer, tensorProductLayer } from '../../src/nn/tensor-product.ts';
import { type TensorProductSpec, tensorProduct } from '../../src/o3/instructions.ts';
import { Layout } from '../../src/o3/layout.ts';
import { Random } from '../../src/o3/random.ts';
import {
  elementwiseTensorProduct,
  fullTensorProduct,
  fullyConnectedTensorProduct,
} from '../../src/o3/tensor-product-rules.ts';
import { tensorSquare } from '../../src/o3/tensor-square.ts';
import { gradient } from '../../src/ops/index.ts';
import { add, filled, multiply } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { directionalError } from '../support/differences.ts';
import { scaledError } from '../support/feeds.ts';
import { denseTensorProduct, layoutOf, rowsOf, trainable } from '../support/layers.ts';
import { runs } from '../support/property.ts';
import { tensorProductSpecs } from '../support/random-product.ts';

const rows = 3;

/** How the weights reach the product. */
type Sharing = 'internal' | 'shared' | 'per sample';

/** Weights in e3nn's order to the columns that the layer wants, padding filled with `gap`. */
function packWeights(layer: TensorProductLayer, weights: ArrayLike<number>, count: number, gap = 0) {
  const { weightNumel } = layer.spec;
  const packed = new Float64Array(count * layer.weightLength).fill(gap);
  for (let r = 0; r < count; r++)
    for (let i = 0; i < weightNumel; i++)
      packed[r * layer.weightLength + layer.weightPositions[i]] = weights[r * weightNumel + i];
  return packed;
}

/** Runs the layer on random numbers and compares every row with the definition. */
function check(
  layer: TensorProductLayer,
  sharing: Sharing,
  seed = 1,
): { out: Node; feeds: Record<string, Float64Array> } {
  const { spec, layoutIn1, layoutIn2, layoutOut } = layer;
  const random = new Random(seed);
  const x = random.normals(rows * spec.irrepsIn1.dim);
  const y = random.normals(rows * spec.irrepsIn2.dim);
  const own = sharing === 'per sample' ? rows : 1;
  const w = random.normals(own * spec.weightNumel);
  const { parameters, weights } = trainable(layer);
  const feeds: Record<string, Float64Array> = { x: layoutIn1.pack(x), y: layoutIn2.pack(y) };
  let given: Parameters<TensorProductLayer['apply']>[0] = null;
  if (spec.weightNumel > 0 && sharing === 'internal') {
    feeds.parameters = parameters.pack({ weight: { shape: [w.length], data: w } });
    given = weights;
  } else if (spec.weightNumel > 0) {
    given = input('w', own, layer.weightLength);
    feeds.w = packWeights(layer, w, own);
  }
  const out = layer.apply(given, tensorInput('x', rows, layoutIn1), tensorInput('y', rows, layoutIn2));
  const [value] = reference([out.node], feeds);
  const actual = rowsOf(layoutOut.unpack(value), spec.irrepsOut.dim, rows);
  const [xs, ys] = [rowsOf(x, spec.irrepsIn1.dim, rows), rowsOf(y, spec.irrepsIn2.dim, rows)];
  actual.forEach((row, r) => {
    const start = own === 1 ? 0 : r * spec.weightNumel;
    const expected = denseTensorProduct(spec, xs[r], ys[r], w.slice(start, start + spec.weightNumel));
    expect(scaledError(row, expected, 1)).toBeLessThan(1e-12);
  });
  // Padding is zero.
  expect(value).toEqual(layoutOut.pack(layoutOut.unpack(value)));
  return { out: out.node, feeds };
}

const layouts = (spec: TensorProductSpec, padded: readonly boolean[]) => ({
  layoutIn1: layoutOf(spec.irrepsIn1, padded[0]),
  layoutIn2: layoutOf(spec.irrepsIn2, padded[1]),
  layoutOut: layoutOf(spec.irrepsOut, padded[2]),
});

describe('a tensor product of random paths', () => {
  const cases = fc.record({
    spec: tensorProductSpecs,
    padded: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    sharing: fc.constantFrom<Sharing>('internal', 'shared', 'per sample'),
    seed: fc.nat({ max: 100 }),
  });

  test('equals its definition: every mode, weights internal, shared and per sample, every layout', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(cases, ({ spec, padded, sharing, seed }) => {
        for (const { connectionMode, hasWeight, pathShape } of spec.instructions)
          if (!pathShape.includes(0)) seen.add(`${connectionMode} ${hasWeight} ${hasWeight ? sharing : ''}`);
        check(tensorProductLayer(spec, layouts(spec, padded)), sharing, seed);
      }),
      runs(600),
    );
    // Six modes may do without weights; all eight may have them, in three ways.
    expect(seen.size).toBe(6 + 8 * 3);
  });

  test('what the padding of the weights holds does not matter, and its gradient is zero', () => {
    fc.assert(
      fc.property(tensorProductSpecs, (spec) => {
        fc.pre(spec.weightNumel > 0);
        const layer = tensorProductLayer(spec, layouts(spec, [true, true, true]));
        const random = new Random(2);
        const feeds = {
          x: layer.layoutIn1.pack(random.normals(rows * spec.irrepsIn1.dim)),
          y: layer.layoutIn2.pack(random.normals(rows * spec.irrepsIn2.dim)),
        };
        const w = input('w', rows, layer.weightLength);
        const out = layer.apply(
          w,
          tensorInput('x', rows, layer.layoutIn1),
          tensorInput('y', rows, layer.layoutIn2),
        );
        const numbers = random.normals(rows * spec.weightNumel);
        // The optimiser never moves a padded weight, since its gradient is zero.
        const [slope] = reference(gradient(sum(multiply(out.node, out.node), 'all'), [w]), {
          ...feeds,
          w: packWeights(layer, numbers, rows),
        });
        const marked = packWeights(layer, numbers.fill(1), rows, Number.NaN);
        slope.forEach((g, i) => {
          if (Number.isNaN(marked[i])) expect(Math.abs(g)).toBe(0);
        });
      }),
      runs(200),
    );
  });

  test('gradients and gradients of gradients equal central differences', () => {
    fc.assert(
      fc.property(cases, ({ spec, padded, sharing }) => {
        const layer = tensorProductLayer(spec, layouts(spec, padded));
        const { out, feeds } = check(layer, sharing);
        const loss = sum(multiply(out, multiply(out, out)), 'all');
        const leaves = topologicalOrder([loss]).filter((node) => node.op === inputOp);
        fc.pre(leaves.length > 0);
        const first = gradient(loss, leaves);
        expect(directionalError(loss, leaves, first, feeds)).toBeLessThan(1e-8);
        const second = first.map((g, i) => sum(multiply(g, first[i]), 'all')).reduce(add);
        expect(directionalError(second, leaves, gradient(second, leaves), feeds)).toBeLessThan(1e-8);
      }),
      runs(40),
    );
  });
});

describe("e3nn's products", () => {
  const cases: Record<string, TensorProductSpec> = {
    'fully connected': fullyConnectedTensorProduct('3x0e + 2x1o', '2x0e + 1x1o + 1x2e', '4x0e + 2x1o + 1x1e'),
    elementwise: elementwiseTensorProduct('3x0e + 2x1o', '2x1o + 3x1e'),
    full: fullTensorProduct('2x0e + 2x1o', '2x1o + 1x2e'),
    'square without weights': tensorSquare('2x0e + 2x1o'),
    'square with weights': tensorSquare('2x0e + 2x1o', '3x0e + 2x2e'),
  };
  for (const [name, spec] of Object.entries(cases))
    test(`${name}: in every layout the same numbers`, () => {
      for (const padded of [
        [false, false, false],
        [true, true, true],
        [true, false, true],
        [false, true, false],
      ])
        check(tensorProductLayer(spec, layouts(spec, padded)), 'internal');
    });
});

describe('the second input 1', () => {
  test('is a linear map, and so it is computed', () => {
    const spec = fullyConnectedTensorProduct('3x0e + 2x1o', '0e', '4x0e + 2x1o');
    const layer = tensorProductLayer(spec);
    const { weights, arrays, values } = trainable(layer);
    const x = new Random(4).normals(rows * 9);
    const y = tensor(filled(rows, 1, 1), layer.layoutIn2);
    const out = layer.apply(weights, tensorInput('x', rows, layer.layoutIn1), y);
    expect(out.node.op.name).toBe('contract');
    expect(out.node.inputs[0].op.name).toBe('input');
    const [value] = reference([out.node], { x: layer.layoutIn1.pack(x), parameters: values });
    rowsOf(layer.layoutOut.unpack(value), 10).forEach((row, r) => {
      const expected = denseTensorProduct(spec, x.slice(9 * r, 9 * r + 9), [1], arrays.weight);
      expect(scaledError(row, expected)).toBeLessThan(1e-13);
    });
  });

  test('any other constant is not taken for it', () => {
    const spec = fullyConnectedTensorProduct('3x0e', '0e', '2x0e');
    const layer = tensorProductLayer(spec);
    const { weights, arrays, values } = trainable(layer);
    for (const factor of [2, 0, -1]) {
      const x = tensorInput('x', 1, layer.layoutIn1);
      const out = layer.apply(weights, x, tensor(filled(1, 1, factor), layer.layoutIn2));
      const [value] = reference([out.node], { x: layer.layoutIn1.pack([1, 2, 3]), parameters: values });
      const expected = denseTensorProduct(spec, [1, 2, 3], [factor], arrays.weight);
      expect(scaledError(layer.layoutOut.unpack(value), expected)).toBeLessThan(1e-13);
    }
  });
});

test('gain multiplies everything', () => {
  const spec = fullyConnectedTensorProduct('2x1o', '1o', '2x0e + 1x1e');
  const [once, twice] = [1, 2].map((gain) => {
    const layer = tensorProductLayer(spec, { gain });
    const { weights, values } = trainable(layer);
    const out = layer.apply(weights, tensorInput('x', 1, '2x1o'), tensorInput('y', 1, '1o'));
    return reference([out.node], { x: [1, 2, 3, 4, 5, 6], y: [3, -1, 2], parameters: values })[0];
  });
  expect(
    scaledError(
      twice,
      once.map((v) => 2 * v),
    ),
  ).toBeLessThan(1e-14);
});

describe('errors', () => {
  const spec = fullyConnectedTensorProduct('2x1o', '1o', '3x0e');
  const layer = tensorProductLayer(spec, { layoutOut: Layout.of(spec.irrepsOut) });
  const [x, y] = [tensorInput('x', 2, '2x1o'), tensorInput('y', 2, '1o')];
  const { weights } = trainable(layer);

  test('other irreps than the layer was made for, for either input', () => {
    expect(() => layer.apply(weights, y, y)).toThrow(
      'tensor product, first input was made for irreps 2x1o, but its input has 1x1o',
    );
    expect(() => layer.apply(weights, x, x)).toThrow(
      'tensor product, second input was made for irreps 1x1o, but its input has 2x1o',
    );
  });

  test('weights of another shape, or none', () => {
    expect(() => layer.apply(null, x, y)).toThrow('weights must be 1x6 or 2x6, got none');
    expect(() => layer.apply(input('w', 3, 6), x, y)).toThrow('weights must be 1x6 or 2x6, got 3x6');
    expect(() => layer.apply(input('w', 2, 5), x, y)).toThrow('weights must be 1x6 or 2x6, got 2x5');
  });

  test('inputs of different numbers of rows', () => {
    expect(() => layer.apply(weights, x, tensorInput('y', 3, '1o'))).toThrow('must be 2x3, got 3x3');
  });

  test('a path that the irreps forbid, and irreps that cannot be read', () => {
    expect(() => tensorProduct('1o', '1o', '0o', [[0, 0, 0, 'uuu', false]])).toThrow(
      'instruction 0 (1x1o * 1x1o -> 1x0o, "uuu"): the parities do not multiply',
    );
    expect(() => tensorProduct('1o', '1o', '3e', [[0, 0, 0, 'uuu', false]])).toThrow(
      'the triangle rule fails',
    );
    expect(() => tensorProduct('2x', '1o', '0e', [])).toThrow('"2x" is not a list of irreps');
  });
});
