import { axesObject } from '../shared/axes.ts';
import type { Colour, Instances, Scene, Surface } from '../shared/scene.ts';
import type { KindName } from './tensor-kinds.ts';

/** Colours of the picture, as the theme has them. */
export interface PictureColours {
  readonly positive: Colour;
  readonly negative: Colour;
  readonly before: Colour;
  readonly axis: Colour;
}

/** What a picture is made of. */
export interface ShownTensor {
  readonly before: ArrayLike<number>;
  readonly now: ArrayLike<number>;
  readonly irreps: ArrayLike<number>;
  /** Length in the picture of a tensor of length one. */
  readonly scale: number;
  /** Of tensors of even rank, as a function of the direction. */
  readonly surface: Surface | null;
}

type Vector = readonly [number, number, number];

/** A picture is as large as this whatever the tensor's size, so that it stays inside. */
export const REACH = 1.35;
const SEGMENTS = 36;
/** Of a turn of the screw. */
const SCREW = 14;

/** The things by which tensors are drawn; each kind shows some of them. */
export class TensorPicture {
  private readonly scene: Scene;
  private readonly colours: PictureColours;
  private readonly axes: Instances;
  private readonly before = this.arrow();
  private readonly arrowNow = this.arrow();
  private readonly ring = this.sticks(SEGMENTS);
  /** Which way round the ring goes. */
  private readonly heads: Instances = { ...this.arrow(), sizes: 0.05 };
  private readonly ball: Instances = { form: 'sphere', positions: new Float32Array(3), visible: false };
  private readonly helix = this.sticks(3 * SCREW);
  private surface: Surface | null = null;

  constructor(scene: Scene, colours: PictureColours) {
    this.scene = scene;
    this.colours = colours;
    this.axes = axesObject(1.7, colours.axis);
    for (const object of [
      this.axes,
      this.before,
      this.arrowNow,
      this.ring,
      this.heads,
      this.ball,
      this.helix,
    ])
      scene.add(object);
  }

  /** Nothing but the axes. */
  private clear(): void {
    for (const object of [this.before, this.arrowNow, this.ring, this.heads, this.ball, this.helix])
      object.visible = false;
    if (this.surface) this.scene.remove(this.surface);
    this.surface = null;
    this.scene.draw();
  }

  /** The tensor as it is now; what is to be said about the picture. */
  show(name: KindName, { before, now, irreps, scale, surface }: ShownTensor): string {
    this.clear();
    switch (name) {
      case 'scalar':
        this.scalar(now[0]);
        return 'A ball: a scalar has a size and a sign, and nothing to turn. Drag all the same, or use the arrow keys.';
      case 'pseudoscalar':
        this.pseudoscalar(now[0]);
        return 'A screw, right-handed if the number is positive. No rotation changes it; inversion does.';
      case 'vector':
        this.vector(now, before, scale);
        return 'An arrow; grey, where it was. Drag it, or use the arrow keys (with Shift about the line of sight).';
      case 'pseudovector':
        this.vector(now, now, scale);
        this.axial(now, scale * 1.6);
        return 'A sense of turning, the ring; the arrow is by the right-hand rule. Inversion leaves both as they are. Drag it.';
      default:
        if (surface) this.surface = this.scene.add(surface);
    }
    if (name === 'elasticity')
      return 'The stiffness against a stretch in each direction n, C with n at all four indices: the irreps 0 + 2 + 4, 15 of the 21 numbers. Drag it.';
    // A turn about omega is the matrix with t_xy = -omega_z, and 1e has t_xy - t_yx along z.
    const turning = Array.from(irreps, (v) => -v).slice(1, 4);
    if (name === 'matrix') this.axial(turning, scale, 1.05 * REACH);
    const ring =
      name === 'matrix' ? '; the ring shows which way the antisymmetric part, 1e, turns things' : '';
    return `In each direction n the size of n · t n, blue where it is positive, orange where it is negative${ring}. Drag it.`;
  }

  private scalar(value: number): void {
    Object.assign(this.ball, {
      visible: true,
      sizes: Math.min(REACH, 0.3 * Math.abs(value)),
      colours: value >= 0 ? this.colours.positive : this.colours.negative,
    });
  }

  /** A screw: right-handed where the number is positive. */
  private pseudoscalar(value: number): void {
    const turns = Array.from({ length: 3 * SCREW + 1 }, (_, i): Vector => {
      const angle = (2 * Math.PI * i) / SCREW;
      return [0.6 * Math.sin(angle) * Math.sign(value), (0.8 * i) / SCREW - 1.2, 0.6 * Math.cos(angle)];
    });
    Object.assign(this.helix, {
      ...polyline(turns),
      visible: value !== 0,
      sizes: 0.05,
      colours: value >= 0 ? this.colours.positive : this.colours.negative,
    });
  }

  /** An arrow, and where it was. */
  private vector(now: ArrayLike<number>, before: ArrayLike<number>, scale: number): void {
    const scaled = (v: ArrayLike<number>) => new Float32Array([v[0] * scale, v[1] * scale, v[2] * scale]);
    Object.assign(this.before, {
      vectors: scaled(before),
      colours: this.colours.before,
      sizes: 0.035,
      visible: true,
    });
    Object.assign(this.arrowNow, { vectors: scaled(now), colours: this.colours.positive, visible: true });
  }

  /** A turning sense: a ring about the axis, with heads that say which way round. */
  private axial(
    now: ArrayLike<number>,
    scale: number,
    radius = Math.min(1, 0.55 * scale * lengthOf(now)),
  ): void {
    const length = lengthOf(now);
    const visible = length * scale > 1e-3;
    this.ring.visible = visible;
    this.heads.visible = visible;
    if (!visible) return;
    const axis: Vector = [now[0] / length, now[1] / length, now[2] / length];
    const u = unit(cross(axis, Math.abs(axis[1]) > 0.9 ? [1, 0, 0] : [0, 1, 0]));
    const w = cross(axis, u);
    const at = (angle: number): Vector => {
      const [c, s] = [radius * Math.cos(angle), radius * Math.sin(angle)];
      return [c * u[0] + s * w[0], c * u[1] + s * w[1], c * u[2] + s * w[2]];
    };
    const corners = Array.from({ length: SEGMENTS + 1 }, (_, i) => at((2 * Math.PI * i) / SEGMENTS));
    Object.assign(this.ring, { ...polyline(corners), sizes: 0.03, colours: this.colours.negative });
    const tips = [0, 1, 2].map((i) => (2 * Math.PI * i) / 3);
    Object.assign(this.heads, {
      positions: new Float32Array(tips.flatMap((angle) => at(angle))),
      vectors: new Float32Array(
        tips.flatMap((angle) => {
          const [from, to] = [at(angle), at(angle + 0.45)];
          return to.map((v, i) => v - from[i]);
        }),
      ),
      colours: this.colours.negative,
    });
  }

  private arrow(): Instances {
    return { form: 'arrow', positions: new Float32Array(3), vectors: new Float32Array(3), visible: false };
  }

  private sticks(count: number): Instances {
    return {
      form: 'stick',
      positions: new Float32Array(3 * count),
      vectors: new Float32Array(3 * count),
      visible: false,
    };
  }
}

function polyline(corners: readonly Vector[]): Pick<Instances, 'positions' | 'vectors'> {
  const starts = corners.slice(0, -1);
  return {
    positions: new Float32Array(starts.flat()),
    vectors: new Float32Array(starts.flatMap((p, i) => corners[i + 1].map((v, k) => v - p[k]))),
  };
}

function lengthOf(v: ArrayLike<number>): number {
  return Math.hypot(v[0], v[1], v[2]);
}

function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function unit(v: Vector): Vector {
  const length = Math.hypot(...v);
  return [v[0] / length, v[1] / length, v[2] / length];
}
