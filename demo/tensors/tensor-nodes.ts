import { constant, input, sphericalHarmonicsLayer } from '../../src/index.ts';
import { transposed } from '../shared/dense.ts';
import type { DirectionMesh } from '../shared/direction-mesh.ts';
import type { LiveNodes } from '../shared/live-program.ts';
import { matrixProduct, radialNormals, radialPoints, signColours } from '../shared/matrix-node.ts';
import { directionalPart, type ReducedKind } from './tensor-kinds.ts';

const degrees = [0, 1, 2, 3, 4];

/**
 * A tensor turned in two independent ways: all indices, and then taken apart; taken apart, and then each irrep.
 *
 * Inputs: `tensor`, 1 x size; `indices`, the transpose of R x R x .. in one row; `wigner`, that of D in one row.
 *
 * Outputs: `irreps` of the tensor; `turned`, its components after the turn; `irrepsOfTurned`, the one way, and
 * `turnedIrreps`, the other. With `scale` (1 x 1) and the colours `positive` and `negative` (1 x 4) as further inputs,
 * tensors of even rank have a surface to draw: |t_ij.. n_i n_j ..| in each direction n.
 */
export function turnedTensor(kind: ReducedKind, mesh: DirectionMesh): LiveNodes {
  const { size, irreps, basis } = kind;
  const tensor = input('tensor', 1, size);
  const toIrreps = constant(transposed(basis, size));
  const turned = matrixProduct(tensor, input('indices', 1, size * size));
  const parts = matrixProduct(tensor, toIrreps);
  const turnedIrreps = matrixProduct(parts, input('wigner', 1, irreps.dim * irreps.dim));
  const outputs = { irreps: parts, turned, irrepsOfTurned: matrixProduct(turned, toIrreps), turnedIrreps };
  const directional = directionalPart(kind);
  if (directional.every((v) => v === 0)) return { outputs };

  const corners = constant(mesh.directions, mesh.directions.length / 3, 3);
  const { node } = sphericalHarmonicsLayer(degrees, corners, { normalize: false, normalization: 'norm' });
  const values = matrixProduct(
    node,
    matrixProduct(turnedIrreps, constant(transposed(directional, irreps.dim))),
  );
  const scaled = matrixProduct(values, input('scale', 1, 1));
  const colours = signColours(values, input('positive', 1, 4), input('negative', 1, 4));
  return {
    outputs,
    drawn: { points: radialPoints(corners, scaled), normals: radialNormals(corners, scaled), colours },
  };
}
