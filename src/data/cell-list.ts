import type { Lattice } from './lattice.ts';

/** What a search is given, checked. */
export interface Search {
  readonly pos: ArrayLike<number>;
  readonly radius: number;
  readonly inclusive: boolean;
  readonly batch?: ArrayLike<number>;
  /** Rows = lattice vectors; only the periodic ones are read. */
  readonly cell: ArrayLike<number>;
  readonly lattice: Lattice;
  readonly maxEdges: number;
}

/** What it finds, ordered by (src, dst, shift), and how many distances it took. */
export interface Found {
  readonly src: Uint32Array;
  readonly dst: Uint32Array;
  readonly shift: Int32Array;
  /** Distances that were computed in one of the two passes over them. */
  readonly distances: number;
}

/** Cells of the search along one axis. */
interface Bins {
  readonly count: number;
  /** How many bins to both sides may hold neighbours. */
  readonly reach: number;
}

/**
 * All pairs within the radius by cell lists (Allen and Tildesley, "Computer Simulation of Liquids", 5.3): points
 * are sorted into bins at least as wide as the radius, and only neighbouring bins are searched. Where the cell is
 * narrower than the radius it is one bin, and its images are the neighbouring ones. Only bins that hold points are
 * kept, so empty space costs nothing.
 */
export function searchCells(search: Search): Found {
  const { pos, radius, inclusive, cell, lattice, maxEdges } = search;
  const n = pos.length / 3;
  const { bins, points, at, wrap, find, start, sorted } = sortIntoBins(search);
  const { periodic, multiples } = lattice;
  let distances = 0;

  /** Calls `visit` for every edge, ordered by dst. */
  const each = (visit: (i: number, j: number, sx: number, sy: number, sz: number) => void) => {
    distances = 0;
    const square = radius * radius;
    const [below, above] = [square * (1 - 1e-12), square * (1 + 1e-12)];
    const range = (k: number, j: number): [number, number] => {
      const bin = at[4 * j + k];
      const { count, reach } = bins[k];
      return periodic[k]
        ? [bin - reach, bin + reach]
        : [Math.max(0, bin - reach), Math.min(count - 1, bin + reach)];
    };
    for (let j = 0; j < n; j++) {
      const [x0, x1] = range(0, j);
      const [y0, y1] = range(1, j);
      const [z0, z1] = range(2, j);
      for (let x = x0; x <= x1; x++) {
        const imageX = Math.floor(x / bins[0].count);
        for (let y = y0; y <= y1; y++) {
          const imageY = Math.floor(y / bins[1].count);
          for (let z = z0; z <= z1; z++) {
            const imageZ = Math.floor(z / bins[2].count);
            const bin = find(
              at[4 * j + 3],
              x - imageX * bins[0].count,
              y - imageY * bins[1].count,
              z - imageZ * bins[2].count,
            );
            if (bin === undefined) continue;
            const tx = wrap[3 * j] + imageX * multiples[0] + imageY * multiples[3] + imageZ * multiples[6];
            const ty =
              wrap[3 * j + 1] + imageX * multiples[1] + imageY * multiples[4] + imageZ * multiples[7];
            const tz =
              wrap[3 * j + 2] + imageX * multiples[2] + imageY * multiples[5] + imageZ * multiples[8];
            distances += start[bin + 1] - start[bin];
            for (let p = start[bin]; p < start[bin + 1]; p++) {
              const i = sorted[p];
              const sx = wrap[3 * i] - tx;
              const sy = wrap[3 * i + 1] - ty;
              const sz = wrap[3 * i + 2] - tz;
              if (i === j && sx === 0 && sy === 0 && sz === 0) continue;
              const dx = points[3 * j] - points[3 * i] + (sx * cell[0] + sy * cell[3] + sz * cell[6]);
              const dy = points[3 * j + 1] - points[3 * i + 1] + (sx * cell[1] + sy * cell[4] + sz * cell[7]);
              const dz = points[3 * j + 2] - points[3 * i + 2] + (sx * cell[2] + sy * cell[5] + sz * cell[8]);
              const d = dx * dx + dy * dy + dz * dz;
              if (d > above) continue;
              if (!(d < below)) {
                // The slow, exact distance decides on the sphere, and where squares are beyond the range of f64.
                const exact = Math.hypot(dx, dy, dz);
                if (!(inclusive ? exact <= radius : exact < radius)) continue;
              }
              visit(i, j, sx, sy, sz);
            }
          }
        }
      }
    }
  };

  const next = new Float64Array(n + 1);
  let total = 0;
  each((i, j) => {
    next[i + 1]++;
    if (++total > maxEdges)
      throw new Error(
        `radiusGraph: more than ${maxEdges} edges at point ${j} of ${n} (about ${Math.ceil((total * n) / (j + 1))} in all); ` +
          'use a smaller radius, or raise maxEdges if there is memory for them (20 bytes an edge)',
      );
  });
  for (let i = 0; i < n; i++) next[i + 1] += next[i];
  const src = new Uint32Array(total);
  const dst = new Uint32Array(total);
  const shift = new Int32Array(3 * total);
  each((i, j, sx, sy, sz) => {
    const edge = next[i]++;
    src[edge] = i;
    dst[edge] = j;
    shift[3 * edge] = sx;
    shift[3 * edge + 1] = sy;
    shift[3 * edge + 2] = sz;
  });
  // One pair can be joined several times only where the search comes to a bin more than once.
  if (bins.some(({ count, reach }, k) => periodic[k] && 2 * reach + 1 > count)) sortShifts(src, dst, shift);
  return { src, dst, shift, distances };
}

/** Points in bins: a counting sort over the bins that hold any. */
function sortIntoBins({ pos, radius, batch, cell, lattice, maxEdges }: Search) {
  const { periodic, inverse, heights, multiples } = lattice;
  const points = Float64Array.from(pos);
  const n = points.length / 3;
  const graphs = new Map<number, number>();
  if (batch) for (let i = 0; i < n; i++) if (!graphs.has(batch[i])) graphs.set(batch[i], graphs.size);
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  const along = new Float64Array(3 * n);
  let size = 0;
  for (let i = 0; i < n; i++)
    for (let k = 0; k < 3; k++) {
      const value =
        points[3 * i] * inverse[k] + points[3 * i + 1] * inverse[3 + k] + points[3 * i + 2] * inverse[6 + k];
      along[3 * i + k] = value;
      low[k] = Math.min(low[k], value);
      high[k] = Math.max(high[k], value);
      size = Math.max(size, Math.abs(points[3 * i + k]));
    }
  for (let k = 0; k < 9; k++) size += Math.abs(cell[k]);
  // Coordinates along the axes are rounded: the bins are wider by more than that.
  const width = radius * (1 + 1e-9) + 1e-13 * size;
  // Four whole numbers name a bin; together they must be exact in a double.
  const most = Math.floor(Math.cbrt(2 ** 52 / Math.max(1, graphs.size)));
  const bins = [0, 1, 2].map((k): Bins => {
    const extent = periodic[k] ? heights[k] : high[k] - low[k];
    const count = Number.isFinite(extent) ? Math.max(1, Math.min(most, Math.floor(extent / width))) : 1;
    return { count, reach: periodic[k] ? Math.max(1, Math.ceil(width / extent)) : 1 };
  });
  const images = bins.reduce((product, { count, reach }) => product * (count === 1 ? 2 * reach + 1 : 1), 1);
  // Of the images that a reduced basis makes the search look at, more than every 32nd is within the radius.
  if (n > 0 && images > 32 * maxEdges)
    throw new Error(
      `radiusGraph: the radius ${radius} reaches over about ${images.toPrecision(2)} images of the cell, more than maxEdges = ${maxEdges}; ` +
        'check the units of the cell and of the radius',
    );
  const at = new Float64Array(4 * n);
  const wrap = new Float64Array(3 * n);
  const numbers = new Map<number, number>();
  const keyOf = (graph: number, x: number, y: number, z: number) =>
    ((graph * bins[0].count + x) * bins[1].count + y) * bins[2].count + z;
  const binOf = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    at[4 * i + 3] = batch ? graphs.get(batch[i])! : 0;
    for (let k = 0; k < 3; k++) {
      const value = along[3 * i + k];
      const cells = periodic[k] ? Math.floor(value) : 0;
      const part = periodic[k] ? value - cells : (value - low[k]) / (high[k] - low[k]);
      const { count } = bins[k];
      at[4 * i + k] = count === 1 ? 0 : Math.min(count - 1, Math.floor(part * count));
      for (let d = 0; d < 3; d++) wrap[3 * i + d] += cells * multiples[3 * k + d];
    }
    for (let d = 0; d < 3; d++)
      if (Math.abs(wrap[3 * i + d]) > 2 ** 29)
        throw new Error(
          `radiusGraph: point ${i} lies ${wrap[3 * i + d]} lattice vectors outside of the cell, where positions have no digits left; wrap it back`,
        );
    const key = keyOf(at[4 * i + 3], at[4 * i], at[4 * i + 1], at[4 * i + 2]);
    const known = numbers.get(key);
    binOf[i] = known ?? numbers.size;
    if (known === undefined) numbers.set(key, numbers.size);
  }
  const start = new Uint32Array(numbers.size + 1);
  for (let i = 0; i < n; i++) start[binOf[i] + 1]++;
  for (let b = 0; b < numbers.size; b++) start[b + 1] += start[b];
  const next = start.slice();
  const sorted = new Uint32Array(n);
  for (let i = 0; i < n; i++) sorted[next[binOf[i]]++] = i;
  const find = (graph: number, x: number, y: number, z: number) => numbers.get(keyOf(graph, x, y, z));
  return { bins, points, at, wrap, find, start, sorted };
}

/** Orders edges between the same two points by shift. */
function sortShifts(src: Uint32Array, dst: Uint32Array, shift: Int32Array): void {
  for (let from = 0, to = 0; from < src.length; from = to) {
    while (to < src.length && src[to] === src[from] && dst[to] === dst[from]) to++;
    if (to - from === 1) continue;
    const rows = Array.from({ length: to - from }, (_, r) => shift.slice(3 * (from + r), 3 * (from + r + 1)));
    rows.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
    rows.forEach((row, r) => {
      shift.set(row, 3 * (from + r));
    });
  }
}
