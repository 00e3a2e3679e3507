import { HEAD } from './scene-forms.ts';
import {
  countOf,
  defaultColour,
  defaultSize,
  type Instances,
  isGpuRows,
  modelMatrix,
  type Renderer,
  type SceneObject,
  type View,
} from './scene-objects.ts';

type Point = readonly [x: number, y: number, z: number];

/** Something to paint, and how far in front of the camera it is (less is further away). */
interface Piece {
  readonly depth: number;
  paint(): void;
}

const faces = [0, 1, 2].flatMap((axis) =>
  [1, -1].map((sign) =>
    [
      [-1, -1],
      [1, -1],
      [1, 1],
      [-1, 1],
    ].map(([u, v]) => {
      const point = [0, 0, 0];
      point[axis] = sign;
      point[(axis + 1) % 3] = u * sign;
      point[(axis + 2) % 3] = v;
      return point as unknown as Point;
    }),
  ),
);

/** Draws a scene on a 2D canvas where there is no WebGPU: the pieces from the furthest to the nearest. */
export class PainterRenderer implements Renderer {
  private readonly context: CanvasRenderingContext2D;

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d');
    if (!context) throw new Error('this canvas cannot be painted on: it has another context');
    this.context = context;
  }

  draw(objects: readonly SceneObject[], view: View): void {
    this.context.clearRect(0, 0, view.width, view.height);
    const pieces = objects
      .filter(({ visible }) => visible !== false)
      .flatMap((object) => this.piecesOf(object, view));
    pieces.sort((a, b) => a.depth - b.depth);
    for (const piece of pieces) piece.paint();
  }

  dispose(): void {}

  private piecesOf(object: SceneObject, view: View): Piece[] {
    const { positions, colours } = object;
    if (isGpuRows(positions)) return []; // there is no GPU here
    const model = modelMatrix(object);
    const seen = (p: Point) => transform(view.view, transform(model, p));
    const at = (numbers: Float32Array, i: number): Point => [
      numbers[3 * i],
      numbers[3 * i + 1],
      numbers[3 * i + 2],
    ];
    const one: readonly number[] = Array.isArray(colours) ? colours : defaultColour;
    const colourOf = (i: number) =>
      colours instanceof Float32Array ? [...colours.subarray(4 * i, 4 * i + 4)] : one;
    if (object.form === 'surface') {
      const corners = Array.from({ length: countOf(object) }, (_, i) => seen(at(positions, i)));
      const pieces: Piece[] = [];
      for (let t = 0; t < object.indices.length; t += 3) {
        const ids = [...object.indices.subarray(t, t + 3)];
        const mixed = [0, 1, 2, 3].map((k) => ids.reduce((sum, id) => sum + (colourOf(id)[k] ?? 1) / 3, 0));
        pieces.push(
          this.polygon(
            ids.map((id) => corners[id]),
            mixed,
            view,
          ),
        );
      }
      return pieces;
    }
    const { form, sizes = defaultSize[object.form] } = object;
    const sizeOf = (i: number) => (typeof sizes === 'number' ? sizes : isGpuRows(sizes) ? 0 : sizes[i]);
    return Array.from({ length: countOf(object) }, (_, i) => i).flatMap((i) => {
      const [position, colour, size] = [at(positions, i), colourOf(i), sizeOf(i)];
      if (form === 'sphere') return [this.ball(seen(position), size, colour, view)];
      if (form === 'box')
        return faces.map((face) =>
          this.polygon(
            face.map(([x, y, z]) =>
              seen([position[0] + size * x, position[1] + size * y, position[2] + size * z]),
            ),
            colour,
            view,
          ),
        );
      const { vectors } = object as Instances;
      const vector = vectors && !isGpuRows(vectors) ? at(vectors, i) : ([0, 0, 1] as const);
      const end: Point = [position[0] + vector[0], position[1] + vector[1], position[2] + vector[2]];
      return this.line(seen(position), seen(end), size, colour, view, form === 'arrow');
    });
  }

  private polygon(corners: readonly Point[], colour: readonly number[], view: View): Piece {
    const [a, b, c] = corners;
    const u = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
    const v = [c[0] - a[0], c[1] - a[1], c[2] - a[2]];
    const normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    const length = Math.hypot(...normal) || 1;
    const facing = normal[0] * a[0] + normal[1] * a[1] + normal[2] * a[2] > 0 ? -1 : 1;
    const lit = Math.max(
      0,
      (facing * (0.35 * normal[0] + 0.6 * normal[1] + 0.75 * normal[2])) / (length * 1.02),
    );
    return {
      depth: corners.reduce((sum, [, , z]) => sum + z, 0) / corners.length,
      paint: () => {
        const { context } = this;
        const style = css(colour, 0.5 + 0.5 * lit);
        context.beginPath();
        for (const corner of corners) context.lineTo(...project(view, corner));
        context.closePath();
        context.fillStyle = style;
        context.fill();
        // Closes the seams between neighbours.
        context.strokeStyle = style;
        context.lineWidth = 0.7;
        context.lineJoin = 'round';
        context.stroke();
      },
    };
  }

  private ball(centre: Point, radius: number, colour: readonly number[], view: View): Piece {
    return {
      depth: centre[2],
      paint: () => {
        const { context } = this;
        const [x, y] = project(view, centre);
        const r = Math.max(0.5, radius * scaleAt(view, centre));
        const light = context.createRadialGradient(x - 0.35 * r, y - 0.45 * r, 0, x, y, r);
        light.addColorStop(0, css(colour, 1.1));
        light.addColorStop(1, css(colour, 0.5));
        context.fillStyle = light;
        context.beginPath();
        context.arc(x, y, r, 0, 2 * Math.PI);
        context.fill();
      },
    };
  }

  private line(
    from: Point,
    to: Point,
    radius: number,
    colour: readonly number[],
    view: View,
    head: boolean,
  ): Piece[] {
    const length = Math.hypot(to[0] - from[0], to[1] - from[1], to[2] - from[2]);
    const r = Math.min(radius, length / 8);
    const share = head && length > 0 ? 1 - (HEAD.length * r) / length : 1;
    const along = (t: number): Point => [
      from[0] + t * (to[0] - from[0]),
      from[1] + t * (to[1] - from[1]),
      from[2] + t * (to[2] - from[2]),
    ];
    const { context } = this;
    const style = css(colour, 0.85);
    // In parts, so that what crosses it in depth is painted in the right order.
    const parts = 6;
    const pieces: Piece[] = Array.from({ length: parts }, (_, i) => {
      const [start, end] = [along((share * i) / parts), along((share * (i + 1)) / parts)];
      return {
        depth: (start[2] + end[2]) / 2,
        paint: () => {
          context.strokeStyle = style;
          context.lineCap = i === 0 || (!head && i === parts - 1) ? 'round' : 'butt';
          context.lineWidth = Math.max(1, 2 * r * scaleAt(view, start));
          context.beginPath();
          context.moveTo(...project(view, start));
          context.lineTo(...project(view, end));
          context.stroke();
        },
      };
    });
    if (head && length > 0)
      pieces.push({
        depth: along(share)[2],
        paint: () => {
          const base = along(share);
          const [[x, y], [tipX, tipY]] = [project(view, base), project(view, to)];
          const width = HEAD.width * r * scaleAt(view, base);
          const across = Math.hypot(tipX - x, tipY - y) || 1;
          const [dx, dy] = [((tipY - y) / across) * width, ((x - tipX) / across) * width];
          context.fillStyle = style;
          context.beginPath();
          context.moveTo(x + dx, y + dy);
          context.lineTo(tipX, tipY);
          context.lineTo(x - dx, y - dy);
          context.fill();
        },
      });
    return pieces;
  }
}

function transform(m: Float32Array, [x, y, z]: Point): Point {
  return [
    m[0] * x + m[4] * y + m[8] * z + m[12],
    m[1] * x + m[5] * y + m[9] * z + m[13],
    m[2] * x + m[6] * y + m[10] * z + m[14],
  ];
}

function project({ projection: p, width, height }: View, [x, y, z]: Point): [number, number] {
  return [(0.5 - (0.5 * p[0] * x) / z) * width, (0.5 + (0.5 * p[5] * y) / z) * height];
}

/** Pixels of a length at this depth. */
function scaleAt({ projection: p, height }: View, [, , z]: Point): number {
  return (0.5 * p[5] * height) / Math.max(1e-6, -z);
}

function css([r, g, b, opacity = 1]: readonly number[], light: number): string {
  const byte = (value: number) => Math.round(255 * Math.min(1, Math.max(0, value * light)));
  return `rgb(${byte(r)} ${byte(g)} ${byte(b)} / ${opacity})`;
}
