import { percentOf } from '../shared/axes.ts';
import { make } from '../shared/dom.ts';
import type { Scene } from '../shared/scene.ts';

type Vector = readonly number[];

/** How far an arrow key moves a tip. */
const STEP = 0.1;

const keys: Readonly<Record<string, readonly [right: number, up: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/**
 * A handle on the tip of a vector: dragged in the plane that faces the viewer, moved by the arrow keys, with Shift up and
 * down towards the viewer and away.
 */
export class Tip {
  readonly element = make('button', 'tip');
  private readonly scene: Scene;
  private vector: Vector = [0, 0, 0];

  /** `moved` says how far the vector went, which may be less than was asked. */
  constructor(scene: Scene, name: string, moved: (to: Vector) => Vector) {
    this.scene = scene;
    this.element.type = 'button';
    this.element.classList.add(`tip-${name}`);
    this.element.textContent = name;
    this.element.ariaLabel = `${name}: the tip of the vector, moved by the arrow keys`;
    this.element.addEventListener('pointerdown', (event) => {
      this.element.setPointerCapture(event.pointerId);
      event.stopPropagation();
    });
    this.element.addEventListener('pointermove', ({ pointerId, movementX, movementY }) => {
      if (!this.element.hasPointerCapture(pointerId)) return;
      const unit = this.pixelsPerUnit();
      // At once, because the next move may come before the next picture.
      this.vector = moved(this.along(movementX / unit, -movementY / unit, 0));
    });
    this.element.addEventListener('keydown', (event) => {
      const key = keys[event.key];
      if (!key || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const [right, up] = [key[0] * STEP, key[1] * STEP];
      this.vector = moved(event.shiftKey ? this.along(right, 0, -up) : this.along(right, up, 0));
    });
  }

  show(vector: Vector): void {
    this.vector = vector;
    const [left, top] = percentOf(this.scene, vector);
    this.element.style.left = `${left}%`;
    this.element.style.top = `${top}%`;
  }

  /** The tip moved along the viewer's directions. */
  private along(right: number, up: number, toward: number): Vector {
    const axes = this.scene.camera.axes();
    return this.vector.map((v, i) => v + right * axes[i] + up * axes[3 + i] + toward * axes[6 + i]);
  }

  private pixelsPerUnit(): number {
    const axes = this.scene.camera.axes();
    const [from] = percentOf(this.scene, this.vector);
    const [to] = percentOf(
      this.scene,
      this.vector.map((v, i) => v + 0.01 * axes[i]),
    );
    return Math.max(1, ((to - from) / 100 / 0.01) * this.scene.canvas.clientWidth);
  }
}
