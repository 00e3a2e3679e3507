// Runs in a page: what stands on the gallery's cards, drawn by the pages' own scenes.
import { icosphere } from '../../../demo/shared/direction-mesh.ts';
import { type Colour, Scene, type SceneObject } from '../../../demo/shared/scene.ts';
import {
  type Matrix3,
  matrixX,
  matrixY,
  requestDevice,
  sphericalHarmonics,
  tetrisShapes,
} from '../../../src/index.ts';

const blue: Colour = [0.3, 0.52, 0.95];
const orange: Colour = [0.93, 0.53, 0.14];
const green: Colour = [0.1, 0.62, 0.48];
const grey: Colour = [0.55, 0.58, 0.64];

type Point = readonly [number, number, number];

interface Picture {
  readonly objects: readonly SceneObject[];
  readonly radius: number;
  readonly azimuth?: number;
  readonly elevation?: number;
}

const mesh = icosphere(4);

/** The directions, each as far away as a function says; blue where it is positive, orange where it is negative. */
function lobes(value: (i: number) => number, position: Point, size: number): SceneObject {
  const count = mesh.directions.length / 3;
  const values = Array.from({ length: count }, (_, i) => value(i));
  return {
    form: 'surface',
    positions: Float32Array.from(mesh.directions, (d, k) => d * size * Math.abs(values[Math.floor(k / 3)])),
    colours: new Float32Array(values.flatMap((v) => [...(v >= 0 ? blue : orange), 1])),
    indices: mesh.triangles,
    position,
  };
}

function harmonic(l: number, m: number, position: Point, size: number): SceneObject {
  const values = sphericalHarmonics([l], mesh.directions, { normalize: false, normalization: 'integral' });
  return lobes((i) => values[(2 * l + 1) * i + l + m], position, size);
}

const arrows = (
  from: readonly Point[],
  vectors: readonly Point[],
  colours: readonly Colour[],
  sizes = 0.05,
): SceneObject => ({
  form: 'arrow',
  positions: new Float32Array(from.flat()),
  vectors: new Float32Array(vectors.flat()),
  colours: new Float32Array(colours.flatMap(([r, g, b]) => [r, g, b, 1])),
  sizes,
});

const balls = (at: readonly Point[], colours: Colour, sizes = 0.14): SceneObject => ({
  form: 'sphere',
  positions: new Float32Array(at.flat()),
  colours,
  sizes,
});

const sticks = (
  from: readonly Point[],
  vectors: readonly Point[],
  colours: Colour,
  sizes = 0.04,
): SceneObject => ({
  form: 'stick',
  positions: new Float32Array(from.flat()),
  vectors: new Float32Array(vectors.flat()),
  colours,
  sizes,
});

const minus = (a: Point, b: Point): Point => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const turned: Matrix3 = [matrixY(0.5), matrixX(0.4)].reduce((a, b) =>
  Array.from({ length: 9 }, (_, i) =>
    [0, 1, 2].reduce((s, k) => s + a[3 * Math.floor(i / 3) + k] * b[3 * k + (i % 3)], 0),
  ),
);

/** A symmetric matrix as the ellipsoid of its eigenvectors, with a vector and a pseudovector beside it. */
function tensors(): Picture {
  const axes = [1, 0.62, 0.42];
  const ellipsoid: SceneObject = {
    form: 'surface',
    positions: Float32Array.from(mesh.directions, (d, k) => d * axes[k % 3]),
    colours: [0.55, 0.66, 0.9],
    indices: mesh.triangles,
    rotation: turned,
    position: [0.1, 0, 0],
  };
  const ring = Array.from({ length: 40 }, (_, i): Point => {
    const angle = (2 * Math.PI * i) / 40;
    return [2 + 0.5 * Math.cos(angle), -0.1, 0.5 * Math.sin(angle)];
  });
  return {
    objects: [
      ellipsoid,
      arrows([[-2.1, -0.7, 0]], [[0.6, 1.5, 0]], [orange], 0.07),
      arrows([[2, -0.8, 0]], [[0, 1.6, 0]], [green], 0.07),
      sticks(
        ring.slice(0, 34),
        ring.slice(0, 34).map((p, i) => minus(ring[i + 1], p)),
        green,
        0.03,
      ),
    ],
    radius: 1.35,
    azimuth: 0.1,
    elevation: 0.35,
  };
}

function harmonics(): Picture {
  const objects = [0, 1, 2].flatMap((l) =>
    Array.from({ length: 2 * l + 1 }, (_, i) =>
      harmonic(l, i - l, [1.35 * (i - l), 1.25 - 1.25 * l, 0], 0.95),
    ),
  );
  return { objects, radius: 1.85, azimuth: 0.25, elevation: 0.2 };
}

function product(): Picture {
  const [u, v]: Point[] = [
    [1.5, 0, 0.3],
    [0.5, 0, -1.3],
  ];
  const cross: Point = [
    u[1] * v[2] - u[2] * v[1],
    (u[2] * v[0] - u[0] * v[2]) * 0.6,
    u[0] * v[1] - u[1] * v[0],
  ];
  const corners = [0, 0, 0, ...u, u[0] + v[0], 0, u[2] + v[2], ...v];
  return {
    objects: [
      {
        form: 'surface',
        positions: new Float32Array(corners),
        colours: [0.45, 0.75, 0.66, 0.55],
        indices: new Uint32Array([0, 1, 2, 0, 2, 3]),
        position: [-0.9, -0.55, 0.4],
      },
      ...[u, v, cross].map((vector, i) =>
        arrows([[-0.9, -0.55, 0.4]], [vector], [[blue, orange, green][i]], 0.06),
      ),
    ],
    radius: 1.15,
    azimuth: 0.5,
    elevation: 0.45,
  };
}

function convolution(): Picture {
  const around: Point[] = [
    [1.5, 0.5, 0],
    [-1.3, 0.6, 0.5],
    [0.5, -1, 0.8],
    [-0.9, -0.9, -0.4],
    [0.3, 1.1, -0.9],
    [2.5, -0.4, 0.2],
    [-2.4, -0.2, 0],
  ];
  const near = around.slice(0, 5);
  return {
    objects: [
      balls(near, blue),
      balls(around.slice(5), grey),
      sticks(
        near.map((): Point => [0, 0, 0]),
        near,
        grey,
        0.025,
      ),
      { ...harmonic(2, 0, [0, 0, 0], 0.95), rotation: turned },
    ],
    radius: 1.65,
    azimuth: 0.3,
    elevation: 0.25,
  };
}

/** A rectangle becomes a square, and not the other way. */
function symmetry(): Picture {
  const corners = (x: number, a: number, b: number): Point[] => [
    [x - a, -b, 0],
    [x + a, -b, 0],
    [x + a, b, 0],
    [x - a, b, 0],
  ];
  const [rectangle, square] = [corners(-1.55, 1, 0.5), corners(1.7, 0.72, 0.72)];
  const sides = (points: Point[]) => points.map((p, i) => minus(points[(i + 1) % 4], p));
  return {
    objects: [
      balls(rectangle, orange),
      sticks(rectangle, sides(rectangle), orange),
      balls(square, blue),
      sticks(square, sides(square), blue),
      arrows([[-0.25, 0, 0]], [[0.95, 0, 0]], [grey], 0.06),
    ],
    radius: 1.6,
    azimuth: 0,
    elevation: 0.15,
  };
}

function tetris(): Picture {
  const objects = tetrisShapes.map(({ points }, s): SceneObject => {
    const middle = [0, 1, 2].map(
      (axis) => (points[axis] + points[axis + 3] + points[axis + 6] + points[axis + 9]) / 4,
    );
    return {
      form: 'box',
      positions: Float32Array.from(points, (value, k) => value - middle[k % 3]),
      sizes: 0.5,
      colours: s === 0 ? orange : blue,
      rotation: turned,
      position: [4.1 * ((s % 4) - 1.5), s < 4 ? 1.9 : -1.9, 0],
    };
  });
  return { objects, radius: 4.2, azimuth: 0, elevation: 0.2 };
}

const pictures = { tensors, harmonics, product, convolution, symmetry, tetris };

/** Shows one picture on the empty page, where the canvas is all there is. */
export async function show(name: keyof typeof pictures, width: number, height: number): Promise<void> {
  const canvas = document.createElement('canvas');
  canvas.style.cssText = `display: block; width: ${width}px; height: ${height}px`;
  document.body.style.margin = '0';
  document.body.replaceChildren(canvas);
  const { objects, ...camera } = pictures[name]();
  const scene = new Scene(canvas, await requestDevice(), { label: name, camera, turns: 'nothing' });
  for (const object of objects) scene.add(object);
  for (let frame = 0; frame < 4; frame++) await new Promise(requestAnimationFrame);
}
