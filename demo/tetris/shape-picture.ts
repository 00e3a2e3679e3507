/** A shape as four cubes, drawn as SVG from slightly above. */

const SVG = 'http://www.w3.org/2000/svg';
const [AZIMUTH, ELEVATION] = [0.55, 0.6];
const [sinA, cosA, sinE, cosE] = [
  Math.sin(AZIMUTH),
  Math.cos(AZIMUTH),
  Math.sin(ELEVATION),
  Math.cos(ELEVATION),
];

type Point = readonly [x: number, y: number, z: number];

/** Orthographic, and right-handed: a shape and its mirror image look like what they are. */
function project([x, y, z]: Point): [right: number, down: number] {
  return [-sinA * x + cosA * y, sinE * cosA * x + sinE * sinA * y - cosE * z];
}

/** The three faces that can be seen of a cube with its smallest corner at 0. */
const faces: Readonly<Record<string, readonly Point[]>> = {
  front: [
    [1, 0, 0],
    [1, 1, 0],
    [1, 1, 1],
    [1, 0, 1],
  ],
  side: [
    [0, 1, 0],
    [1, 1, 0],
    [1, 1, 1],
    [0, 1, 1],
  ],
  top: [
    [0, 0, 1],
    [1, 0, 1],
    [1, 1, 1],
    [0, 1, 1],
  ],
};

/** Points (row-major [n, 3], whole numbers) as cubes. */
export function shapePicture(points: readonly number[]): SVGSVGElement {
  const cubes: Point[] = [];
  for (let i = 0; i < points.length; i += 3) cubes.push([points[i], points[i + 1], points[i + 2]]);
  // A cube can only hide one whose coordinates are none of them larger.
  cubes.sort((a, b) => a[0] + a[1] + a[2] - (b[0] + b[1] + b[2]));
  const corners = cubes.flatMap(([x, y, z]) =>
    Object.entries(faces).map(([name, face]) => ({
      name,
      outline: face.map(([i, j, k]) => project([x + i, y + j, z + k])),
    })),
  );
  const range = (axis: 0 | 1) => {
    const values = corners.flatMap(({ outline }) => outline.map((corner) => corner[axis]));
    return [Math.min(...values), Math.max(...values)];
  };
  const [[left, right], [top, bottom]] = [range(0), range(1)];
  // A little larger than a shape needs; the small ones are not blown up to the size of the long one.
  const size = Math.max(3.2, right - left, bottom - top) + 0.1;
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute(
    'viewBox',
    [(left + right - size) / 2, (top + bottom - size) / 2, size, size].map((v) => v.toFixed(3)).join(' '),
  );
  svg.setAttribute('class', 'shape');
  svg.setAttribute('aria-hidden', 'true');
  for (const { name, outline } of corners) {
    const polygon = document.createElementNS(SVG, 'polygon');
    polygon.setAttribute('class', name);
    polygon.setAttribute('points', outline.map((xy) => xy.map((v) => v.toFixed(3)).join(',')).join(' '));
    svg.append(polygon);
  }
  return svg;
}
