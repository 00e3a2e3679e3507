import {
  add,
  broadcast,
  constant,
  gather,
  index,
  input,
  type Matrix3,
  multiply,
  type Node,
  packIndexMap,
  sphericalHarmonicsLayer,
  subtract,
  sum,
} from '../../src/index.ts';
import { transposed } from '../shared/dense.ts';
import type { DirectionMesh } from '../shared/direction-mesh.ts';
import {
  matrixProduct,
  radialNormals,
  radialPoints,
  signColours,
  weightedSumOfRows,
} from '../shared/matrix-node.ts';
import { sphereQuadrature } from './sphere-quadrature.ts';

export const LMAX = 6;
/** 1, 3, 5, ... added up. */
const ALL = (LMAX + 1) ** 2;
const degrees = Array.from({ length: LMAX + 1 }, (_, l) => l);

/** e3nn's spherical harmonics with |Y^l| = 1, of unit vectors. */
const harmonics = (ls: readonly number[], directions: Node) =>
  sphericalHarmonicsLayer(ls, directions, { normalize: false, normalization: 'norm' }).node;

const colours = () => [input('positive', 1, 4), input('negative', 1, 4)] as const;

const rowsOf3 = (numbers: ArrayLike<number>) => constant(numbers, numbers.length / 3, 3);

/**
 * What the page shows of a function f = sum_m c_m Y^l_m and a rotation, computed in two independent ways.
 *
 * Inputs: `coefficients` c, 1 x (2l+1); `rotation` R and `rotationT`, its transpose, 1 x 9; `wignerRows` D, (2l+1)
 * x (2l+1), and `wignerT`, its transpose in one row.
 *
 * Outputs: `turned`, D c. `projected`, 1 x 49: the turned function f(R^-1 x), which is computed without D, projected
 * on every harmonic up to l = 6. `difference`: Y(R x) - D Y(x) at the corners of a sphere. `gram`: D D^T.
 *
 * Drawn: `points` and `colours` of the surface of D c; `positive` and `negative`, 1 x 4, are inputs as well.
 */
export function turnedFunction(l: number, mesh: DirectionMesh, probes: DirectionMesh) {
  const dim = 2 * l + 1;
  const coefficients = input('coefficients', 1, dim);
  const [rotation, rotationT] = [input('rotation', 1, 9), input('rotationT', 1, 9)];
  const [wignerRows, wignerT] = [input('wignerRows', dim, dim), input('wignerT', 1, dim * dim)];
  const turned = matrixProduct(coefficients, wignerT);

  const at = rowsOf3(probes.directions);
  const difference = subtract(
    harmonics([l], matrixProduct(at, rotationT)),
    matrixProduct(harmonics([l], at), wignerT),
  );

  const { directions, weights } = sphereQuadrature(2 * LMAX);
  const grid = rowsOf3(directions);
  // R^-1 x is R^T x, and in rows x R.
  const f = matrixProduct(harmonics([l], matrixProduct(grid, rotation)), coefficients);
  const overlaps = weightedSumOfRows(
    harmonics(degrees, grid),
    multiply(f, constant(weights, weights.length)),
  );
  // The mean of (Y^l_m)^2 is 1 / (2l + 1).
  const sizes = degrees.flatMap((k) => new Array<number>(2 * k + 1).fill(2 * k + 1));
  const projected = multiply(overlaps, constant(sizes));

  const corners = rowsOf3(mesh.directions);
  const values = matrixProduct(harmonics([l], corners), turned);
  return {
    outputs: { turned, projected, difference, gram: matrixProduct(wignerRows, wignerT) },
    drawn: {
      points: radialPoints(corners, values),
      normals: radialNormals(corners, values),
      colours: signColours(values, ...colours()),
    },
  };
}

/**
 * All harmonics up to l = 6 as surfaces in rows, l downwards and m to the right, one unit apart: `points`, 49 n x 3,
 * and `colours`, 49 n x 4, harmonic by harmonic, each turned by `seen` so that it is looked at from there. Inputs are the `feeds`, and the colours `positive` and `negative`.
 */
export function allHarmonics(mesh: DirectionMesh, size: number, seen: Matrix3) {
  const count = mesh.directions.length / 3;
  const rows = ALL * count;
  const repeated = (name: string, segments: number, of: (row: number) => number) => {
    const map = index(name, rows, segments);
    const indices = Uint32Array.from({ length: rows }, (_, row) => of(row));
    return { map, feed: packIndexMap(indices, rows, segments) };
  };
  const direction = repeated('direction', count, (row) => row % count);
  const harmonic = repeated('harmonic', ALL, (row) => Math.floor(row / count));
  const one = Float64Array.from({ length: ALL * ALL }, (_, at) => (at % (ALL + 1) === 0 ? 1 : 0));
  const corners = rowsOf3(mesh.directions);
  const every = gather(harmonics(degrees, corners), direction.map);
  const values = sum(multiply(every, gather(constant(one, ALL, ALL), harmonic.map)), 'cols');
  const places = degrees.flatMap((l) => Array.from({ length: 2 * l + 1 }, (_, k) => [k - l, -l, 0])).flat();
  const surface = radialPoints(
    gather(matrixProduct(corners, constant(transposed(seen, 3))), direction.map),
    multiply(values, broadcast(constant(size), rows, 1)),
  );
  return {
    drawn: {
      points: add(surface, gather(rowsOf3(places), harmonic.map)),
      colours: signColours(values, ...colours()),
    },
    feeds: { direction: direction.feed, harmonic: harmonic.feed },
  };
}
