import * as e from '../graph/expression.ts';
import { input } from '../graph/leaf.ts';
import type { Node, Op, Piece } from '../graph/node.ts';
import { apply } from '../graph/node.ts';
import { pointwiseBatch, pointwiseKernel } from './pointwise-kernel.ts';

interface FusedAttrs {
  readonly pieces: readonly Piece[];
  readonly rows: number;
  readonly cols: number;
}

/** A chain of pointwise ops in one kernel. Made by graph/fuse after differentiation, so it has no gradient rule. */
export const fusedOp: Op<FusedAttrs> = {
  name: 'fused',
  shape: (_, { rows, cols }) => ({ rows, cols }),
  reference(inputs, node) {
    const { rows, cols } = node;
    const out = new Float64Array(rows * cols);
    for (const { start, end, expression, views } of node.attrs.pieces)
      for (let r = 0; r < rows; r++)
        for (let c = start; c < end; c++)
          out[r * cols + c] = e.evaluate(
            expression,
            views.map(
              (v) =>
                inputs[v.input][(v.row ? r * node.inputs[v.input].cols : 0) + (v.column ? c : 0) + v.offset],
            ),
          );
    return out;
  },
  gradient() {
    throw new Error('fused: differentiate before fusing; a fused chain has no gradient rule');
  },
  pointwise: (node) => node.attrs.pieces,
  kernel: (node) => pointwiseKernel(node, node.attrs.pieces),
  batch: pointwiseBatch,
  print: ({ pieces }) => pieces.map((p) => `${p.start}:${p.end} ${e.print(p.expression)}`).join('; '),
  examples: () => [
    fused([input('x', 3, 4), input('y', 3, 1)], 3, 8, [
      {
        start: 0,
        end: 4,
        expression: e.mul(e.argument(0), e.sin(e.argument(1))),
        views: [
          { input: 0, row: true, column: true, offset: 0 },
          { input: 1, row: true, column: false, offset: 0 },
        ],
      },
      { start: 4, end: 8, expression: e.number(0.5), views: [] },
    ]),
  ],
};

export function fused(inputs: readonly Node[], rows: number, cols: number, pieces: readonly Piece[]): Node {
  return apply(fusedOp, inputs, { pieces, rows, cols });
}
