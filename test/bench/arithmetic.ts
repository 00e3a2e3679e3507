/**
 * The arithmetic that a computation needs, whoever does it: multiplications and additions, a multiply-add being two.
 * Nothing that is done twice counts twice, no padding counts, and of the Clebsch-Gordan tensors only what is not zero.
 * Functions of one number (silu, exp) count as one operation.
 */
import { hiddenGate } from '../../src/models/hidden-gate.ts';
import { wigner3jSparse } from '../../src/o3/clebsch-gordan.ts';
import { type TensorProductSpec, tensorProduct } from '../../src/o3/instructions.ts';
import { Irreps, type IrrepsLike } from '../../src/o3/irreps.ts';
import { messagePaths } from '../../src/o3/path-selection.ts';

/** Operations of a part: of its value, of the gradient by what goes in, and of the gradient by its weights. */
export interface Arithmetic {
  readonly forward: number;
  /** Zero where nothing that needs a gradient goes in. */
  readonly byInput: number;
  readonly byWeights: number;
}

/** Forward and backward together. */
export const total = ({ forward, byInput, byWeights }: Arithmetic) => forward + byInput + byWeights;

/** The sum of parts. */
export function sumOf(...parts: readonly Arithmetic[]): Arithmetic {
  const add = (name: keyof Arithmetic) => parts.reduce((sum, part) => sum + part[name], 0);
  return { forward: add('forward'), byInput: add('byInput'), byWeights: add('byWeights') };
}

/** A product of rows x n with n x m: 2 rows n m, and as much for the gradient by either factor. */
function product(rows: number, n: number, m: number, input: boolean): Arithmetic {
  const once = 2 * rows * n * m;
  return { forward: once, byInput: input ? once : 0, byWeights: once };
}

/**
 * A linear map between irreps, e3nn's `Linear`: 2 rows mulIn mulOut (2l + 1) for each pair of equal irreps.
 *
 * @param input whether a gradient by the input is wanted
 */
export function linearArithmetic(from: Irreps, to: Irreps, rows: number, input = true): Arithmetic {
  const pairs = from.blocks.flatMap((a) =>
    to.blocks.filter((b) => a.ir.equals(b.ir)).map((b) => product(rows * a.ir.dim, a.mul, b.mul, input)),
  );
  return sumOf(...pairs);
}

/** A radial network of widths `hs` without gradient by what goes in: 2 rows n m a layer, and one for each activation. */
export function radialArithmetic(hs: readonly number[], rows: number): Arithmetic {
  const layers = hs.slice(1).map((m, i) => product(rows, hs[i], m, i > 0));
  const hidden = rows * hs.slice(1, -1).reduce((a, b) => a + b, 0);
  // The slope of the activation, and the product with it.
  return sumOf(...layers, { forward: hidden, byInput: 2 * hidden, byWeights: 0 });
}

/**
 * A uvu tensor product whose weights differ from edge to edge, summed over the edges of a node. For each edge, path and
 * channel: 2 for each nonzero entry of the Clebsch-Gordan tensor, t_k = sum C_ijk y_j x_i, and 2 d3 for z_k += w t_k. Backward
 * both gradients share g_i = sum C_ijk y_j dz_k, 2 for each entry; then 2 d1 for dx_i += w g_i, which includes the sum
 * over the edges of a source, and 2 d1 for dw = sum g_i x_i. C_ijk y_j is shared by the channels and not counted.
 */
export function productArithmetic(spec: TensorProductSpec, edges: number): Arithmetic {
  const paths = spec.instructions.map(({ in1, in2, out, connectionMode }): Arithmetic => {
    if (connectionMode !== 'uvu') throw new Error(`bench: no formula for paths of mode ${connectionMode}`);
    const [x, y, z] = [spec.irrepsIn1.blocks[in1], spec.irrepsIn2.blocks[in2], spec.irrepsOut.blocks[out]];
    const channels = edges * x.mul * y.mul;
    const entries = 2 * wigner3jSparse(x.ir.l, y.ir.l, z.ir.l).length;
    return {
      forward: channels * (entries + 2 * z.ir.dim),
      byInput: channels * (entries + 2 * x.ir.dim),
      byWeights: channels * 2 * x.ir.dim,
    };
  });
  return sumOf(...paths);
}

/** The product of a convolution: features times harmonics, to those irreps that are wanted. */
export function convolutionProduct(features: Irreps, harmonics: Irreps, wanted: Irreps): TensorProductSpec {
  const { irrepsMid, instructions } = messagePaths(features, harmonics, (ir) => wanted.has(ir));
  return tensorProduct(features, harmonics, irrepsMid, instructions);
}

/** Sizes of a graph. */
export interface GraphSize {
  readonly nodes: number;
  readonly edges: number;
}

/**
 * The bytes that one convolution must move where no value of an edge is stored: forward it reads, for each edge, the
 * source's features, harmonics, radial scalars and two indices, and writes the sum of each node. Backward it reads
 * all that again and the cotangent of each sum, and writes the gradient by the features. Weights count once each way.
 */
export function convolutionBytes(
  spec: TensorProductSpec,
  radial: readonly number[],
  { nodes, edges }: GraphSize,
): { readonly forward: number; readonly backward: number } {
  const read = edges * (spec.irrepsIn1.dim + spec.irrepsIn2.dim + radial[0] + 2);
  const weights = radial.slice(1).reduce((sum, m, i) => sum + radial[i] * m, 0);
  const sums = nodes * spec.irrepsOut.dim;
  const gradients = nodes * spec.irrepsIn1.dim + weights;
  return { forward: 4 * (read + weights + sums), backward: 4 * (read + weights + sums + gradients) };
}

/** What the arithmetic of the gate-points network depends on. */
export interface NetworkSize extends GraphSize {
  readonly mul: number;
  readonly irrepsOut: IrrepsLike;
  readonly lmax: number;
  readonly layers: number;
  readonly radial: readonly number[];
}

/** Adam: 3 for the mean of the gradient, 4 for that of its square, 7 for the step and its corrections. */
export const ADAM_OPERATIONS = 14;

/**
 * The arithmetic, the weights and the bytes of a training step of the gate-points network (e3nn `SimpleNetwork`), fed with
 * ones: for each layer the two linear maps before the convolution (no gradient goes into the ones), radial network,
 * tensor product, and the linear maps after it, with 3 for blending them; for each gate one for each activation and
 * product and two for their gradients; Adam. Geometry, which no parameter changes, and the loss are left out. Bytes:
 * `convolutionBytes` of each layer, and 40 for each weight: read forward and backward, its gradient written and read,
 * parameter and two moments read and written.
 */
export function networkArithmetic(size: NetworkSize): { flops: number; weights: number; bytes: number } {
  const { nodes, edges, mul, lmax, layers } = size;
  const hidden = Irreps.parse(
    Array.from({ length: 2 * (lmax + 1) }, (_, i): [number, string] => [
      mul,
      `${i >> 1}${i % 2 ? 'e' : 'o'}`,
    ]),
  );
  const harmonics = Irreps.sphericalHarmonics(lmax);
  const scalar = Irreps.parse('0e');
  const parts: Arithmetic[] = [];
  let features = scalar;
  let weights = 0;
  let bytes = 0;
  for (let n = 0; n <= layers; n++) {
    const gate = n < layers ? hiddenGate(n, features, harmonics, hidden) : null;
    const out = gate ? gate.irrepsIn : Irreps.parse(size.irrepsOut);
    const spec = convolutionProduct(features, harmonics, out.add(scalar));
    const radial = [...size.radial, spec.weightNumel];
    const linear = (from: Irreps, to: Irreps, input = true) => {
      weights += linearWeights(from, to);
      parts.push(linearArithmetic(from, to, nodes, input));
    };
    linear(features, out, n > 0);
    linear(features, features, n > 0);
    parts.push(radialArithmetic(radial, edges), productArithmetic(spec, edges));
    weights += radial.slice(1).reduce((sum, m, i) => sum + radial[i] * m, 0);
    linear(spec.irrepsOut, out);
    linear(spec.irrepsOut, scalar);
    parts.push(pointwise(3 * nodes * out.dim));
    if (gate)
      parts.push(pointwise(nodes * (gate.irrepsScalars.dim + gate.irrepsGates.dim + gate.irrepsGated.dim)));
    const moved = convolutionBytes(spec, radial, size);
    bytes += moved.forward + moved.backward;
    features = gate ? gate.irrepsOut : out;
  }
  return { flops: total(sumOf(...parts)) + ADAM_OPERATIONS * weights, weights, bytes: bytes + 40 * weights };
}

function linearWeights(from: Irreps, to: Irreps): number {
  const pairs = from.blocks.flatMap((a) => to.blocks.map((b) => (a.ir.equals(b.ir) ? a.mul * b.mul : 0)));
  return pairs.reduce((sum, n) => sum + n, 0);
}

const pointwise = (count: number): Arithmetic => ({ forward: count, byInput: 2 * count, byWeights: 0 });
