import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PreparedProgram, prepare } from '../../src/compile.ts';
import { type GpuContext, requestDevice } from '../../src/gpu/device.ts';
import { link } from '../../src/gpu/link.ts';
import { index, packIndexMap } from '../../src/graph/index-map.ts';
import { input } from '../../src/graph/leaf.ts';
import type { Node } from '../../src/graph/node.ts';
import type { Optimizations } from '../../src/graph/optimizations.ts';
import { tensor, tensorInput } from '../../src/nn/tensor.ts';
import { tensorProductLayer } from '../../src/nn/tensor-product.ts';
import { type TensorProductSpec, tensorProduct } from '../../src/o3/instructions.ts';
import { Irreps } from '../../src/o3/irreps.ts';
import { messagePaths } from '../../src/o3/path-selection.ts';
import { Random } from '../../src/o3/random.ts';
import { gather, segmentSum } from '../../src/ops/gather.ts';
import { gradient } from '../../src/ops/index.ts';
import { multiply } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { randomFeeds } from '../support/feeds.ts';
import { layoutOf } from '../support/layers.ts';
import { gpuError } from '../support/on-gpu.ts';
import { runs } from '../support/property.ts';
import { wideProductSpecs } from '../support/random-product.ts';

let gpu: GpuContext;
beforeAll(async () => {
  gpu = await requestDevice();
});
afterAll(() => gpu?.device.destroy());

interface Size {
  readonly edges: number;
  /** Of these edges so many are in use. */
  readonly used: number;
  readonly nodes: number;
  readonly padded: boolean;
  /** Whether features belong to the nodes that edges start from, or to the edges. */
  readonly gathered: boolean;
}

/** Products along edges, summed into nodes, with all gradients: of the values, and numbers for the leaves. */
function messages(spec: TensorProductSpec, { edges, used, nodes, padded, gathered }: Size) {
  const layer = tensorProductLayer(spec, {
    layoutIn1: layoutOf(spec.irrepsIn1, padded),
    layoutIn2: layoutOf(spec.irrepsIn2, false),
    layoutOut: layoutOf(spec.irrepsOut, padded),
  });
  const [src, dst] = [index('src', edges, nodes + 2), index('dst', edges, nodes)];
  const x = tensorInput('x', gathered ? nodes + 2 : edges, layer.layoutIn1);
  const y = tensorInput('y', edges, layer.layoutIn2);
  const w = input('w', edges, layer.weightLength);
  const features = tensor(gathered ? gather(x.node, src) : x.node, x.layout);
  const z = segmentSum(layer.apply(layer.weightLength > 0 ? w : null, features, y).node, dst);
  const loss = sum(multiply(z, input('c', z.rows, z.cols)), 'all');
  const [dx, dy, dw] = gradient(loss, [x.node, y.node, w]);
  const feeds = randomFeeds([loss, w]);
  for (const [name, layout] of [
    ['x', layer.layoutIn1],
    ['c', layer.layoutOut],
  ] as const)
    if (feeds[name]) feeds[name] = layout.pack(layout.unpack(feeds[name]));
  const random = new Random(3);
  const ends = (segments: number) => Array.from({ length: used }, () => random.integer(segments));
  if (feeds.src) feeds.src = packIndexMap(ends(nodes + 2), edges, nodes + 2);
  // An edge may start somewhere and end nowhere.
  if (feeds.dst) feeds.dst = packIndexMap(ends(nodes).slice(0, Math.max(0, used - 2)), edges, nodes);
  const outputs: Record<string, Node> = { z, dx, dy, dw };
  return { outputs, feeds };
}

/** The WGSL of the products along edges, dispatch by dispatch. */
function productCodes(
  { plan, optimizations }: PreparedProgram,
  rules: Partial<Optimizations> = {},
): string[] {
  const offsetOf = (node: Node) => plan.places.get(node)!.offset;
  const chosen = { ...optimizations, ...rules };
  return plan.dispatches.flatMap((nodes) => {
    const [{ op }] = nodes;
    if (op.name !== 'edgeProduct') return [];
    const kernel =
      nodes.length > 1 ? op.batch!.kernel(nodes, offsetOf, chosen) : op.kernel!(nodes[0], chosen);
    return [link(kernel).code];
  });
}

/** Paths of a convolution with harmonics. */
function convolution(features: string, lmax: number): TensorProductSpec {
  const [from, harmonics] = [Irreps.parse(features), Irreps.sphericalHarmonics(lmax)];
  const { irrepsMid, instructions } = messagePaths(from, harmonics, (ir) => ir.l <= lmax);
  return tensorProduct(from, harmonics, irrepsMid, instructions);
}

test('messages equal the reference with their gradients, whatever the product and the graph', () =>
  fc.assert(
    fc.asyncProperty(
      wideProductSpecs,
      fc.record({ used: fc.integer({ min: 0, max: 9 }), nodes: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ padded: fc.boolean(), gathered: fc.boolean() }),
      fc.record({ messages: fc.boolean(), batches: fc.boolean(), unrolled: fc.boolean() }),
      async (spec, graph, layout, optimizations) => {
        const { outputs, feeds } = messages(spec, { edges: 9, ...graph, ...layout });
        expect(await gpuError(gpu, outputs, feeds, { optimizations })).toBeLessThan(2e-5);
      },
    ),
    runs(24),
  ));

for (const [name, features, edges, used, nodes] of [
  ['four channels at a time', '8x0e + 8x1o', 1100, 1090, 7],
  ['one channel', '1x0e + 1x1o', 6, 6, 3],
  ['127 channels', '127x0e + 127x1o', 6, 6, 3],
  ['degree 3', '4x0e + 4x2e + 4x3o', 12, 12, 3],
  ['degree 4', '4x4e', 12, 12, 3],
  ['no edge', '4x0e + 4x1o', 0, 0, 3],
  ['one node, no edge in use', '4x0e + 4x1o', 5, 0, 1],
] as const)
  test(`a convolution with ${name}`, async () => {
    const size = { edges, used, nodes, padded: true, gathered: true };
    const lmax = Math.max(2, Irreps.parse(features).lmax);
    const { outputs, feeds } = messages(convolution(features, lmax), size);
    const { plan } = prepare({ outputs });
    const products = plan.dispatches.map((nodes) => nodes.filter(({ op }) => op.name === 'edgeProduct'));
    const open = products
      .filter((nodes) => nodes.length > 0)
      .map((nodes) => nodes.map(({ attrs }) => attrs.open));
    // The gradients by x and by w share a dispatch.
    if (edges > 0) expect(open.map((slots) => slots.sort().join()).sort()).toEqual(['w,x', 'z']);
    // Nothing has a row for each edge and the columns of the sums, but the gradient by y.
    const without = prepare({ outputs: { z: outputs.z, dx: outputs.dx, dw: outputs.dw } });
    const messageLike = without.plan.steps.filter(
      ({ rows, cols }) => edges > 0 && rows === edges && cols === outputs.z.cols,
    );
    expect(messageLike).toEqual([]);
    expect(await gpuError(gpu, outputs, feeds)).toBeLessThan(2e-5);
    for (const optimizations of [{ batches: false }, { unrolled: false }])
      expect(await gpuError(gpu, outputs, feeds, { optimizations })).toBeLessThan(2e-5);
  });

test('from a table, the products of all convolutions and their gradients share a pipeline', () => {
  const codes = ['8x0e + 8x1o', '3x0o + 5x2e + 2x3o'].flatMap((features) => {
    const size = { edges: 6, used: 6, nodes: 3, padded: false, gathered: true };
    const { z, dx, dw } = messages(convolution(features, 3), size).outputs;
    return productCodes(prepare({ outputs: { z, dx, dw } }), { unrolled: false });
  });
  expect(codes).toHaveLength(4);
  expect(new Set(codes).size).toBe(1);
});

test('convolutions whose irreps have the same couplings share their pipelines, whatever their parities and multiplicities', () => {
  const codes = (features: string, edges: number) => {
    const size = { edges, used: edges, nodes: 3, padded: true, gathered: true };
    const { z, dx, dw } = messages(convolution(features, 2), size).outputs;
    return productCodes(prepare({ outputs: { z, dx, dw } }));
  };
  const few = codes('8x0e + 8x1o + 8x2e', 6);
  expect(few).toHaveLength(2);
  expect(codes('12x0e + 12x1o + 12x1e + 12x2o + 12x2e', 9)).toEqual(few);
  // With many edges the time of a step counts, and numbers are constants.
  expect(codes('12x0e + 12x1o + 12x2e', 1100)).not.toEqual(codes('8x0e + 8x1o + 8x2e', 1100));
});
