import {
  constant,
  fullTensorProduct,
  Irrep,
  type IrrepLike,
  input,
  scale,
  slice,
  sphericalHarmonicsLayer,
  type TensorProductSpec,
  tensorInput,
  tensorProduct,
  tensorProductLayer,
} from '../../src/index.ts';
import type { DirectionMesh } from '../shared/direction-mesh.ts';
import type { LiveNodes } from '../shared/live-program.ts';
import { matrixProduct, radialNormals, radialPoints, signColours } from '../shared/matrix-node.ts';

/** Inputs `x` and `y` multiplied, and `turnedX` and `turnedY`, to be compared with the turned product: 1 row each. */
function productOf(spec: TensorProductSpec) {
  const layer = tensorProductLayer(spec);
  const of = (x: string, y: string) =>
    layer.apply(null, tensorInput(x, 1, layer.layoutIn1), tensorInput(y, 1, layer.layoutIn2)).node;
  return { product: of('x', 'y'), productOfTurned: of('turnedX', 'turnedY') };
}

/**
 * Two vectors multiplied in all ways there are, 0e + 1e + 2e (e3nn `FullTensorProduct('1o', '1o')`); the part 2e as a
 * surface, |n S n| in each direction n, with inputs `scale` (1 x 1), `positive` and `negative` (1 x 4).
 */
export function vectorProduct(mesh: DirectionMesh): LiveNodes {
  const outputs = productOf(fullTensorProduct('1o', '1o'));
  const corners = constant(mesh.directions, mesh.directions.length / 3, 3);
  const { node } = sphericalHarmonicsLayer([2], corners, { normalize: false, normalization: 'norm' });
  // Of the unit tensors of the basis, n n has sqrt(2/3) Y^2 with |Y^2| = 1.
  const values = scale(matrixProduct(node, slice(outputs.product, 4, 5)), Math.sqrt(2 / 3));
  const colours = signColours(values, input('positive', 1, 4), input('negative', 1, 4));
  const scaled = matrixProduct(values, input('scale', 1, 1));
  return {
    outputs,
    drawn: { points: radialPoints(corners, scaled), normals: radialNormals(corners, scaled), colours },
  };
}

/** Why a path is not there, or null. */
export function forbidden(ir1: IrrepLike, ir2: IrrepLike, ir3: IrrepLike): string | null {
  const [a, b, c] = [ir1, ir2, ir3].map(Irrep.parse);
  const [low, high] = [Math.abs(a.l - b.l), a.l + b.l];
  if (c.l < low || c.l > high)
    return `The triangle rule forbids it: ${a} × ${b} has l from |${a.l} − ${b.l}| = ${low} to ${a.l} + ${b.l} = ${high}, not ${c.l}.`;
  const sign = (p: number) => (p === 1 ? '+1' : '−1');
  if (a.p * b.p !== c.p)
    return `Parity forbids it: (${sign(a.p)}) · (${sign(b.p)}) = ${sign(a.p * b.p)}, but ${c} has ${sign(c.p)}.`;
  return null;
}

/** A single path ir1 x ir2 -> ir3 (e3nn `TensorProduct` with one instruction). */
export function onePath(ir1: IrrepLike, ir2: IrrepLike, ir3: IrrepLike): LiveNodes {
  const [a, b, c] = [ir1, ir2, ir3].map(String);
  return { outputs: productOf(tensorProduct(a, b, c, [[0, 0, 0, 'uuu', false]])) };
}
