import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { prepare } from '../../src/compile.ts';
import * as e from '../../src/graph/expression.ts';
import { input } from '../../src/graph/leaf.ts';
import type { Node } from '../../src/graph/node.ts';
import { reference } from '../../src/graph/reference.ts';
import { fused } from '../../src/ops/fused.ts';
import { gradient } from '../../src/ops/index.ts';
import { map } from '../../src/ops/map.ts';
import type { ProductPath } from '../../src/ops/product-form.ts';
import { scaledPieces } from '../../src/ops/scaled-products.ts';
import { tensorProduct, tensorProductOp } from '../../src/ops/tensor-product.ts';
import { randomFeeds, scaledError } from '../support/feeds.ts';
import { runs } from '../support/property.ts';

/** A product of blocks with scalars, with gaps between the blocks. */
const products = fc
  .array(
    fc.record({ mul: fc.integer({ min: 0, max: 5 }), l: fc.nat(2), gap: fc.nat(2), left: fc.boolean() }),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map((blocks) => {
    const cols = { x: 0, y: 0, w: 0, z: 0 };
    const paths = blocks.map(({ mul, l, gap, left }, i): ProductPath => {
      const take = (slot: 'x' | 'y' | 'z', degree: number) => {
        const offset = cols[slot] + gap;
        cols[slot] = offset + mul * (2 * degree + 1);
        return { offset, stride: mul, mul, l: degree };
      };
      const [x, y] = [take('x', left ? 0 : l), take('y', left ? l : 0)];
      return { mode: 'uuu', x, y, z: take('z', l), w: null, coefficient: i - 1.5 };
    });
    for (const slot of ['x', 'y', 'z'] as const) cols[slot] += 1;
    return { paths, cols };
  });

describe('products with scalars, copy by copy', () => {
  test('are pointwise with every slot open', () => {
    fc.assert(
      fc.property(products, (spec) => {
        const [x, y] = [input('x', 3, spec.cols.x), input('y', 3, spec.cols.y)];
        const z = tensorProduct(spec, x, y);
        const slopes = gradient(z, [x, y], input('c', 3, spec.cols.z));
        for (const node of [z, ...slopes].filter((n): n is Node => n.op === tensorProductOp)) {
          const pieces = scaledPieces(node.attrs);
          expect(pieces).not.toBeNull();
          const feeds = randomFeeds([node], 2);
          const [a, b] = reference([node, fused(node.inputs, node.rows, node.cols, pieces!)], feeds);
          expect(scaledError(a, b)).toBeLessThan(1e-12);
        }
      }),
      runs(100),
    );
  });

  test('join the ops around them: a gate is one step', () => {
    const block = (offset: number, l: number) => ({ offset, stride: 4, mul: 4, l });
    const gate = {
      mode: 'uuu',
      x: block(4, 2),
      y: block(0, 0),
      z: block(0, 2),
      w: null,
      coefficient: 1,
    } as const;
    const spec = { paths: [gate], cols: { x: 24, y: 4, w: 0, z: 20 } };
    const y = map(e.sigmoid(e.argument(0)), input('gates', 3, 4));
    const outputs = { z: map(e.tanh(e.argument(0)), tensorProduct(spec, input('x', 3, 24), y)) };
    expect(prepare({ outputs }).plan.steps.length).toBe(1);
    expect(prepare({ outputs }, { optimizations: false }).plan.steps.length).toBe(3);
  });

  test('products of two vectors, with weights, or of all pairs are not', () => {
    const block = (l: number) => ({ offset: 0, stride: 2, mul: 2, l });
    const pieces = (path: Partial<ProductPath>, w = 0) => {
      const full = {
        mode: 'uuu',
        x: block(1),
        y: block(0),
        z: block(1),
        w: null,
        coefficient: 1,
        ...path,
      } as const;
      const spec = { paths: [full], cols: { x: 6, y: 6, w, z: 12 } };
      const weights = w > 0 ? input('w', 2, w) : undefined;
      return scaledPieces(tensorProduct(spec, input('x', 2, 6), input('y', 2, 6), weights).attrs);
    };
    expect(pieces({})).not.toBeNull();
    expect(pieces({ y: block(1), z: block(0) })).toBeNull();
    expect(pieces({ w: 0 }, 2)).toBeNull();
    expect(pieces({ mode: 'uvuv', z: { offset: 0, stride: 4, mul: 4, l: 1 } })).toBeNull();
  });
});
