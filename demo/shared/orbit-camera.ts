import { mat4, vec3 } from 'gl-matrix';
import type { Matrix3 } from '../../src/index.ts';
import type { View } from './scene-objects.ts';

export interface CameraOptions {
  /** Radius of the ball about the target that the picture shows; default 2. */
  readonly radius?: number;
  readonly target?: readonly [number, number, number];
  /** Angle about the y axis, in radians; 0 looks from +z. */
  readonly azimuth?: number;
  /** Angle above the xz plane, in radians. */
  readonly elevation?: number;
  /** Angle that the picture spans, in radians; default 0.5. A small one shows parallel lines as parallel. */
  readonly fieldOfView?: number;
}

/** A camera on a sphere about its target; up is y. */
export class OrbitCamera {
  radius: number;
  target: readonly [number, number, number];
  azimuth: number;
  elevation: number;
  private readonly fieldOfView: number;

  constructor({
    radius = 2,
    target = [0, 0, 0],
    azimuth = 0.6,
    elevation = 0.4,
    fieldOfView = 0.5,
  }: CameraOptions = {}) {
    this.fieldOfView = fieldOfView;
    this.radius = radius;
    this.target = target;
    this.azimuth = azimuth;
    this.elevation = elevation;
  }

  /** Goes around by these angles; never over the poles. */
  orbit(azimuth: number, elevation: number): void {
    this.azimuth += azimuth;
    const limit = Math.PI / 2 - 0.01;
    this.elevation = Math.min(limit, Math.max(-limit, this.elevation + elevation));
  }

  view(width: number, height: number): View {
    // Far enough that the ball fits into the smaller side.
    const distance = (this.radius / Math.sin(this.fieldOfView / 2)) * Math.max(1, height / width);
    const cos = Math.cos(this.elevation);
    const eye = vec3.scaleAndAdd(
      vec3.create(),
      [...this.target],
      [cos * Math.sin(this.azimuth), Math.sin(this.elevation), cos * Math.cos(this.azimuth)],
      distance,
    );
    const view = mat4.lookAt(mat4.create(), eye, [...this.target], [0, 1, 0]);
    const projection = mat4.perspectiveZO(
      mat4.create(),
      this.fieldOfView,
      width / height,
      Math.max(distance / 100, distance - 3 * this.radius),
      distance + 3 * this.radius,
    );
    return { view: new Float32Array(view), projection: new Float32Array(projection), width, height };
  }

  /** From the world's directions to the camera's (right, up, towards the viewer), row-major. */
  axes(): Matrix3 {
    const { view: v } = this.view(1, 1);
    return [v[0], v[4], v[8], v[1], v[5], v[9], v[2], v[6], v[10]];
  }
}
