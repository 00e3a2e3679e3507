import type { GpuRows, Matrix3 } from '../../src/index.ts';

/** Red, green, blue from 0 to 1, as in CSS; and opacity. */
export type Colour =
  | readonly [red: number, green: number, blue: number]
  | readonly [red: number, green: number, blue: number, opacity: number];

/** Rows of three numbers (or one, for sizes; four, for colours): on the host, or where the engine has them. */
export type Rows = Float32Array | GpuRows;

interface Placed {
  /** Turns the object about its origin: row-major, on column vectors, as the engine's matrices. */
  rotation?: Matrix3;
  /** Where its origin is. */
  position?: readonly [number, number, number];
  visible?: boolean;
}

/** Many copies of one form. */
export interface Instances extends Placed {
  readonly form: 'sphere' | 'box' | 'stick' | 'arrow';
  /** Centres; of sticks and arrows the end where they begin. [n, 3] */
  positions: Rows;
  /** Of sticks and arrows: from where they begin to where they end. [n, 3] */
  vectors?: Rows;
  /** Radius; of a box half its edge. One for all, or [n] */
  sizes?: Rows | number;
  /** One for all, or [n, 4] */
  colours?: Rows | Colour;
}

/** A coloured surface of triangles. */
export interface Surface extends Placed {
  readonly form: 'surface';
  /** Corners. [n, 3] */
  positions: Rows;
  /** Directions across the surface at its corners, either way; without them those of the triangles. [n, 3] */
  normals?: GpuRows;
  /** One for all, or [n, 4] */
  colours?: Rows | Colour;
  /** Three corners a triangle. */
  readonly indices: Uint32Array;
}

/** What can be in a scene. After a change of its fields call `scene.draw()`; an array whose numbers changed is noticed too. */
export type SceneObject = Instances | Surface;

export const defaultColour: Colour = [0.4, 0.55, 0.85, 1];
export const defaultSize: Readonly<Record<Instances['form'], number>> = {
  sphere: 0.3,
  box: 0.5,
  stick: 0.06,
  arrow: 0.06,
};

export const isGpuRows = (rows: unknown): rows is GpuRows =>
  typeof rows === 'object' && rows !== null && 'buffer' in rows && 'rows' in rows;

/** How many instances or corners there are. */
export function countOf({ positions }: SceneObject): number {
  return isGpuRows(positions) ? positions.rows : positions.length / 3;
}

/** Where one thing is placed: column-major 4x4, as gl-matrix and WGSL want it. */
export function modelMatrix({ rotation: r, position: p = [0, 0, 0] }: Placed): Float32Array<ArrayBuffer> {
  const m = r ?? [1, 0, 0, 0, 1, 0, 0, 0, 1];
  return new Float32Array([
    m[0],
    m[3],
    m[6],
    0,
    m[1],
    m[4],
    m[7],
    0,
    m[2],
    m[5],
    m[8],
    0,
    p[0],
    p[1],
    p[2],
    1,
  ]);
}

/** What draws a scene. */
export interface Renderer {
  draw(objects: readonly SceneObject[], view: View): void;
  dispose(): void;
}

/** The camera, and how large the picture is in pixels of the device. */
export interface View {
  /** World to camera, column-major. */
  readonly view: Float32Array;
  /** Camera to clip space with depth 0 to 1, column-major. */
  readonly projection: Float32Array;
  readonly width: number;
  readonly height: number;
}
