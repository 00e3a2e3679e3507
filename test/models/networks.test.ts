import { describe, expect, test } from 'vitest';
import { tetrisShapes } from '../../src/data/tetris.ts';
import { reference } from '../../src/graph/reference.ts';
import { simpleNetwork } from '../../src/models/gate-points-networks.ts';
import { messagePassing } from '../../src/models/message-passing.ts';
import { pointGraph, pointGraphFeeds } from '../../src/models/point-graph.ts';
import { tetrisGate } from '../../src/models/tetris-gate.ts';
import { tetrisPolynomial } from '../../src/models/tetris-polynomial.ts';
import { type ArrayModel, assertEquivariant } from '../../src/nn/equivariance.ts';
import { Parameters as ModelParameters } from '../../src/nn/parameters.ts';
import { Random } from '../../src/o3/random.ts';
import { gradient } from '../../src/ops/index.ts';
import { add, multiply } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { directionalError } from '../support/differences.ts';
import { scaledError } from '../support/feeds.ts';
import {
  attributeNetwork,
  build,
  cloud,
  type PointNetwork,
  smallGate,
  smallNetwork,
  smallPolynomial,
} from '../support/models.ts';

const models: Record<string, () => PointNetwork> = {
  SimpleNetwork: () => smallNetwork(),
  'SimpleNetwork without pooling': () => smallNetwork({ poolNodes: false }),
  NetworkForAGraphWithAttributes: () => attributeNetwork(),
  'tetris gate': () => smallGate(),
  'tetris polynomial': () => smallPolynomial(),
};
const nodes = 5;

describe("e3nn's defaults have e3nn's numbers of parameters", () => {
  const options = { irrepsIn: '0e', irrepsOut: '0o + 6x0e', maxRadius: 1.5, numNeighbors: 2, numNodes: 4 };
  test('SimpleNetwork: 486,552', () => {
    const network = simpleNetwork(options);
    expect(new ModelParameters(network).count).toBe(486_552);
    expect(network.irrepsNodeSequence.map(String)).toEqual([
      '1x0e',
      '50x0e+50x1o+50x2e',
      '50x0e+50x1o+50x1e+50x2o+50x2e',
      '50x0o+50x0e+50x1o+50x1e+50x2o+50x2e',
      '1x0o+6x0e',
    ]);
  });
  test('the gate example: 148,992', () => {
    expect(new ModelParameters(tetrisGate()).count).toBe(148_992);
  });
  test('the polynomial example: 1,312', () => {
    expect(new ModelParameters(tetrisPolynomial()).count).toBe(1_312);
  });
});

describe.each(Object.entries(models))('%s', (name, make) => {
  const network = make();
  const { output, feeds, graph, x, packed, irrepsIn, within } = build(network, nodes);
  const pooled = output.node.rows === 1;

  test('rotation, inversion, translation and permutation of the points', async () => {
    const model: ArrayModel = (pos, features) => {
      const [value] = reference([output.node], feeds(pos, features));
      return output.layout.unpack(value);
    };
    const kinds = irrepsIn ? (['cartesian_points', irrepsIn] as const) : (['cartesian_points'] as const);
    const random = new Random(7);
    const inputs = irrepsIn ? [cloud(nodes), random.normals(nodes * irrepsIn.dim)] : [cloud(nodes)];
    await assertEquivariant(model, kinds, output.layout.irreps, {
      inputs,
      permutation: pooled ? 'none' : 'rows',
      tolerance: 1e-9,
    });
    // It is no constant.
    const [a, b] = [1, 2].map((seed) => model(cloud(nodes, seed), ...inputs.slice(1)));
    expect(a).not.toEqual(b);
  });

  test('gradients by positions, features and parameters equal central differences; so do second ones', () => {
    const values = feeds(cloud(nodes), irrepsIn ? new Random(7).normals(nodes * irrepsIn.dim) : undefined);
    const loss = sum(multiply(output.node, output.node), 'all');
    const wrt = x ? [graph.pos, packed, x.node] : [graph.pos, packed];
    const first = gradient(loss, wrt);
    expect(directionalError(loss, wrt, first, values, { within })).toBeLessThan(1e-8);
    const forces = sum(multiply(first[0], first[0]), 'all');
    expect(directionalError(forces, wrt, gradient(forces, wrt), values, { within, h: 1e-5 })).toBeLessThan(
      1e-6,
    );
  });

  test('graphs in one batch do not see each other', () => {
    const two = build(network, 2 * nodes, 2);
    const [a, b] = [cloud(nodes, 1), cloud(nodes, 2)];
    const random = new Random(7);
    const [u, v] = [0, 1].map(() => (irrepsIn ? random.normals(nodes * irrepsIn.dim) : undefined));
    const both = (p?: Float64Array, q?: Float64Array) => (p && q ? [...p, ...q] : undefined);
    const [together] = reference([two.output.node], two.feeds(both(a, b)!, both(u, v)));
    const alone = [feeds(a, u), feeds(b, v)].flatMap((f) => [...reference([output.node], f)[0]]);
    expect(scaledError(together, alone)).toBeLessThan(1e-12);
  });

  test('all points in one place: value and gradient are finite', () => {
    const values = feeds(
      new Float64Array(3 * nodes),
      irrepsIn ? new Float64Array(nodes * irrepsIn.dim).fill(1) : undefined,
    );
    const loss = sum(output.node, 'all');
    const forces = gradient(loss, [graph.pos]);
    const second = gradient(sum(add(forces[0], multiply(forces[0], forces[0])), 'all'), [graph.pos, packed]);
    for (const value of reference([output.node, ...forces, ...second], values))
      expect(value.every(Number.isFinite), name).toBe(true);
  });

  test('a node alone and no edges at all', () => {
    const far = Float64Array.from({ length: 3 * nodes }, (_, i) => 100 * i);
    const values = feeds(far, irrepsIn ? new Random(1).normals(nodes * irrepsIn.dim) : undefined);
    const [value] = reference([output.node], values);
    expect(value.every(Number.isFinite)).toBe(true);
  });
});

describe('other sizes', () => {
  const cases: NonNullable<Parameters<typeof smallNetwork>[0]>[] = [
    { mul: 1, lmax: 0, layers: 1 },
    { mul: 3, lmax: 1, layers: 2 },
    { mul: 7, lmax: 2, layers: 1 },
    { mul: 1, lmax: 3, layers: 3 },
    { mul: 5, lmax: 1, layers: 3, numberOfBasis: 1, fcHidden: 1 },
    { mul: 3, lmax: 2, layers: 0 },
  ];
  for (const options of cases)
    test(JSON.stringify(options), async () => {
      const { output, feeds, graph, packed, irrepsIn } = build(smallNetwork(options), nodes);
      const features = new Random(7).normals(nodes * irrepsIn!.dim);
      const model: ArrayModel = (pos, x) => output.layout.unpack(reference([output.node], feeds(pos, x))[0]);
      await assertEquivariant(model, ['cartesian_points', irrepsIn], output.layout.irreps, {
        inputs: [cloud(nodes), features],
        permutation: 'none',
        trials: 1,
        tolerance: 1e-9,
      });
      const loss = sum(multiply(output.node, output.node), 'all');
      const wrt = [graph.pos, packed];
      expect(directionalError(loss, wrt, gradient(loss, wrt), feeds(cloud(nodes), features))).toBeLessThan(
        1e-8,
      );
    });
});

describe('outputs have no padding, so that any loss trains the same parameters as in e3nn', () => {
  const irrepsOut = '5x0e + 3x1o';
  const cases: Record<string, PointNetwork> = {
    SimpleNetwork: smallNetwork({ irrepsOut, mul: 4 }),
    'SimpleNetwork without layers': smallNetwork({ irrepsOut, layers: 0 }),
    'tetris gate': smallGate({ irrepsOut }),
    'tetris polynomial': smallPolynomial({ irrepsOut }),
  };
  for (const [name, network] of Object.entries(cases))
    test(name, () => {
      const { output, packed, feeds, irrepsIn, within } = build(network, nodes);
      expect([output.node.cols, output.layout.cols]).toEqual([14, 14]);
      // The sum has a gradient at every column, also where the value is zero.
      const values = feeds(cloud(nodes), irrepsIn ? new Random(7).normals(nodes * irrepsIn.dim) : undefined);
      const [slope] = reference(gradient(sum(output.node, 'all'), [packed]), values);
      const padding = slope.filter((_, i) => within.parameters[i] === 0);
      expect(padding.every((v) => v === 0)).toBe(true);
    });
});

test('chirality: mirror images differ in the odd output alone', () => {
  const network = smallNetwork({ irrepsIn: '0e', irrepsOut: '0o + 6x0e', maxRadius: 1.5 });
  const { output, feeds } = build(network, 4);
  const [left, right] = [0, 1].map(
    (s) => reference([output.node], feeds(tetrisShapes[s].points, [1, 1, 1, 1]))[0],
  );
  expect(Math.abs(left[0])).toBeGreaterThan(1e-6);
  expect(scaledError(right, [-left[0], ...left.slice(1)])).toBeLessThan(1e-12);
});

test('irreps that no path can reach are left out of the hidden features', () => {
  const { irrepsNodeSequence } = messagePassing({
    irrepsNodeInput: '0e',
    irrepsNodeHidden: '4x0e + 4x0o + 4x1e + 4x1o',
    irrepsNodeOutput: '0e',
    irrepsNodeAttr: '0e',
    irrepsEdgeAttr: '0e + 1o',
    layers: 2,
    fcNeurons: [2, 3],
    numNeighbors: 2,
  });
  expect(irrepsNodeSequence.map(String)).toEqual(['1x0e', '4x0e+4x1o', '4x0e+4x1e+4x1o', '1x0e']);
});

describe('errors', () => {
  test('hidden irreps that nothing can gate', () => {
    expect(() =>
      messagePassing({
        irrepsNodeInput: '2e',
        irrepsNodeHidden: '4x2e',
        irrepsNodeOutput: '2e',
        irrepsNodeAttr: '0e',
        irrepsEdgeAttr: '1e',
        layers: 1,
        fcNeurons: [2, 3],
        numNeighbors: 2,
      }),
    ).toThrow('layer 0: 1x2e with 1x1e gives no scalars, so nothing can gate 4x2e');
  });

  test('a point graph of another size, positions that are not finite, edges out of range', () => {
    const size = { nodes: 2, edges: 2, graphs: 1 };
    const edges = { src: Uint32Array.of(0, 1), dst: Uint32Array.of(1, 0) };
    const two = [0, 0, 0, 0, 0, 1];
    expect(pointGraph(size).edges.src.attrs).toEqual({ name: 'edge_src', capacity: 2, segments: 2 });
    expect(() => pointGraphFeeds(size, [0, 0, 0], edges, [0])).toThrow('made for 2 nodes, got 3 coordinates');
    expect(() => pointGraphFeeds(size, [0, 0, 0, 0, Number.NaN, 1], edges, [0, 0])).toThrow(
      'pointGraph: node 1 has y = NaN; positions must be finite',
    );
    const far = { src: Uint32Array.of(0, 2), dst: Uint32Array.of(1, 0) };
    expect(() => pointGraphFeeds(size, two, far, [0, 0])).toThrow('edge_src: row 1 points to 2');
    const many = { src: Uint32Array.of(0, 1, 0), dst: Uint32Array.of(1, 0, 1) };
    expect(() => pointGraphFeeds(size, two, many, [0, 0])).toThrow('3 rows do not fit the capacity of 2');
    expect(() => pointGraphFeeds(size, two, edges, [0, 1])).toThrow('graphs: row 1 points to 1');
  });

  test('node features of other irreps', () => {
    const network = smallNetwork();
    const wrong = {
      ...network,
      layoutIn: simpleNetwork({
        irrepsIn: '3x0e',
        irrepsOut: '0e',
        maxRadius: 1,
        numNeighbors: 1,
        numNodes: 1,
      }).layoutIn,
    };
    expect(() => build(wrong, 3)).toThrow(
      'first input was made for irreps 2x0e+1x1o, but its input has 3x0e',
    );
  });
});
