import fc from 'fast-check';
import { input } from '../../src/graph/leaf.ts';
import type { Node } from '../../src/graph/node.ts';
import { type Module, Parameters, type Weights } from '../../src/nn/parameters.ts';
import { wigner3j } from '../../src/o3/clebsch-gordan.ts';
import type { ConnectionMode, TensorProductSpec } from '../../src/o3/instructions.ts';
import { Irrep } from '../../src/o3/irrep.ts';
import { Irreps } from '../../src/o3/irreps.ts';
import { Layout } from '../../src/o3/layout.ts';
import { Random } from '../../src/o3/random.ts';

export interface Trainable {
  readonly parameters: Parameters;
  /** The leaf "parameters" that the weights are parts of. */
  readonly packed: Node;
  readonly weights: Weights;
  /** Random numbers for every parameter, in e3nn's order, and packed. */
  readonly arrays: Readonly<Record<string, Float64Array>>;
  readonly values: Float64Array;
  /** 1 where a parameter stands, 0 in padding. */
  readonly mask: Float64Array;
}

/** The weights of a layer as parts of one input, with random numbers for it. */
export function trainable(module: Module, seed = 1): Trainable {
  const parameters = new Parameters(module);
  const random = new Random(seed);
  const arrays = Object.fromEntries(
    parameters.list.map(({ name, shape }) => [name, random.normals(shape.reduce((a, b) => a * b, 1))]),
  );
  const packed = input('parameters', 1, parameters.length);
  const named = (data: (name: string) => Float64Array) =>
    Object.fromEntries(parameters.list.map(({ name, shape }) => [name, { shape, data: data(name) }]));
  return {
    parameters,
    packed,
    weights: parameters.weights(packed),
    arrays,
    values: parameters.pack(named((name) => arrays[name])),
    mask: parameters.pack(named((name) => arrays[name].map(() => 1))),
  };
}

/** Random irreps: up to three blocks, of up to `mul` copies each (none now and then). */
export function irrepsUpTo(lmax: number, mul: number, maxBlocks = 3): fc.Arbitrary<Irreps> {
  const block = fc.tuple(
    fc.nat({ max: mul }),
    fc.nat({ max: lmax }),
    fc.constantFrom(1 as const, -1 as const),
  );
  return fc
    .array(block, { minLength: 1, maxLength: maxBlocks })
    .map((blocks) => Irreps.parse(blocks.map(([n, l, p]): [number, Irrep] => [n, Irrep.of(l, p)])));
}

/** A memory layout of irreps: padded to multiples of four or not. */
export const layoutOf = (irreps: Irreps, padded: boolean) => Layout.of(irreps, padded ? 4 : 1);

/** Parts of a row by block, each [mul, 2l+1]. */
export function blocksOf(irreps: Irreps, row: ArrayLike<number>): number[][][] {
  return irreps.slices().map(({ start }, b) => {
    const { mul, ir } = irreps.blocks[b];
    return Array.from({ length: mul }, (_, u) =>
      Array.from({ length: ir.dim }, (_, k) => row[start + u * ir.dim + k]),
    );
  });
}

/** Rows of a row-major array; how many must be said where they may be empty. */
export function rowsOf(values: ArrayLike<number>, cols: number, rows = values.length / cols): number[][] {
  return Array.from({ length: rows }, (_, r) => Array.from({ length: cols }, (_, c) => values[r * cols + c]));
}

/**
 * For each mode the sums of e3nn's table (test/fixtures/README.md): which weight goes with channels u and v, and to which
 * channel w of the output that adds. `pair` numbers the pairs u < v.
 */
const terms: Record<
  ConnectionMode,
  (u: number, v: number, pair: number, mul2: number, mulOut: number) => [weight: number, out: number][]
> = {
  uvw: (u, v, _, mul2, mulOut) => range(mulOut).map((w) => [(u * mul2 + v) * mulOut + w, w]),
  uvu: (u, v, _, mul2) => [[u * mul2 + v, u]],
  uvv: (u, v, _, mul2) => [[u * mul2 + v, v]],
  uuw: (u, v, _, __, mulOut) => (u === v ? range(mulOut).map((w) => [u * mulOut + w, w]) : []),
  uuu: (u, v) => (u === v ? [[u, u]] : []),
  uvuv: (u, v, _, mul2) => [[u * mul2 + v, u * mul2 + v]],
  'uvu<v': (u, v, pair) => (u < v ? [[pair, pair]] : []),
  'u<vw': (u, v, pair, _, mulOut) => (u < v ? range(mulOut).map((w) => [pair * mulOut + w, w]) : []),
};

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

/** One row of e3nn's tensor product by its definition: dense sums over all indices, in e3nn's layout. */
export function denseTensorProduct(
  spec: TensorProductSpec,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  weights: ArrayLike<number>,
): Float64Array {
  const out = new Float64Array(spec.irrepsOut.dim);
  const [xs, ys] = [blocksOf(spec.irrepsIn1, x), blocksOf(spec.irrepsIn2, y)];
  const starts = spec.irrepsOut.slices();
  for (const path of spec.instructions) {
    const [a, b, c] = [
      spec.irrepsIn1.blocks[path.in1],
      spec.irrepsIn2.blocks[path.in2],
      spec.irrepsOut.blocks[path.out],
    ];
    const coupling = wigner3j(a.ir.l, b.ir.l, c.ir.l);
    let pair = -1;
    for (let u = 0; u < a.mul; u++)
      for (let v = 0; v < b.mul; v++) {
        if (u < v) pair++;
        for (const [weight, w] of terms[path.connectionMode](u, v, pair, b.mul, c.mul)) {
          const factor = path.coefficient * (path.weightSlice ? weights[path.weightSlice[0] + weight] : 1);
          for (let i = 0; i < a.ir.dim; i++)
            for (let j = 0; j < b.ir.dim; j++)
              for (let k = 0; k < c.ir.dim; k++)
                out[starts[path.out].start + w * c.ir.dim + k] +=
                  factor *
                  coupling[(i * b.ir.dim + j) * c.ir.dim + k] *
                  xs[path.in1][u][i] *
                  ys[path.in2][v][j];
        }
      }
  }
  return out;
}
