import { neighbourShaders } from '../../shaders/neighbours.ts';
import * as e from '../graph/expression.ts';
import { constant } from '../graph/leaf.ts';
import { apply, type Op, shapeOf } from '../graph/node.ts';

export interface NeighbourAttrs {
  /** In the unit of the positions. */
  readonly radius: number;
  /** Axes along which the points repeat, as text ("xz"), so that equal attributes are equal. */
  readonly pbc: string;
}

/** Bins are this much wider than the radius: more than the coordinates of two points are rounded by in 32 bits. */
const WIDER = 1.002;
/** Farthest coordinate, in radii, for which that holds when the cell has right angles. */
const FARTHEST = 2000;
/** Least volume of a cell, compared with a box with the same edges. */
const FLATTEST = 1e-3;
/** Bins that are searched on one side at most: a radius that reaches over more images of the cell is refused. */
export const MOST_BINS = 100;
/** Columns of a frame: cell 9, inverse 9, counts 3, reach 3, farthest coordinate. */
export const FRAME = 25;

export const isPeriodic = ({ pbc }: NeighbourAttrs) => [...'xyz'].map((axis) => pbc.includes(axis));

/**
 * How space is cut into bins as wide as the radius: graphs x 25, from the cells (graphs x 9). See the shader for
 * the columns. It is computed on the GPU because the cell may change from run to run.
 */
export const neighbourFrameOp: Op<NeighbourAttrs> = {
  name: 'neighbourFrame',
  shape([cell]) {
    if (cell.cols !== 9)
      throw new Error(
        `neighbourList: a cell is 9 numbers, one row a graph (rows of the cell = lattice vectors), got ${shapeOf(cell)}`,
      );
    return { rows: cell.rows, cols: FRAME };
  },
  reference([cells], { rows, attrs }) {
    const out = new Float64Array(rows * FRAME);
    for (let g = 0; g < rows; g++) out.set(frameOf(cells.subarray(9 * g, 9 * g + 9), attrs), g * FRAME);
    return out;
  },
  gradient: () => [null],
  kernel({ rows, attrs }) {
    return {
      shader: 'neighbour-frame',
      text: neighbourShaders['neighbour-frame'],
      params: {
        GRAPHS: `${rows}u`,
        WIDTH: e.literal(WIDER * attrs.radius),
        MOST: e.literal(MOST_BINS),
        FARTHEST: e.literal(FARTHEST * attrs.radius),
        FLATTEST: e.literal(FLATTEST),
        PERIODIC: `vec3<bool>(${isPeriodic(attrs).join(', ')})`,
      },
      bindings: { cells: 0, result: 'result' },
      workgroups: Math.ceil(rows / 64),
    };
  },
  print: ({ radius, pbc }) => `${radius} ${pbc}`,
  examples: () =>
    ['xyz', 'xy', 'z', ''].map((pbc) =>
      apply(
        neighbourFrameOp,
        [constant([3, 0, 0.1, 0.4, -4.2, 0, 0, 0.7, 0.25, 9, 1, 0, 0, 8, 1, 1, 0, 7], 2)],
        {
          radius: 1.3,
          pbc,
        },
      ),
    ),
};

type Vector = readonly [number, number, number];
const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const scaled = (a: Vector, by: number): Vector => [a[0] * by, a[1] * by, a[2] * by];
const unit = (a: Vector) => scaled(a, 1 / Math.hypot(...a));
const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

function frameOf(cell: ArrayLike<number>, attrs: NeighbourAttrs): number[] {
  const periodic = isPeriodic(attrs);
  const width = WIDER * attrs.radius;
  const axes = [0, 1, 2].map((k): Vector => {
    if (periodic[k]) return [cell[3 * k], cell[3 * k + 1], cell[3 * k + 2]];
    return [k === 0 ? 1 : 0, k === 1 ? 1 : 0, k === 2 ? 1 : 0];
  });
  const found = periodic.filter(Boolean).length;
  if (found === 1) {
    const k = periodic.indexOf(true);
    const sizes = axes[k].map(Math.abs);
    const flattest = sizes.indexOf(Math.min(...sizes));
    axes[(k + 1) % 3] = unit(
      cross(axes[k], [0, 1, 2].map((d) => (d === flattest ? 1 : 0)) as unknown as Vector),
    );
    axes[(k + 2) % 3] = unit(cross(axes[k], axes[(k + 1) % 3]));
  } else if (found === 2) {
    const k = periodic.indexOf(false);
    axes[k] = unit(cross(axes[(k + 1) % 3], axes[(k + 2) % 3]));
  }
  const volume = dot(axes[0], cross(axes[1], axes[2]));
  const columns = [0, 1, 2].map((k) => scaled(cross(axes[(k + 1) % 3], axes[(k + 2) % 3]), 1 / volume));
  const heights = columns.map((column) => 1 / Math.hypot(...column));
  const counts = heights.map((h, k) =>
    periodic[k] ? Math.min(Math.max(1, Math.floor(h / width)), 2 ** 20) : 0,
  );
  const reach = heights.map((h, k) => (periodic[k] ? Math.max(1, Math.ceil(width / h)) : 1));
  const box = axes.reduce((product, axis) => product * Math.hypot(...axis), 1);
  const good = Math.abs(volume) > FLATTEST * box && reach.every((r) => r <= MOST_BINS);
  const farthest = good ? (FARTHEST * attrs.radius * Math.abs(volume)) / box : -1;
  const inverse = columns.flatMap((column, k) => (periodic[k] ? column : scaled(column, 1 / width)));
  return [...Array.from(cell), ...inverse, ...counts, ...reach, farthest];
}
