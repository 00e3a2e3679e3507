import { make } from './dom.ts';
import type { Colour, Instances, Scene } from './scene.ts';

/** Three thin arrows x, y, z from the middle. */
export function axesObject(length: number, colour: Colour): Instances {
  return {
    form: 'arrow',
    positions: new Float32Array(9),
    vectors: new Float32Array([length, 0, 0, 0, length, 0, 0, 0, length]),
    sizes: 0.012,
    colours: colour,
  };
}

/** Where a point of a square picture stands, from the left and from the top, in percent. */
export function percentOf(scene: Scene, point: readonly number[]): readonly [left: number, top: number] {
  const { view, projection } = scene.camera.view(1, 1);
  const apply = (m: Float32Array, p: readonly number[]) =>
    [0, 1, 2, 3].map((row) => m[row] * p[0] + m[4 + row] * p[1] + m[8 + row] * p[2] + m[12 + row] * p[3]);
  const [x, y, , w] = apply(projection, apply(view, [...point, 1]));
  return [50 + (50 * x) / w, 50 - (50 * y) / w];
}

/** The letters at the ends of the axes; the camera of the scene must stay where it is. */
export function labelAxes(picture: HTMLElement, scene: Scene, length: number): void {
  for (const old of picture.querySelectorAll('.axis')) old.remove();
  for (const [i, name] of [...'xyz'].entries()) {
    const label = make('span', 'axis', name);
    label.ariaHidden = 'true';
    const [left, top] = percentOf(
      scene,
      [0, 1, 2].map((axis) => (axis === i ? length * 1.08 : 0)),
    );
    label.style.left = `${left}%`;
    label.style.top = `${top}%`;
    picture.append(label);
  }
}
