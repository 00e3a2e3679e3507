// Unit forms. A corner is at (x r, y r, along * length + beyond * r): a head of an arrow stays in proportion however
// long the arrow is. Spheres and boxes have no length.

export interface Form {
  /** x, y, along, beyond, and the normal (x, y, z): seven numbers a corner. */
  readonly corners: Float32Array<ArrayBuffer>;
  readonly indices: Uint16Array<ArrayBuffer>;
}

type Ring = readonly [radius: number, along: number, beyond: number, outward: number, up: number];

/** What a line of rings makes when it is turned about the z axis. */
function turned(rings: readonly Ring[], sides: number): Form {
  const corners: number[] = [];
  const indices: number[] = [];
  rings.forEach(([radius, along, beyond, outward, up], r) => {
    const length = Math.hypot(outward, up) || 1;
    for (let s = 0; s <= sides; s++) {
      const [sin, cos] = [Math.sin((2 * Math.PI * s) / sides), Math.cos((2 * Math.PI * s) / sides)];
      corners.push(radius * cos, radius * sin, along, beyond);
      corners.push((outward * cos) / length, (outward * sin) / length, up / length);
      if (r === 0 || s === 0) continue;
      const here = r * (sides + 1) + s;
      const below = here - sides - 1;
      indices.push(below - 1, below, here, below - 1, here, here - 1);
    }
  });
  return { corners: new Float32Array(corners), indices: new Uint16Array(indices) };
}

function sphere(): Form {
  const rings: Ring[] = [];
  for (let i = 0; i <= 12; i++) {
    const [sin, cos] = [Math.sin((Math.PI * i) / 12), -Math.cos((Math.PI * i) / 12)];
    rings.push([sin, 0, cos, sin, cos]);
  }
  return turned(rings, 20);
}

function stick(): Form {
  const rings: Ring[] = [
    [0, 0, 0, 0, -1],
    [1, 0, 0, 0, -1],
    [1, 0, 0, 1, 0],
    [1, 1, 0, 1, 0],
    [1, 1, 0, 0, 1],
    [0, 1, 0, 0, 1],
  ];
  return turned(rings, 12);
}

/** How wide an arrow's head is, and how long, in radii of its shaft. */
export const HEAD = { width: 2.6, length: 6 } as const;

function arrow(): Form {
  const { width, length } = HEAD;
  const rings: Ring[] = [
    [0, 0, 0, 0, -1],
    [1, 0, 0, 0, -1],
    [1, 0, 0, 1, 0],
    [1, 1, -length, 1, 0],
    [1, 1, -length, 0, -1],
    [width, 1, -length, 0, -1],
    [width, 1, -length, length, width],
    [0, 1, 0, length, width],
  ];
  return turned(rings, 16);
}

/** Slightly less than a cube of half edge 1, so that neighbours can be told apart. */
function box(): Form {
  const corners: number[] = [];
  const indices: number[] = [];
  const edge = 0.97;
  for (let axis = 0; axis < 3; axis++)
    for (const sign of [1, -1]) {
      const first = corners.length / 7;
      for (const [u, v] of [
        [-1, -1],
        [1, -1],
        [1, 1],
        [-1, 1],
      ]) {
        const point = [0, 0, 0];
        const normal = [0, 0, 0];
        point[axis] = sign * edge;
        point[(axis + 1) % 3] = u * sign * edge;
        point[(axis + 2) % 3] = v * edge;
        normal[axis] = sign;
        corners.push(point[0], point[1], 0, point[2], ...normal);
      }
      indices.push(first, first + 1, first + 2, first, first + 2, first + 3);
    }
  return { corners: new Float32Array(corners), indices: new Uint16Array(indices) };
}

export const forms = { sphere, stick, arrow, box } as const;
