import {
  type Edges,
  fullyConnectedNet,
  type GeometricTensor,
  gather,
  type Instruction,
  Irreps,
  type Node,
  norm,
  scale,
  segmentSum,
  softOneHotLinspace,
  sphericalHarmonicsLayer,
  subtract,
  tensor,
  tensorProduct,
  tensorProductLayer,
  type Weights,
} from '../../src/index.ts';

/** What each point carries: a number (a mass, say) and a vector. */
export const irrepsIn = Irreps.parse('0e + 1o');
/** The filter's harmonics. */
export const irrepsFilter = Irreps.sphericalHarmonics(2);

const NUMBER_OF_BASIS = 8;
const HIDDEN = 32;

/** Degrees and parities of one path: features x filter to output. */
export interface Path {
  /** "0e × 1o → 1o": in, filter, out. */
  readonly name: string;
  readonly instruction: Instruction;
}

/** One output block a path, so that nothing is mixed: every path with l_out up to 2. */
function paths() {
  const chosen = irrepsIn.blocks.flatMap((a, i) =>
    irrepsFilter.blocks.flatMap((f, k) =>
      a.ir
        .product(f.ir)
        .filter((ir) => ir.l <= 2)
        .map((ir) => ({ i, k, ir })),
    ),
  );
  return tensorProduct(
    irrepsIn,
    irrepsFilter,
    chosen.map(({ ir }): [number, typeof ir] => [1, ir]),
    chosen.map(({ i, k }, out) => [i, k, out, 'uvu', true] as const),
  );
}

/** The layer of the lesson: e3nn's convolution before its paths are mixed by a linear layer. */
export function pathConvolution(radius: number) {
  const spec = paths();
  const tp = tensorProductLayer(spec);
  const net = fullyConnectedNet([NUMBER_OF_BASIS, HIDDEN, spec.weightNumel], 'silu', {
    outPositions: tp.weightPositions,
    outCols: tp.weightLength,
  });
  /** Radial functions of distances, rows x 1: one column a path. */
  const radial = (weights: Weights, distances: Node): Node => {
    const basis = softOneHotLinspace(distances, {
      start: 0,
      end: radius,
      number: NUMBER_OF_BASIS,
      basis: 'gaussian',
      cutoff: true,
    });
    return net.apply(weights, scale(basis, Math.sqrt(NUMBER_OF_BASIS)));
  };
  /** The filter at each vector, rows x 3, times the features there. */
  const filter = (weights: Weights, x: GeometricTensor, vectors: Node): GeometricTensor => {
    const harmonics = sphericalHarmonicsLayer(irrepsFilter, vectors, {
      normalize: true,
      normalization: 'norm',
    });
    return tp.apply(radial(weights, norm(vectors)), x, harmonics);
  };
  return {
    parameters: net.parameters,
    tp,
    paths: spec.instructions.map((instruction): Path => {
      const [a, f, c] = [
        irrepsIn.blocks[instruction.in1],
        irrepsFilter.blocks[instruction.in2],
        spec.irrepsOut.blocks[instruction.out],
      ];
      return { name: `${a.ir} × ${f.ir} → ${c.ir}`, instruction };
    }),
    radial,
    filter,
    /** The messages of all edges, and their sums over the neighbours. */
    apply(weights: Weights, x: GeometricTensor, pos: Node, edges: Edges) {
      const vectors = subtract(gather(pos, edges.src), gather(pos, edges.dst));
      const messages = filter(weights, tensor(gather(x.node, edges.src), x.layout), vectors);
      return { messages, sum: tensor(segmentSum(messages.node, edges.dst), tp.layoutOut) };
    },
  };
}

export type PathConvolution = ReturnType<typeof pathConvolution>;
