import * as e from '../graph/expression.ts';
import type { Node, Piece, View } from '../graph/node.ts';
import { rewrite } from '../graph/rewrite.ts';
import { wigner3jSparse } from '../o3/clebsch-gordan.ts';
import { fused } from './fused.ts';
import { type ProductAttrs, productInputs } from './product-form.ts';
import { tensorProductOp } from './tensor-product.ts';

/** Writes products with scalars as pointwise ops, which join the ops around them. */
export function pointwiseProducts(outputs: readonly Node[]): Node[] {
  return rewrite(outputs, (node) => {
    const pieces = node.op === tensorProductOp ? scaledPieces(node.attrs) : null;
    return pieces ? fused(node.inputs, node.rows, node.cols, pieces) : node;
  });
}

/** Most terms that a product may have to be one of the pointwise ops. */
const MOST_TERMS = 64;

/**
 * Products with scalars, copy by copy, without weights, entry by entry: gates and their derivatives. Null for all other
 * products.
 */
export function scaledPieces({ spec, open }: ProductAttrs): Piece[] | null {
  const { paths, cols } = spec;
  const simple = paths.every(({ mode, w, x, y }) => mode === 'uuu' && w === null && (x.l === 0 || y.l === 0));
  const inputs = productInputs({ spec, open });
  if (!simple || inputs.length !== 2 || open === 'w') return null;
  const components = { x: 'i', y: 'j', z: 'k' } as const;
  const pieces: { start: number; end: number; terms: e.Expression[]; views: View[] }[] = [];
  let terms = 0;
  for (const path of paths)
    for (const entry of wigner3jSparse(path.x.l, path.y.l, path.z.l)) {
      const at = (slot: 'x' | 'y' | 'z') => path[slot].offset + entry[components[slot]] * path[slot].stride;
      const start = at(open);
      const end = start + path[open].mul;
      if (end === start) continue;
      let piece = pieces.find((p) => p.start === start);
      if (!piece) {
        piece = { start, end, terms: [], views: [] };
        pieces.push(piece);
      }
      if (piece.end !== end) return null;
      const { views } = piece;
      const [a, b] = inputs.map((slot, input) =>
        e.argument(
          views.push({ input, row: true, column: true, offset: at(slot as 'x' | 'y' | 'z') - start }) - 1,
        ),
      );
      // Without what the last digits say: products with 1 are none, and those of all irreps are alike.
      const factor = Number((path.coefficient * entry.value).toPrecision(14));
      piece.terms.push(e.mul(e.number(factor), e.mul(a, b)));
      terms++;
    }
  if (terms > MOST_TERMS) return null;
  pieces.sort((p, q) => p.start - q.start);
  const filled: Piece[] = [];
  let end = 0;
  const zeros = (to: number) => {
    if (to > end) filled.push({ start: end, end: to, expression: e.number(0), views: [] });
  };
  for (const { start, end: last, terms: sum, views } of pieces) {
    if (start < end) return null;
    zeros(start);
    filled.push({ start, end: last, expression: sum.reduce(e.add), views });
    end = last;
  }
  zeros(cols[open]);
  return filled;
}
