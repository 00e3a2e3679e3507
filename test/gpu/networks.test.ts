import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GpuContext, requestDevice } from '../../src/gpu/device.ts';
import { packIndexMap } from '../../src/graph/index-map.ts';
import { input } from '../../src/graph/leaf.ts';
import { Random } from '../../src/o3/random.ts';
import { gradient } from '../../src/ops/index.ts';
import { multiply } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
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
import { gpuError, runOnGpu } from '../support/on-gpu.ts';

/** Whole networks, with their gradients, in sizes that fit no kernel's tile: the GPU equals the reference. */

let gpu: GpuContext;
beforeAll(async () => {
  gpu = await requestDevice();
});
afterAll(() => gpu?.device.destroy());

const nodes = 5;

/** Output, forces and gradient by the parameters of a loss; feeds. */
function program(network: PointNetwork, positions = cloud(nodes)) {
  const count = positions.length / 3;
  const { output, graph, packed, feeds, irrepsIn } = build(network, count);
  const { node } = output;
  const loss = sum(multiply(node, multiply(node, input('c', node.rows, node.cols))), 'all');
  const [forces, slope] = gradient(loss, [graph.pos, packed]);
  const random = new Random(5);
  const features = irrepsIn ? random.normals(count * irrepsIn.dim) : undefined;
  return {
    outputs: { node, forces, slope },
    feeds: { ...feeds(positions, features), c: random.normals(node.rows * node.cols) },
  };
}

describe('odd sizes', () => {
  const cases: Record<string, PointNetwork> = {
    'mul 1, lmax 0, 1 layer': smallNetwork({ mul: 1, lmax: 0, layers: 1 }),
    'mul 3, lmax 1, 2 layers': smallNetwork({ mul: 3, lmax: 1, layers: 2 }),
    'mul 7, lmax 2, 1 layer': smallNetwork({ mul: 7, lmax: 2, layers: 1 }),
    'mul 1, lmax 3, 1 layer': smallNetwork({ mul: 1, lmax: 3, layers: 1 }),
    'mul 8, lmax 1, 1 layer, per node': smallNetwork({ mul: 8, lmax: 1, layers: 1, poolNodes: false }),
    'node and edge attributes': attributeNetwork(),
    gate: smallGate(),
    polynomial: smallPolynomial(),
  };
  for (const [name, network] of Object.entries(cases))
    test(`${name}: value, forces and gradient by the parameters`, async () => {
      const { outputs, feeds } = program(network);
      expect(await gpuError(gpu, outputs, feeds)).toBeLessThan(1e-4);
    });

  test('multiplicity 127', async () => {
    const { outputs, feeds } = program(
      smallNetwork({ mul: 127, lmax: 1, layers: 1, irrepsIn: '127x0e + 127x1o' }),
    );
    expect(await gpuError(gpu, outputs, feeds)).toBeLessThan(1e-4);
  });
});

describe('one network, compiled in other ways', () => {
  const network = smallNetwork({ mul: 5, lmax: 1, layers: 2 });
  test('fused or not, generated or by the default slots: the same values', async () => {
    const { outputs, feeds } = program(network);
    const usual = await runOnGpu(gpu, outputs, feeds);
    for (const options of [{ optimizations: false }, { plain: true }]) {
      const other = await runOnGpu(gpu, outputs, feeds, options);
      for (const name of Object.keys(outputs))
        expect(scaledError(other[name], usual[name]), `${name} ${JSON.stringify(options)}`).toBeLessThan(
          1e-5,
        );
    }
  });
});

describe('graphs at the edge', () => {
  const network = smallNetwork({ mul: 3, lmax: 1, layers: 1 });
  const cases: Record<string, number[]> = {
    'one node': [0.1, 0.2, 0.3],
    'no edges: three nodes far from each other': [0, 0, 0, 50, 0, 0, 0, 50, 0],
    'one pair, and a node alone': [0, 0, 0, 1, 0.2, 0.3, 0, 50, 0],
    'two nodes in one place': [1, 2, 3, 1, 2, 3, 1.5, 2, 3],
    'a neighbour at the distance where all is cut off': [0, 0, 0, 2, 0, 0, 1, 0, 0],
  };
  for (const [name, positions] of Object.entries(cases))
    test(name, async () => {
      const { outputs, feeds } = program(network, Float64Array.from(positions));
      expect(await gpuError(gpu, outputs, feeds)).toBeLessThan(1e-4);
    });

  test('one edge, in one direction', async () => {
    const { outputs, feeds } = program(network, Float64Array.of(0, 0, 0, 0.5, 0.4, 0.9));
    const [src, dst] = [packIndexMap([0], 2, 2), packIndexMap([1], 2, 2)];
    expect(await gpuError(gpu, outputs, { ...feeds, edge_src: src, edge_dst: dst })).toBeLessThan(1e-4);
  });

  test('of one node has room for no edge at all, the others for more than they have', () => {
    expect(build(network, 1).graph.edges.src.attrs.capacity).toBe(0);
    expect(build(network, 3).graph.edges.src.attrs.capacity).toBe(6);
  });
});
