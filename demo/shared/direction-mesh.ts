/** Directions all over the sphere, joined to triangles: what a function of the direction is drawn on. */
export interface DirectionMesh {
  /** Unit vectors, row-major [n, 3]. */
  readonly directions: Float64Array;
  /** Three numbers of directions a triangle, counter-clockwise seen from outside. */
  readonly triangles: Uint32Array;
}

/**
 * An icosahedron whose triangles are cut into four, `level` times: 10 * 4^level + 2 directions, nearly evenly
 * spread.
 */
export function icosphere(level: number): DirectionMesh {
  const g = (1 + Math.sqrt(5)) / 2;
  const corners = [-1, 1].flatMap((s) =>
    [-g, g].flatMap((t) => [
      [0, s, t],
      [s, t, 0],
      [t, 0, s],
    ]),
  );
  const points = corners.map(unit);
  // The faces are the triples of neighbours: corners at the shortest distance, 2 before scaling.
  const near = (a: number[], b: number[]) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) < 2.1;
  let faces: number[][] = [];
  for (let a = 0; a < 12; a++)
    for (let b = a + 1; b < 12; b++)
      for (let c = b + 1; c < 12; c++) {
        const [p, q, r] = [corners[a], corners[b], corners[c]];
        if (near(p, q) && near(q, r) && near(r, p)) faces.push(outwards(points, [a, b, c]));
      }
  for (let i = 0; i < level; i++) {
    const middles = new Map<string, number>();
    const middle = (a: number, b: number) => {
      const key = a < b ? `${a} ${b}` : `${b} ${a}`;
      let at = middles.get(key);
      if (at === undefined) {
        at = points.push(unit(points[a].map((v, axis) => v + points[b][axis]))) - 1;
        middles.set(key, at);
      }
      return at;
    };
    faces = faces.flatMap(([a, b, c]) => {
      const [ab, bc, ca] = [middle(a, b), middle(b, c), middle(c, a)];
      return [
        [a, ab, ca],
        [ab, b, bc],
        [ca, bc, c],
        [ab, bc, ca],
      ];
    });
  }
  return { directions: Float64Array.from(points.flat()), triangles: Uint32Array.from(faces.flat()) };
}

function unit(v: readonly number[]): number[] {
  const length = Math.hypot(...v);
  return v.map((x) => x / length);
}

function outwards(points: readonly number[][], [a, b, c]: number[]): number[] {
  const [p, q, r] = [points[a], points[b], points[c]];
  const volume =
    p[0] * (q[1] * r[2] - q[2] * r[1]) +
    p[1] * (q[2] * r[0] - q[0] * r[2]) +
    p[2] * (q[0] * r[1] - q[1] * r[0]);
  return volume > 0 ? [a, b, c] : [a, c, b];
}
