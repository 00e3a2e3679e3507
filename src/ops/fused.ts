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
    for (const { start, end, expression, views, over } of node.attrs.pieces)
      for (let r = 0; r < rows; r++)
        for (let c = start; c < end; c++) {
          const entry = (column: number) =>
            e.evaluate(
              expression,
              views.map(
                (v) =>
                  inputs[v.input][
                    (v.row ? r * node.inputs[v.input].cols : 0) + (v.column ? column : 0) + v.offset
                  ],
              ),
            );
          let value = over ? 0 : entry(c);
          for (let k = 0; k < (over ?? 0); k++) value += entry(k);
          out[r * cols + c] = value;
        }
    return out;
  },
  gradient() {
    throw new Error('fused: differentiate before fusing; a fused chain has no gradient rule');
  },
  pointwise: (node) => node.attrs.pieces,
  kernel: (node) => pointwiseKernel(node, node.attrs.pieces),
  batch: pointwiseBatch,
  print: ({ pieces }) =>
    pieces
      .map((p) => `${p.start}:${p.end} ${p.over ? `sum ${p.over} ` : ''}${e.print(p.expression)}`)
      .join('; '),
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
    fused([input('x', 3, 6), input('y', 3, 4)], 3, 3, [
      {
        start: 0,
        end: 2,
        expression: e.argument(0),
        views: [{ input: 1, row: true, column: true, offset: 1 }],
      },
      {
        start: 2,
        end: 3,
        over: 4,
        expression: e.mul(e.argument(0), e.sin(e.argument(1))),
        views: [
          { input: 0, row: true, column: true, offset: 2 },
          { input: 1, row: true, column: true, offset: 0 },
        ],
      },
    ]),
  ],
};

export function fused(inputs: readonly Node[], rows: number, cols: number, pieces: readonly Piece[]): Node {
  return apply(fusedOp, inputs, { pieces, rows, cols });
}
