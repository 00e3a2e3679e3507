import { describe, expect, test } from 'vitest';
import { arrayModel, assertEquivariantModel } from '../../src/checks/array-model.ts';
import { radiusGraph } from '../../src/data/radius-graph.ts';
import { input } from '../../src/graph/leaf.ts';
import { normalize2mom } from '../../src/nn/activation.ts';
import { linear } from '../../src/nn/linear.ts';
import { tensor, tensorInput } from '../../src/nn/tensor.ts';
import { Layout } from '../../src/o3/layout.ts';
import { Random } from '../../src/o3/random.ts';
import { gradient } from '../../src/ops/index.ts';
import { map, multiply, subtract } from '../../src/ops/map.ts';
import { broadcast, sum } from '../../src/ops/sum.ts';
import { trainable } from '../support/layers.ts';
import { build, cloud, smallNetwork } from '../support/models.ts';

const tolerance = 1e-9;
const rows = 4;

describe('a graph as a function of arrays', () => {
  test('arrays are in the order of e3nn, whatever the layout inside', async () => {
    const irreps = '3x0e + 3x1o';
    const layer = linear(irreps, irreps, { layoutIn: Layout.of(irreps, 4), layoutOut: Layout.of(irreps, 4) });
    const { weights, values } = trainable(layer);
    const x = tensorInput('x', rows, layer.layoutIn);
    const outputs = [layer.apply(weights, x)];
    const { model, irrepsIn, irrepsOut } = await arrayModel(null, {
      inputs: [x],
      outputs,
      feeds: { parameters: values },
    });
    expect([irrepsIn, irrepsOut].map(String)).toEqual(['3x0e+3x1o', '3x0e+3x1o']);
    const [y] = (await model(new Random(1).normals(rows * 12))) as ArrayLike<number>[];
    expect(y.length).toBe(rows * 12);
  });
  test('a value of several columns needs a layout', async () => {
    const x = input('x', 2, 5);
    const outputs = [tensor(x, Layout.of('5x0e'))];
    await expect(arrayModel(null, { inputs: [x], outputs })).rejects.toThrow(
      'an input of 2x5 is given without a layout',
    );
  });
});

describe('a model that is equivariant passes', () => {
  test('a network with edges that follow the points: every symmetry of point clouds', async () => {
    const nodes = 5;
    const built = build(smallNetwork(), nodes);
    const features = built.irrepsIn!.dim;
    const errors = await assertEquivariantModel(
      null,
      {
        inputs: [built.graph.pos, built.x!],
        outputs: [built.output],
        feeds: (pos, x) => built.feeds(pos, x),
      },
      { tolerance, inputs: [cloud(nodes), new Random(4).normals(nodes * features)] },
    );
    for (const error of Object.values(errors)) {
      expect(error).toBeGreaterThan(0);
      expect(error).toBeLessThan(tolerance);
    }
  });
  test('its forces turn with the points and do not move with them', async () => {
    const built = build(smallNetwork({ irrepsIn: '0e', irrepsOut: '0e' }), rows);
    const [force] = gradient(built.output.node, [built.graph.pos]);
    const feeds = (pos: Float64Array) => built.feeds(pos, new Float64Array(rows).fill(1));
    const outputs = [tensor(force, Layout.of('1o'))];
    await assertEquivariantModel(null, { inputs: [built.graph.pos], outputs, feeds }, { tolerance });
  });
  test('with fixed edges permutations are not tried', async () => {
    const built = build(smallNetwork({ irrepsIn: '0e' }), rows);
    const pos = cloud(rows);
    expect(radiusGraph(pos, 2).src.length).toBeGreaterThan(2);
    const feeds = built.feeds(pos, new Float64Array(rows).fill(1));
    const graph = { inputs: [built.graph.pos], outputs: [built.output], feeds };
    const errors = await assertEquivariantModel(null, graph, { tolerance, inputs: [pos] });
    expect(errors.permutation).toBe(0);
    expect(errors.translation).toBeGreaterThan(0);
  });
});

describe('a broken model is caught', () => {
  const pos = input('pos', rows, 3);
  const vectors = (node = pos) => tensor(node, Layout.of('1o'));
  test('an activation on the components', async () => {
    const x = tensorInput('x', rows, '1o');
    const broken = tensor(map(normalize2mom('tanh'), x.node), x.layout);
    await expect(assertEquivariantModel(null, { inputs: [x], outputs: [broken] })).rejects.toThrow(
      /^the model is not equivariant under rotation \(error \d\.\d\de-\d\); allowed is 0.0001\. Inputs: 1x1o; outputs: 1x1o$/,
    );
  });
  test('positions that should not matter', async () => {
    await expect(assertEquivariantModel(null, { inputs: [pos], outputs: [vectors()] })).rejects.toThrow(
      'not equivariant under translation',
    );
    const centred = vectors(
      subtract(pos, broadcast(map(normalize2mom('identity'), sum(pos, 'rows')), rows, 3)),
    );
    await expect(assertEquivariantModel(null, { inputs: [pos], outputs: [centred] })).rejects.toThrow(
      'not equivariant under translation',
    );
  });
  test('rows in an order', async () => {
    const weights = input('weights', rows, 3);
    const outputs = [vectors(multiply(pos, weights))];
    const feeds = { weights: Float64Array.from({ length: 3 * rows }, (_, i) => Math.floor(i / 3)) };
    const graph = { inputs: [tensor(pos, Layout.of('1o'))], outputs, feeds };
    await expect(assertEquivariantModel(null, graph)).rejects.toThrow('not equivariant under permutation');
  });
});
