// What every layer that maps features to features must do, whatever it computes: values by its definition, in any
// memory layout, padding that stays zero, derivatives that central differences confirm.
import fc from 'fast-check';
import { expect } from 'vitest';
import { input } from '../../src/graph/leaf.ts';
import type { Node } from '../../src/graph/node.ts';
import { type Feeds, reference } from '../../src/graph/reference.ts';
import type { Module, Weights } from '../../src/nn/parameters.ts';
import { type GeometricTensor, tensorInput } from '../../src/nn/tensor.ts';
import type { Irreps } from '../../src/o3/irreps.ts';
import { Layout } from '../../src/o3/layout.ts';
import { Random } from '../../src/o3/random.ts';
import { gradient } from '../../src/ops/index.ts';
import { multiply } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { directionalError } from './differences.ts';
import { scaledError } from './feeds.ts';
import { rowsOf, trainable } from './layers.ts';

/** A memory layout of irreps in which some blocks are padded and others are not. */
export function mixedLayout(irreps: Irreps, padded: readonly boolean[]): Layout {
  return Layout.concat(irreps.blocks.map(({ mul, ir }, i) => Layout.of([[mul, ir]], padded[i] ? 4 : 1)));
}

/** Which blocks are padded. */
export const paddings = fc.array(fc.boolean(), { minLength: 4, maxLength: 4 });

/** A layer with its other inputs given: features to features. */
export interface FeatureLayer {
  readonly module: Module;
  readonly irreps: Irreps;
  apply(weights: Weights, x: GeometricTensor): GeometricTensor;
  /** Leaves besides x and the parameters. */
  readonly feeds?: Feeds;
}

export interface Traced {
  readonly x: GeometricTensor;
  readonly y: GeometricTensor;
  /** <c, y>, c the input "c", and its gradients by x, parameters and c, then those of <v, gradient by x>. */
  readonly value: Node;
  readonly first: readonly Node[];
  readonly second: readonly Node[];
  readonly wrt: readonly Node[];
  /** <v, gradient by x>. */
  readonly inner: Node;
  readonly feeds: Feeds;
  /** 1 where there is no padding, for x and the parameters. */
  readonly within: Feeds;
  /** Numbers of x in e3nn's order, by row, and the parameters by name. */
  readonly rows: number[][];
  readonly arrays: Readonly<Record<string, Float64Array>>;
}

/** The layer with first and second derivatives. c is not zero in padding: the layer must keep its cotangent out of there. */
export function traceLayer(layer: FeatureLayer, layout: Layout, rows: number, seed = 1): Traced {
  const { packed, weights, values, arrays, mask } = trainable(layer.module, seed);
  const x = tensorInput('x', rows, layout);
  const y = layer.apply(weights, x);
  const c = input('c', y.node.rows, y.node.cols);
  const v = input('v', x.node.rows, x.node.cols);
  const value = sum(multiply(c, y.node), 'all');
  const wrt = packed.cols > 0 ? [x.node, c, packed] : [x.node, c];
  const first = gradient(value, wrt);
  const inner = sum(multiply(v, first[0]), 'all');
  const random = new Random(seed + 1);
  const plain = random.normals(rows * layer.irreps.dim);
  const ones = layout.pack(new Float64Array(rows * layer.irreps.dim).fill(1));
  return {
    x,
    y,
    value,
    first,
    inner,
    second: gradient(inner, wrt),
    wrt,
    feeds: {
      ...layer.feeds,
      x: layout.pack(plain),
      parameters: values,
      c: random.normals(y.node.rows * y.node.cols),
      v: layout.pack(random.normals(rows * layer.irreps.dim)),
    },
    within: { x: ones, parameters: mask },
    rows: rowsOf(plain, layer.irreps.dim, rows),
    arrays,
  };
}

/** Checks values against a definition, padding, and first and second derivatives. */
export function checkLayer(
  layer: FeatureLayer,
  layout: Layout,
  rows: number,
  definition: (rows: number[][], arrays: Readonly<Record<string, Float64Array>>) => number[][],
): void {
  const traced = traceLayer(layer, layout, rows);
  const { y, value, first, second, inner, wrt, feeds, within } = traced;
  const [out, byX, again] = reference([y.node, first[0], second[0]], feeds);
  expect(scaledError(y.layout.unpack(out), definition(traced.rows, traced.arrays).flat())).toBeLessThan(
    1e-12,
  );
  expectZeroPadding(out, y.layout);
  for (const slope of [byX, again]) expectZeroPadding(slope, layout);
  expect(directionalError(value, wrt, first, feeds, { within })).toBeLessThan(1e-8);
  expect(directionalError(inner, wrt, second, feeds, { within })).toBeLessThan(1e-6);
}

/** Columns that no irrep has hold zero, of whichever sign. */
export function expectZeroPadding(values: Float64Array, layout: Layout): void {
  const numbers = layout.pack(layout.unpack(values));
  expect(values.findIndex((v, i) => v !== numbers[i])).toBe(-1);
}
