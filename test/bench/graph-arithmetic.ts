import { type Program, prepare } from '../../src/compile.ts';
import type { Expression } from '../../src/graph/expression.ts';
import type { Node } from '../../src/graph/node.ts';
import { wigner3jSparse } from '../../src/o3/clebsch-gordan.ts';
import type { ContractAttrs } from '../../src/ops/contract-form.ts';
import { channelCount, type ProductAttrs } from '../../src/ops/product-form.ts';

/**
 * The operations of a program as it was traced, simplified and not fused: for computations whose gradients of gradients
 * nobody wants to count by hand. It is more than the least that is needed: each open slot of a tensor product counts on its
 * own, padding counts.
 */
export function programArithmetic(program: Program): number {
  return prepare(program, { optimizations: false }).plan.steps.reduce(
    (sum, node) => sum + nodeArithmetic(node),
    0,
  );
}

/**
 * 2 mulIn mulOut (2l + 1) rows for each block of a contraction; for each row, path and channel of a tensor product 2 for
 * each nonzero Clebsch-Gordan entry, and 2 for each component of the open slot where there are weights; one for each number
 * that a sum adds; one for each function of a pointwise expression, and of a radial basis; 6 for each harmonic.
 */
export function nodeArithmetic({ op, inputs, attrs, rows, cols }: Node): number {
  const [first] = inputs;
  switch (op.name) {
    case 'contract': {
      const { spec, open } = attrs as ContractAttrs;
      const samples = open === 'w' ? first.rows : rows;
      return spec.blocks.reduce((sum, b) => sum + 2 * samples * b.dim * b.mulIn * b.mulOut, 0);
    }
    case 'tensorProduct': {
      const { spec, open } = attrs as ProductAttrs;
      return spec.paths.reduce((sum, path) => {
        const { x, y, z } = path;
        const weighted = path.w === null ? 0 : open === 'w' ? 1 : 2 * (2 * path[open].l + 1);
        const entries = 2 * wigner3jSparse(x.l, y.l, z.l).length;
        return sum + rows * channelCount(path) * (entries + weighted);
      }, 0);
    }
    case 'sum':
    case 'segmentSum':
    case 'maximum':
    case 'segmentMaximum':
      return first.rows * first.cols;
    case 'map':
      return rows * cols * calls(attrs.expression);
    case 'radialBasis':
      return rows * cols * calls(attrs.basis);
    case 'solidHarmonics':
      return 6 * rows * cols;
    case 'optimizerStep':
      return inputs[1].cols * attrs.parts.reduce((sum: number, part: Expression) => sum + calls(part), 0);
    default:
      return 0;
  }
}

/** Functions in an expression; what occurs twice counts twice. */
function calls(e: Expression): number {
  return e.kind === 'call' ? 1 + e.args.reduce((sum, arg) => sum + calls(arg), 0) : 0;
}
