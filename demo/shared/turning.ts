import { type Matrix3, matrixX, matrixY, matrixZ } from '../../src/index.ts';

/** Radians a pixel, and a press of an arrow key. */
const PER_PIXEL = 0.01;
const PER_PRESS = Math.PI / 24;

/** A turn as the viewer sees it: to the right, downwards, and (with shift and a key) clockwise; in radians. */
export interface Turn {
  readonly right: number;
  readonly down: number;
  readonly clockwise: number;
}

/** Drags of the pointer and arrow keys on an element as turns, until the signal. */
export function listenForTurns(target: HTMLElement, turned: (turn: Turn) => void, signal: AbortSignal): void {
  let last = [0, 0];
  target.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button !== 0) return;
      last = [event.clientX, event.clientY];
      target.setPointerCapture(event.pointerId);
      target.focus({ preventScroll: true });
    },
    { signal },
  );
  target.addEventListener(
    'pointermove',
    (event) => {
      if (!target.hasPointerCapture(event.pointerId)) return;
      const [x, y] = last;
      last = [event.clientX, event.clientY];
      turned({ right: (last[0] - x) * PER_PIXEL, down: (last[1] - y) * PER_PIXEL, clockwise: 0 });
    },
    { signal },
  );
  const keys: Readonly<Record<string, readonly [right: number, down: number]>> = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, -1],
    ArrowDown: [0, 1],
  };
  target.addEventListener(
    'keydown',
    (event) => {
      const key = keys[event.key];
      if (!key || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const [right, down] = [key[0] * PER_PRESS, key[1] * PER_PRESS];
      turned(event.shiftKey ? { right: 0, down, clockwise: right } : { right, down, clockwise: 0 });
    },
    { signal },
  );
}

/** A turn in the camera's directions (right, up, towards the viewer) as a matrix. */
export function turnMatrix({ right, down, clockwise }: Turn): Matrix3 {
  return product(matrixX(down), product(matrixY(right), matrixZ(-clockwise)));
}

/** Turns a rotation further, by a turn that the viewer sees through a camera with these axes. */
export function turnFurther(rotation: Matrix3, turn: Turn, axes: Matrix3): Matrix3 {
  const back = [0, 3, 6, 1, 4, 7, 2, 5, 8].map((i) => axes[i]);
  return orthonormal(product(back, product(turnMatrix(turn), product(axes, rotation))));
}

function product(a: Matrix3, b: Matrix3): Matrix3 {
  return Array.from({ length: 9 }, (_, i) => {
    const [row, column] = [3 * Math.floor(i / 3), i % 3];
    return a[row] * b[column] + a[row + 1] * b[column + 3] + a[row + 2] * b[column + 6];
  });
}

/** Takes away what rounding has added over many small turns; a determinant of -1 stays. */
function orthonormal(m: Matrix3): Matrix3 {
  const row = (i: number) => [m[3 * i], m[3 * i + 1], m[3 * i + 2]];
  const dot = (a: readonly number[], b: readonly number[]) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const unit = (a: readonly number[]) => a.map((value) => value / Math.sqrt(dot(a, a)));
  const rows: number[][] = [];
  for (let i = 0; i < 3; i++)
    rows.push(
      unit(rows.reduce((rest, done) => rest.map((value, k) => value - dot(rest, done) * done[k]), row(i))),
    );
  return rows.flat();
}
