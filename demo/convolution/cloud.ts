import { type Irreps, type Matrix3, Random, radiusGraph } from '../../src/index.ts';

/** Points of the picture. */
export const POINTS = 10;
/** They lie in a cube of this half edge, and not nearer to each other than NEAREST. */
const HALF = 1.6;
const NEAREST = 0.7;

/** Points at random, [POINTS, 3], the same for the same seed; the first is the middle one. */
export function cloud(seed: number): Float64Array {
  const random = new Random(seed);
  const positions = new Float64Array(3 * POINTS);
  for (let i = 1; i < POINTS; i++)
    for (let fits = false; !fits; ) {
      const p = [0, 1, 2].map(() => (2 * random.uniform() - 1) * HALF);
      positions.set(p, 3 * i);
      fits = Array.from({ length: i }, (_, j) => distance(positions, i, j)).every((r) => r > NEAREST);
    }
  return positions;
}

/** Features at random, [POINTS, irreps.dim]; scalars are positive, as masses are. */
export function cloudFeatures(seed: number, irreps: Irreps): Float64Array {
  const values = new Random(seed + 1_000_000).normals(POINTS * irreps.dim);
  let at = 0;
  for (const { mul, ir } of irreps.blocks) {
    if (ir.l === 0)
      for (let i = 0; i < POINTS; i++)
        for (let u = 0; u < mul; u++) {
          const k = i * irreps.dim + at + u;
          values[k] = 0.5 + Math.abs(values[k]) / 2;
        }
    at += mul * ir.dim;
  }
  return values;
}

export function distance(p: ArrayLike<number>, i: number, j: number): number {
  return Math.hypot(p[3 * i] - p[3 * j], p[3 * i + 1] - p[3 * j + 1], p[3 * i + 2] - p[3 * j + 2]);
}

/** Edges of points nearer than the radius, and those that point to one of them, nearest first. */
export function neighbourhoods(positions: ArrayLike<number>, radius: number) {
  const { src, dst } = radiusGraph(positions, radius);
  return {
    src,
    dst,
    of(centre: number): number[] {
      const edges = Array.from(dst.keys()).filter((e) => dst[e] === centre);
      const away = (e: number) => distance(positions, src[e], centre);
      return edges.sort((a, b) => away(a) - away(b));
    },
  };
}

/** Points turned by a matrix. */
export function turnPoints(matrix: Matrix3, p: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: p.length }, (_, k) => {
    const [i, r] = [3 * Math.floor(k / 3), k % 3];
    return matrix[3 * r] * p[i] + matrix[3 * r + 1] * p[i + 1] + matrix[3 * r + 2] * p[i + 2];
  });
}

/** Rows of irreps turned by a matrix (determinant 1 or -1), in e3nn's order. */
export function turnFeatures(irreps: Irreps, matrix: Matrix3, x: ArrayLike<number>): Float64Array {
  const { dim } = irreps;
  const d = irreps.D({ matrix });
  return Float64Array.from({ length: x.length }, (_, k) => {
    const [row, r] = [k - (k % dim), k % dim];
    let sum = 0;
    for (let c = 0; c < dim; c++) sum += d[r * dim + c] * x[row + c];
    return sum;
  });
}
