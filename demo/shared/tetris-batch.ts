import {
  type EdgeList,
  type GeometricTensor,
  type Matrix3,
  type Module,
  type PointGraph,
  pointGraph,
  pointGraphFeeds,
  tetrisShapes,
  type Weights,
} from '../../src/index.ts';

/** A model of the shapes, and what it takes for neighbours. */
export interface Recipe {
  readonly module: Module;
  apply(weights: Weights, graph: PointGraph): GeometricTensor;
  readonly radius: number;
  /** torch_cluster's rule, which two of e3nn's examples use. */
  readonly inclusive: boolean;
  readonly learningRate: number;
}

/** Some of the shapes as one batch of graphs: leaves of a program, and the numbers to feed them. */
export function batchOf(shapes: readonly number[], { radius, inclusive }: Recipe) {
  const pos = shapes.flatMap((s) => [...tetrisShapes[s].points]);
  const batch = Array.from({ length: shapes.length * 4 }, (_, i) => Math.floor(i / 4));
  const edges = edgesOf(pos, batch, radius, inclusive);
  const size = { nodes: batch.length, edges: edges.src.length, graphs: shapes.length };
  return { graph: pointGraph(size), feeds: pointGraphFeeds(size, pos, edges, batch) };
}

/** The edges of `radiusGraph`, in its order: for a few points it would be more to load than to compute. */
export function edgesOf(
  pos: readonly number[],
  batch: readonly number[],
  radius: number,
  inclusive: boolean,
): EdgeList {
  const near = (i: number, j: number) => {
    const distance = Math.hypot(...[0, 1, 2].map((k) => pos[3 * i + k] - pos[3 * j + k]));
    return inclusive ? distance <= radius : distance < radius;
  };
  const pairs = batch.flatMap((shape, i) =>
    batch.flatMap((other, j) => (i !== j && other === shape && near(i, j) ? [[i, j]] : [])),
  );
  return {
    src: Uint32Array.from(pairs, ([i]) => i),
    dst: Uint32Array.from(pairs, ([, j]) => j),
  };
}

export const allShapes: readonly number[] = tetrisShapes.map((_, s) => s);
/** e3nn's training set: one of the chiral pair is never seen. */
export const trainingShapes: readonly number[] = allShapes.slice(1);

/** The coordinates of the eight shapes in the orientation in which they are trained: 8 x 4 x 3. */
export const originalPoints: readonly number[] = tetrisShapes.flatMap(({ points }) => [...points]);

/** Row-major points (n x 3), turned. */
export function turn(m: Matrix3, points: ArrayLike<number>): number[] {
  const out: number[] = [];
  for (let i = 0; i < points.length; i += 3)
    for (let r = 0; r < 3; r++)
      out.push(m[3 * r] * points[i] + m[3 * r + 1] * points[i + 1] + m[3 * r + 2] * points[i + 2]);
  return out;
}
