import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prepare } from '../../src/compile.ts';
import { type GpuContext, requestDevice } from '../../src/gpu/device.ts';
import { index, packIndexMap } from '../../src/graph/index-map.ts';
import { input } from '../../src/graph/leaf.ts';
import type { Node } from '../../src/graph/node.ts';
import { reference } from '../../src/graph/reference.ts';
import { radialConvolution } from '../../src/nn/radial-convolution.ts';
import { tensorInput } from '../../src/nn/tensor.ts';
import { Irreps } from '../../src/o3/irreps.ts';
import { Layout } from '../../src/o3/layout.ts';
import { Random } from '../../src/o3/random.ts';
import { gather, segmentSum } from '../../src/ops/gather.ts';
import { gradient } from '../../src/ops/index.ts';
import { add, multiply, subtract } from '../../src/ops/map.ts';
import { neighbourList } from '../../src/ops/neighbours.ts';
import { broadcast, sum } from '../../src/ops/sum.ts';
import { convolutionProduct } from '../bench/arithmetic.ts';
import { buildFor, smallEnergyNetwork } from '../support/energy-networks.ts';
import { randomFeeds } from '../support/feeds.ts';
import { trainable } from '../support/layers.ts';
import { gpuError } from '../support/on-gpu.ts';
import { runs } from '../support/property.ts';

/** What runs in strips equals the reference; strips are small here, so that there are several. */

let gpu: GpuContext;
beforeAll(async () => {
  gpu = await requestDevice();
});
afterAll(() => gpu?.device.destroy());

const strips = { rows: 64, stored: 0 };
const splits = (outputs: Record<string, Node>) =>
  prepare({ outputs }, { strips }).plan.steps.some(({ op }) => /^add(Segments|EdgeProduct)$/.test(op.name));

interface Size {
  readonly nodes: number;
  /** Edges in use, of so many that there is room for. */
  readonly used: number;
  readonly capacity: number;
  readonly mul: number;
}

/** A convolution with its gradients, and those of one of them, between random nodes. */
function convolution({ nodes, used, capacity, mul }: Size) {
  const harmonics = Irreps.sphericalHarmonics(1);
  const features = Irreps.parse(harmonics.blocks.map(({ ir }): [number, typeof ir] => [mul, ir]));
  const spec = convolutionProduct(features, harmonics, features);
  const layout = Layout.forFeatures(features);
  const conv = radialConvolution(spec, {
    fcNeurons: [3, 5],
    act: 'silu',
    numNeighbors: 4,
    layoutIn1: layout,
    layoutOut: Layout.of(spec.irrepsOut, layout.isPadded || mul % 4 === 0 ? 4 : 1),
  });
  const { weights, packed, values } = trainable(conv);
  const x = tensorInput('x', nodes, conv.tp.layoutIn1);
  const edges = { src: index('src', capacity, nodes), dst: index('dst', capacity, nodes) };
  const y = tensorInput('y', capacity, harmonics);
  const sums = conv.apply(weights, x, edges, y, input('scalars', capacity, 3)).node;
  const loss = sum(multiply(sums, sums), 'all');
  const first = gradient(loss, [x.node, packed, y.node]);
  const slope = sum(multiply(first[2], first[2]), 'all');
  const outputs: Record<string, Node> = { sums, loss };
  [...first, ...gradient(slope, [packed])].forEach((g, i) => {
    outputs[`gradient${i}`] = g;
  });
  const random = new Random(nodes + used);
  const ends = () => Array.from({ length: used }, () => random.integer(nodes));
  const feeds = {
    ...randomFeeds(Object.values(outputs)),
    x: x.layout.pack(random.normals(nodes * features.dim)),
    parameters: values,
    src: packIndexMap(ends(), capacity, nodes),
    dst: packIndexMap(ends(), capacity, nodes),
  };
  return { outputs, feeds };
}

describe('a convolution with its gradients, and those of its forces', () => {
  test.each<[string, Size]>([
    ['a whole number of strips', { nodes: 7, used: 192, capacity: 192, mul: 4 }],
    ['a rest of one edge', { nodes: 7, used: 193, capacity: 193, mul: 4 }],
    ['one node', { nodes: 1, used: 150, capacity: 150, mul: 2 }],
    ['isolated nodes', { nodes: 400, used: 150, capacity: 150, mul: 4 }],
    ['no edges', { nodes: 3, used: 0, capacity: 150, mul: 4 }],
    ['one edge', { nodes: 3, used: 1, capacity: 150, mul: 4 }],
    ['one channel', { nodes: 5, used: 140, capacity: 150, mul: 1 }],
    ['127 channels', { nodes: 5, used: 140, capacity: 150, mul: 127 }],
  ])('%s', async (_, size) => {
    const { outputs, feeds } = convolution(size);
    expect(splits(outputs)).toBe(true);
    expect(await gpuError(gpu, outputs, feeds, { strips })).toBeLessThan(2e-5);
  });

  test('random sizes', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 128, max: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom(64, 128),
        fc.constantFrom(0, 2000, 1e6),
        async (nodes, capacity, share, rows, stored) => {
          const used = Math.round(share * capacity);
          const { outputs, feeds } = convolution({ nodes, used, capacity, mul: 4 });
          expect(await gpuError(gpu, outputs, feeds, { strips: { rows, stored } })).toBeLessThan(2e-5);
        },
      ),
      runs(8),
    ));
});

test('so many edges that there are strips without being asked', async () => {
  const edges = 16384 + 70;
  const [x, weights] = [input('x', 9, 4), input('weights', edges, 4)];
  const [src, dst] = [index('src', edges, 9), index('dst', edges, 9)];
  const sums = segmentSum(multiply(gather(x, src), weights), dst);
  const outputs = { sums, slope: gradient(sum(multiply(sums, sums), 'all'), [x])[0] };
  expect(prepare({ outputs }).plan.steps.some(({ op }) => op.name === 'addSegments')).toBe(true);
  expect(await gpuError(gpu, outputs, randomFeeds(Object.values(outputs)))).toBeLessThan(2e-5);
});

test('energies, forces, stress and the gradients of a loss of forces', async () => {
  const built = buildFor(smallEnergyNetwork({ rMax: 4 }), 14, 3);
  const { energy, forces, forceLoss, forceLossGradients, size } = built;
  expect(size.edges).toBeGreaterThan(128);
  const outputs: Record<string, Node> = { energy, forces, forceLoss };
  forceLossGradients.forEach((g, i) => {
    outputs[`gradient${i}`] = g;
  });
  expect(splits(outputs)).toBe(true);
  expect(await gpuError(gpu, outputs, built.feeds([built.system]), { strips })).toBeLessThan(1e-4);
});

test('neighbours that the program finds', async () => {
  const [nodes, capacity] = [30, 300];
  const pos = input('pos', nodes, 3);
  const { edges, shift, count } = neighbourList(pos, { radius: 2, capacity, cell: input('cell', 1, 9) });
  const ends = subtract(gather(pos, edges.dst), gather(pos, edges.src));
  const vectors = add(ends, shift);
  const squares = sum(multiply(vectors, vectors), 'cols');
  const energy = sum(multiply(squares, gather(segmentSum(squares, edges.dst), edges.dst)), 'all');
  const sums = segmentSum(multiply(vectors, broadcast(squares, capacity, 3)), edges.src);
  const outputs = { count, sums, energy, forces: gradient(energy, [pos])[0] };
  expect(splits(outputs)).toBe(true);
  const random = new Random(3);
  const feeds = {
    pos: Float32Array.from({ length: 3 * nodes }, () => 5 * random.uniform()),
    cell: [5, 0, 0, 0, 5, 0, 0, 0, 5],
  };
  const [found] = reference([count], feeds);
  expect(found[0]).toBeGreaterThan(192);
  expect(found[0]).toBeLessThan(capacity);
  expect(await gpuError(gpu, outputs, feeds, { strips })).toBeLessThan(2e-5);
});
