/**
 * A basis of space for sorting points into bins: lattice vectors along periodic axes, unit normals along open ones.
 */
export interface Lattice {
  /** For each axis of the basis whether points repeat along it. */
  readonly periodic: readonly boolean[];
  /** Columns turn positions into coordinates along the axes: the inverse of the matrix of basis vectors, 3 x 3. */
  readonly inverse: Float64Array;
  /** Distance between the two faces of the cell that each axis crosses. */
  readonly heights: readonly number[];
  /** Row k: the basis vector k in whole multiples of the given vectors, zeros for an open axis. 3 x 3. */
  readonly multiples: Float64Array;
}

type Vector = [number, number, number];

const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const length = (a: Vector) => Math.hypot(...a);
const scaled = (a: Vector, by: number): Vector => [a[0] * by, a[1] * by, a[2] * by];

/** Vectors are dependent when what they span is this small a part of the box with their lengths as sides. */
const SINGULAR = 1e-14;

/**
 * A compact basis for the lattice that the periodic rows of a cell span. A skewed cell has flat faces close to each
 * other, so that a search through it would look at many images; a Minkowski-reduced basis of the same lattice has
 * none.
 *
 * @throws Error if the periodic vectors do not span a volume (an area, a length).
 */
export function latticeOf(cell: ArrayLike<number>, pbc: readonly boolean[]): Lattice {
  const rows = [0, 1, 2].map((k): Vector => [cell[3 * k], cell[3 * k + 1], cell[3 * k + 2]]);
  const axes = [0, 1, 2].filter((k) => pbc[k]);
  const vectors = axes.map((k) => rows[k]);
  const multiples = axes.map((k): Vector => [k === 0 ? 1 : 0, k === 1 ? 1 : 0, k === 2 ? 1 : 0]);
  const extent = extentOf(vectors.map((v) => scaled(v, 1 / length(v))));
  if (!(extent > SINGULAR))
    throw new Error(
      `radiusGraph: the periodic lattice vectors ${rows.map((v) => `(${v.join(', ')})`).join(', ')} are not independent: ` +
        `they span ${['nothing', 'no length', 'no area', 'no volume'][axes.length]}; check the cell (rows = vectors), or make an axis open with pbc`,
    );
  reduce(vectors, multiples);
  complete(vectors);
  const [a, b, c] = vectors;
  const volume = dot(a, cross(b, c));
  const columns = [cross(b, c), cross(c, a), cross(a, b)].map((v) => scaled(v, 1 / volume));
  return {
    periodic: [0, 1, 2].map((k) => k < axes.length),
    inverse: Float64Array.from([0, 1, 2].flatMap((d) => columns.map((column) => column[d]))),
    heights: columns.map((column) => 1 / length(column)),
    multiples: Float64Array.from({ length: 9 }, (_, i) => multiples[Math.floor(i / 3)]?.[i % 3] ?? 0),
  };
}

/** Length, area or volume that vectors span; 1 for none. */
function extentOf(vectors: readonly Vector[]): number {
  if (vectors.length === 0) return 1;
  if (vectors.length === 1) return length(vectors[0]);
  const normal = cross(vectors[0], vectors[1]);
  return vectors.length === 2 ? length(normal) : Math.abs(dot(normal, vectors[2]));
}

/**
 * Minkowski reduction in up to three dimensions (Semaev, "A 3-dimensional lattice reduction algorithm", 2001): each
 * vector is made as short as the others allow. `multiples` follow.
 */
function reduce(vectors: Vector[], multiples: Vector[]): void {
  /** Adds whole multiples of the other vectors to vector i if that makes it shorter. */
  const shorten = (i: number, terms: readonly (readonly [number, number])[]): boolean => {
    const sum = (list: readonly Vector[]) =>
      [0, 1, 2].map((d) => terms.reduce((v, [j, k]) => v + k * list[j][d], list[i][d])) as Vector;
    const candidate = sum(vectors);
    // Not by rounding alone: it must come to an end.
    if (!(length(candidate) < length(vectors[i]) * (1 - 1e-9))) return false;
    multiples[i] = sum(multiples);
    vectors[i] = candidate;
    return true;
  };
  for (let shorter = true; shorter; ) {
    shorter = false;
    for (let i = 0; i < vectors.length; i++)
      for (let j = 0; j < vectors.length; j++) {
        const k = i === j ? 0 : -Math.round(dot(vectors[i], vectors[j]) / dot(vectors[j], vectors[j]));
        if (k !== 0 && shorten(i, [[j, k]])) shorter = true;
      }
    if (shorter || vectors.length < 3) continue;
    for (let i = 0; i < 3; i++)
      for (const x of [-1, 1])
        for (const y of [-1, 1])
          if (
            shorten(i, [
              [(i + 1) % 3, x],
              [(i + 2) % 3, y],
            ])
          )
            shorter = true;
  }
}

/** Adds unit vectors that stand at right angles to all others until there are three. */
function complete(vectors: Vector[]): void {
  if (vectors.length === 0) vectors.push([1, 0, 0], [0, 1, 0], [0, 0, 1]);
  if (vectors.length === 1) {
    const [v] = vectors;
    const flattest = [0, 1, 2].reduce((a, b) => (Math.abs(v[b]) < Math.abs(v[a]) ? b : a));
    const other = cross(v, [0, 1, 2].map((d) => (d === flattest ? 1 : 0)) as Vector);
    vectors.push(scaled(other, 1 / length(other)));
  }
  if (vectors.length === 2) {
    const normal = cross(vectors[0], vectors[1]);
    vectors.push(scaled(normal, 1 / length(normal)));
  }
}
