import { index, packIndexMap } from '../../src/graph/index-map.ts';
import { input } from '../../src/graph/leaf.ts';
import { Parameters } from '../../src/nn/parameters.ts';
import { radialConvolution } from '../../src/nn/radial-convolution.ts';
import { tensor, tensorInput } from '../../src/nn/tensor.ts';
import { Irreps } from '../../src/o3/irreps.ts';
import { Layout } from '../../src/o3/layout.ts';
import { Random } from '../../src/o3/random.ts';
import { sphericalHarmonics } from '../../src/o3/spherical-harmonics.ts';
import { gradient } from '../../src/ops/index.ts';
import { multiply } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import {
  convolutionBytes,
  convolutionProduct,
  productArithmetic,
  radialArithmetic,
  sumOf,
  total,
} from './arithmetic.ts';
import type { Workload, WorkloadSpec } from './workload.ts';

/** Nodes of the graph, and widths of the radial network before its last layer. */
const NODES = 500;
const RADIAL = [8, 64];

/**
 * One convolution over random edges: mul copies of each irrep of degree up to lmax with the harmonics' parity, harmonics to
 * lmax, uvu paths back to the same irreps, a radial network 8-64-weights. Backward: the gradient of half the sum of squares by
 * the features and by the radial network's weights.
 */
export function convolutionWorkload({
  edges,
  lmax,
  mul,
  backward,
}: WorkloadSpec & { kind: 'convolution' }): Workload {
  const harmonics = Irreps.sphericalHarmonics(lmax);
  const features = Irreps.parse(harmonics.blocks.map(({ ir }): [number, typeof ir] => [mul, ir]));
  const spec = convolutionProduct(features, harmonics, features);
  const conv = radialConvolution(spec, {
    fcNeurons: RADIAL,
    act: 'silu',
    numNeighbors: 1,
    layoutOut: Layout.of(spec.irrepsOut, mul % 4 === 0 ? 4 : 1),
  });
  const parameters = new Parameters(conv);
  const row = input('weights', 1, parameters.length);
  const x = tensor(input('x', NODES, conv.tp.layoutIn1.cols), conv.tp.layoutIn1);
  const map = (name: string) => index(name, edges, NODES);
  const sums = conv.apply(
    parameters.weights(row),
    x,
    { src: map('src'), dst: map('dst') },
    tensorInput('harmonics', edges, harmonics),
    input('scalars', edges, RADIAL[0]),
  ).node;
  const loss = sum(multiply(sums, sums), 'all');
  const [byFeatures, byWeights] = gradient(loss, [x.node, row]);
  const radial = [...RADIAL, spec.weightNumel];
  const size = { nodes: NODES, edges };
  const arithmetic = sumOf(productArithmetic(spec, edges), radialArithmetic(radial, edges));
  const moved = convolutionBytes(spec, radial, size);
  return {
    program: { outputs: backward ? { loss, byFeatures, byWeights } : { sums } },
    // Made when it is read: a plan needs no numbers.
    get feeds() {
      const random = new Random(1);
      const ends = () => Array.from({ length: edges }, () => Math.floor(random.uniform() * NODES));
      return {
        weights: parameters.initial(random),
        x: x.layout.pack(random.normals(NODES * features.dim)),
        src: packIndexMap(ends(), edges, NODES),
        dst: packIndexMap(ends(), edges, NODES),
        harmonics: randomHarmonics(lmax, edges, random),
        scalars: random.normals(edges * RADIAL[0]),
      };
    },
    read: backward ? ['loss'] : [],
    flops: backward ? total(arithmetic) : arithmetic.forward,
    bytes: backward ? moved.forward + moved.backward : moved.forward,
    parts: { forward: [backward ? loss : sums], gradient: backward ? [byFeatures, byWeights] : [] },
    sizes: { ...size, paths: spec.instructions.length, weights: spec.weightNumel },
  };
}

/** Harmonics of a thousand random directions, again and again. */
function randomHarmonics(lmax: number, edges: number, random: Random): Float32Array {
  const cols = (lmax + 1) ** 2;
  const some = Math.min(edges, 1000);
  const degrees = Array.from({ length: lmax + 1 }, (_, l) => l);
  const rows = sphericalHarmonics(degrees, random.normals(3 * some), {
    normalize: true,
    normalization: 'component',
  });
  return Float32Array.from({ length: edges * cols }, (_, i) => rows[i % (some * cols)]);
}
