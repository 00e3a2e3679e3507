import { describe, expect, test } from 'vitest';
import { index, packIndexMap } from '../../src/graph/index-map.ts';
import { input } from '../../src/graph/leaf.ts';
import type { Node } from '../../src/graph/node.ts';
import { reference } from '../../src/graph/reference.ts';
import { activation, normalize2mom } from '../../src/nn/activation.ts';
import { convolution } from '../../src/nn/convolution.ts';
import {
  type ArrayModel,
  assertEquivariant,
  type Behaviour,
  type EquivarianceOptions,
  equivarianceErrors,
} from '../../src/nn/equivariance.ts';
import { gate } from '../../src/nn/gate.ts';
import { linear } from '../../src/nn/linear.ts';
import { softOneHotLinspace } from '../../src/nn/radial.ts';
import { norm, sphericalHarmonics } from '../../src/nn/spherical-harmonics.ts';
import { type GeometricTensor, tensorInput } from '../../src/nn/tensor.ts';
import { tensorProductLayer } from '../../src/nn/tensor-product.ts';
import { type ConnectionMode, tensorProduct } from '../../src/o3/instructions.ts';
import { Irreps } from '../../src/o3/irreps.ts';
import { Layout } from '../../src/o3/layout.ts';
import { fullyConnectedTensorProduct } from '../../src/o3/tensor-product-rules.ts';
import { gradient } from '../../src/ops/index.ts';
import { map } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { trainable } from '../support/layers.ts';

const tolerance = 1e-9;
const rows = 4;

/** A layer's graph on arrays: inputs and output in e3nn's layout, other leaves fed as given. */
function arrays(inputs: readonly GeometricTensor[], output: GeometricTensor, feeds: object = {}): ArrayModel {
  return (...values) => {
    const named = inputs.map(({ node, layout }, i) => [node.attrs.name, layout.pack(values[i])]);
    const [value] = reference([output.node], { ...Object.fromEntries(named), ...feeds });
    return output.layout.unpack(value);
  };
}

/** Checks every symmetry of a layer; the irreps are those of its inputs and output. */
function check(
  inputs: readonly GeometricTensor[],
  output: GeometricTensor,
  feeds: object = {},
  options: EquivarianceOptions = {},
) {
  return assertEquivariant(
    arrays(inputs, output, feeds),
    inputs.map(({ layout }) => layout.irreps),
    output.layout.irreps,
    { rows, tolerance, ...options },
  );
}

describe('layers', () => {
  for (const padded of [false, true]) {
    const align = padded ? 4 : 1;
    const irreps = '5x0e + 3x0o + 3x1o + 2x1e + 1x2e + 1x3o';
    const x = tensorInput('x', rows, Layout.of(irreps, align));

    test(`linear, ${padded ? '' : 'un'}padded`, async () => {
      const layer = linear(irreps, '4x0e + 2x1o + 3x1e + 2x2e', {
        biases: true,
        layoutIn: x.layout,
        layoutOut: Layout.of('4x0e + 2x1o + 3x1e + 2x2e', align),
      });
      const { weights, values } = trainable(layer);
      await check([x], layer.apply(weights, x), { parameters: values });
    });

    test(`fully connected tensor product, ${padded ? '' : 'un'}padded`, async () => {
      const y = tensorInput('y', rows, Layout.of('2x0e + 1x1o + 1x2e', align));
      const spec = fullyConnectedTensorProduct(irreps, y.layout.irreps, '3x0e + 2x0o + 2x1o + 2x1e + 1x2o');
      const layer = tensorProductLayer(spec, { layoutIn1: x.layout, layoutIn2: y.layout });
      const { weights, values } = trainable(layer);
      await check([x, y], layer.apply(weights, x, y), { parameters: values });
    });
  }

  const modes: [ConnectionMode, number][] = [
    ['uvw', 5],
    ['uvu', 3],
    ['uvv', 3],
    ['uuw', 2],
    ['uuu', 3],
    ['uvuv', 9],
    ['uvu<v', 3],
    ['u<vw', 4],
  ];
  for (const [mode, mul] of modes)
    test(`tensor product, mode ${mode}`, async () => {
      const out = `${mul}x1o + ${mul}x2o + ${mul}x3o`;
      const layer = tensorProductLayer(
        tensorProduct(
          '3x1o',
          '3x2e',
          out,
          [0, 1, 2].map((k) => [0, 0, k, mode, true]),
        ),
      );
      const { weights, values } = trainable(layer);
      const [x, y] = [tensorInput('x', rows, layer.layoutIn1), tensorInput('y', rows, layer.layoutIn2)];
      await check([x, y], layer.apply(weights, x, y), { parameters: values });
    });

  test('gate and activation', async () => {
    const layer = gate('3x0e + 2x0o', ['silu', 'tanh'], '2x0e + 3x0o', ['sigmoid', 'tanh'], '2x1o + 3x2e');
    const x = tensorInput('x', rows, layer.layoutIn);
    await check([x], layer.apply(x));
    const scalars = activation('3x0e + 2x0o + 2x0o + 2x1o', ['silu', 'tanh', 'abs', null]);
    const y = tensorInput('y', rows, Layout.of('3x0e + 2x0o + 2x0o + 2x1o'));
    await check([y], scalars.apply(y));
  });

  test('spherical harmonics, of vectors and of pseudovectors', async () => {
    for (const [from, degrees] of [
      ['1o', '0e + 1o + 2e + 3o + 4e'],
      ['1e', '0e + 1e + 2e + 3e'],
    ])
      for (const normalize of [true, false]) {
        const x = tensorInput('x', rows, from);
        await check([x], sphericalHarmonics(degrees, x.node, { normalize }));
      }
  });

  test('radial basis of the length', async () => {
    const x = tensorInput('x', rows, '1o');
    const options = { start: 0, end: 3, number: 4, basis: 'smooth_finite', cutoff: true } as const;
    await check([x], { node: softOneHotLinspace(norm(x.node), options), layout: Layout.of('4x0e') });
  });

  test('convolution on a fixed graph', async () => {
    const conv = convolution({
      irrepsNodeInput: '3x0e + 2x1o',
      irrepsNodeAttr: '1x0e + 1x1o',
      irrepsEdgeAttr: '0e + 1o + 2e',
      irrepsNodeOutput: '2x0e + 1x0o + 2x1o + 1x1e',
      fcNeurons: [3, 4],
      numNeighbors: 2,
    });
    const { weights, values } = trainable(conv);
    // As many edges as nodes: a ring.
    const inputs = [
      tensorInput('x', rows, conv.layoutIn),
      tensorInput('attr', rows, Layout.of('1x0e + 1x1o')),
      tensorInput('edgeAttr', rows, Layout.of('0e + 1o + 2e')),
      tensorInput('scalars', rows, Layout.of('3x0e')),
    ];
    const edges = { src: index('src', rows, rows), dst: index('dst', rows, rows) };
    const out = conv.apply(weights, inputs[0], inputs[1], edges, inputs[2], inputs[3].node);
    const feeds = {
      parameters: values,
      src: packIndexMap([0, 1, 2, 3], rows, rows),
      dst: packIndexMap([1, 2, 3, 0], rows, rows),
    };
    await check(inputs, out, feeds, { permutation: false });
  });

  test('the gradient of an invariant is equivariant: forces turn with the points', async () => {
    const x = tensorInput('x', rows, Layout.of('2x1o'));
    const product = tensorProductLayer(fullyConnectedTensorProduct('2x1o', '2x1o', '1x0e'));
    const { weights, values } = trainable(product);
    const e = sum(product.apply(weights, x, x).node, 'all');
    const [force] = gradient(e, [x.node]);
    await check([x], { node: force, layout: x.layout }, { parameters: values });
  });
});

describe('a broken model is caught', () => {
  const caught = (
    model: ArrayModel,
    irrepsIn: Behaviour | Behaviour[],
    irrepsOut: Behaviour,
    symmetries: string[],
    options: EquivarianceOptions = {},
  ) =>
    expect(assertEquivariant(model, irrepsIn, irrepsOut, { rows, tolerance, ...options })).rejects.toThrow(
      new RegExp(
        `the model is not equivariant under ${symmetries.map((s) => `${s} \\(error \\d\\.\\d\\de[+-]\\d+\\)`).join(', ')}; allowed is 1e-9`,
      ),
    );
  const onNode = (node: Node, out: string): ArrayModel =>
    arrays([tensorInput('x', rows, '1o')], { node, layout: Layout.of(out) });
  const x = input('x', rows, 3);

  test('relu on the components of a vector', async () => {
    await caught(onNode(map(normalize2mom('relu'), x), '1o'), '1o', '1o', ['rotation', 'inversion']);
  });
  test('an odd function on the components of a vector', async () => {
    await caught(onNode(map(normalize2mom('tanh'), x), '1o'), '1o', '1o', ['rotation']);
  });
  test('a vector that is said to be a pseudovector', async () => {
    await caught((v) => v, '1o', '1e', ['inversion']);
  });
  test('components in another order', async () => {
    const turned: ArrayModel = (v) => v.map((_, i) => v[3 * Math.floor(i / 3) + ((i + 1) % 3)]);
    await caught(turned, '1o', '1o', ['rotation']);
  });
  test('features that should not depend on where the points are', async () => {
    const squares: ArrayModel = (p) =>
      Array.from({ length: rows }, (_, r) => p[3 * r] ** 2 + p[3 * r + 1] ** 2 + p[3 * r + 2] ** 2);
    await caught(squares, 'cartesian_points', '0e', ['translation']);
  });
  test('rows that are treated differently', async () => {
    await caught((v) => v.map((one, i) => (i < 3 ? 2 * one : one)), '1o', '1o', ['permutation']);
  });
  test('a value that is not a number', async () => {
    const message = 'not equivariant under rotation (error NaN)';
    await expect(assertEquivariant((v) => v.map(() => Number.NaN), '1o', '1o')).rejects.toThrow(message);
  });
});

describe('what it measures', () => {
  test('nothing, for a model that is equivariant', async () => {
    const errors = await equivarianceErrors((v) => v.map((one) => 2 * one), '2x1o', '2x1o');
    expect(Object.values(errors).every((error) => error < 1e-14)).toBe(true);
  });
  test('points move, turn and are inverted about the origin', async () => {
    const centred: ArrayModel = (p) => {
      const centre = [0, 1, 2].map((c) => (p[c] + p[3 + c] + p[6 + c] + p[9 + c]) / 4);
      return [Array.from(p, (v, i) => v - centre[i % 3]), p];
    };
    await assertEquivariant(
      centred,
      'cartesian_points',
      ['4x1o', 'cartesian_points'].map((k, i) => (i ? k : '1o')),
      {
        tolerance,
      },
    );
  });
  test('outputs summed over the rows do not change when rows are permuted', async () => {
    const total: ArrayModel = (v) => [0, 1, 2].map((c) => v[c] + v[3 + c] + v[6 + c] + v[9 + c]);
    await assertEquivariant(total, '1o', '1o', { permutation: 'none', tolerance });
  });
  test('the errors of one seed are the same', async () => {
    const broken: ArrayModel = (v) => v.map((one) => one * one);
    const measure = () => equivarianceErrors(broken, '1o', '1o', { seed: 3 });
    expect(await measure()).toEqual(await measure());
  });
  test('a model with another number of outputs is refused, and rows that do not match', async () => {
    await expect(assertEquivariant((v) => [v, v], '1o', '1o')).rejects.toThrow(
      'gave 2 outputs, but 1 were described',
    );
    await expect(
      assertEquivariant((v) => v, ['1o', '0e'], '1o', { inputs: [new Float64Array(6), new Float64Array(3)] }),
    ).rejects.toThrow('inputs have different numbers of rows');
  });
  test('a small output is compared with itself, or refused', async () => {
    // Not equivariant at all, but small.
    const small: ArrayModel = (v) => v.map((one) => 1e-6 * one * one);
    await expect(assertEquivariant(small, '1o', '1o')).rejects.toThrow(
      /no entry of the outputs is larger than \d\.\d\de-6, so differences up to 0\.0001 say nothing; pass scale: 'relative'/,
    );
    await expect(assertEquivariant(small, '1o', '1o', { tolerance: 1e-9 })).rejects.toThrow(
      'not equivariant',
    );
    await expect(assertEquivariant(small, '1o', '1o', { scale: 'relative' })).rejects.toThrow(
      'not equivariant under rotation',
    );
    const right: ArrayModel = (v) => v.map((one) => 1e-6 * one);
    await assertEquivariant(right, '1o', '1o', { scale: 'relative' });
    await assertEquivariant(right, '1o', '1o', { tolerance: 1e-12 });
    // Each output by itself: a large one beside it hides nothing.
    const both: ArrayModel = (v) => [v, v.map((one) => 1e-6 * one * one)];
    await assertEquivariant(both, '1o', ['1o', '1o']);
    await expect(assertEquivariant(both, '1o', ['1o', '1o'], { scale: 'relative' })).rejects.toThrow(
      'not equivariant',
    );
    // Nothing at all is equivariant.
    await assertEquivariant((v) => v.map(() => 0), '1o', '1o', { scale: 'relative' });
  });
  test('lengths that fit no rows are said to be so', async () => {
    const same: ArrayModel = (v) => v;
    await expect(assertEquivariant(same, '1o', '1o', { inputs: [[1, 2, 3, 4]] })).rejects.toThrow(
      'equivariance: input 0 has 4 numbers, which are no rows of 3 (1o)',
    );
    await expect(assertEquivariant(same, '1o', '1e + 0e', { inputs: [[1, 2, 3]] })).rejects.toThrow(
      'output 0 has 3 numbers, which are no rows of 4 (1e + 0e)',
    );
    await expect(assertEquivariant(same, ['1o', '1o'], '1o', { inputs: [[1, 2, 3]] })).rejects.toThrow(
      '2 inputs were described, but inputs has 1',
    );
    await expect(assertEquivariant(same, ['1o', '1o'], '1o', { rows: [1, 1, 1] })).rejects.toThrow(
      'rows has 3',
    );
    const total: ArrayModel = (v) => [v[0] + v[3], v[1] + v[4], v[2] + v[5]];
    await expect(assertEquivariant(total, '1o', '1o', { rows: 2 })).rejects.toThrow(
      "output 0 has 1 rows and the inputs 2, so a permutation of the inputs is none of the output; pass permutation: 'none'",
    );
    let calls = 0;
    const changing: ArrayModel = (v) => (calls++ ? v : [...v, 0, 0, 0]);
    await expect(assertEquivariant(changing, '1o', '1o', { permutation: false })).rejects.toThrow(
      'output 0 has 15 numbers, but 12 after inversion of the inputs',
    );
  });
  test('irreps may be given as Irreps', async () => {
    const irreps = Irreps.parse('2x0e + 1o');
    await assertEquivariant((v) => v, irreps, irreps, { tolerance });
  });
});
