import type { GpuContext, Matrix3 } from '../../src/index.ts';
import { isSoftware } from './device.ts';
import { type CameraOptions, OrbitCamera } from './orbit-camera.ts';
import type { Renderer, SceneObject } from './scene-objects.ts';
import { WebGpuRenderer } from './scene-webgpu.ts';
import { listenForTurns, type Turn, turnFurther } from './turning.ts';

export type { Colour, Instances, Rows, SceneObject, Surface } from './scene-objects.ts';

export interface SceneOptions {
  /** What the picture shows, for those who do not see it. */
  readonly label: string;
  readonly camera?: CameraOptions;
  /**
   * What drags and arrow keys turn: the camera (default), nothing, or whatever `turned` does: it is given the viewer's
   * turn, and `further` takes a rotation to the turned one.
   */
  readonly turns?: 'camera' | 'nothing' | ((further: (rotation: Matrix3) => Matrix3) => void);
}

/**
 * A picture of 3D objects in a canvas, drawn again only when something changed. With a GPU by WebGPU, numbers may come
 * straight from the engine's buffers; without one on a 2D canvas. The canvas's size is what CSS makes it.
 */
export class Scene {
  /** The canvas that was given, or one in its place where that had been drawn to in another way. */
  readonly canvas: HTMLCanvasElement;
  readonly camera: OrbitCamera;
  /** Change it as you like, then call `draw`. */
  readonly objects: SceneObject[] = [];
  /** Null until the painter has been loaded, which most visitors do without. */
  private renderer: Renderer | null = null;
  private readonly ended = new AbortController();
  private frame = 0;
  private size: readonly [number, number] = [0, 0];
  /** Pixels of the picture to a CSS pixel, at most. */
  private readonly fineness: number;

  constructor(place: HTMLCanvasElement, gpu: GpuContext | null, options: SceneOptions) {
    const { signal } = this.ended;
    const canvas = drawable(place, gpu ? 'webgpu' : '2d');
    this.canvas = canvas;
    this.fineness = gpu && isSoftware(gpu) ? 1 : 2;
    this.camera = new OrbitCamera(options.camera);
    if (gpu) this.renderer = new WebGpuRenderer(canvas, gpu);
    else void this.paint();
    const { turns = 'camera' } = options;
    canvas.setAttribute('aria-label', options.label);
    canvas.setAttribute('role', turns === 'nothing' ? 'img' : 'application');
    if (turns !== 'nothing') {
      canvas.tabIndex = 0;
      canvas.classList.add('turns');
      canvas.setAttribute('aria-roledescription', '3D view, turned by the arrow keys');
      listenForTurns(canvas, (turn) => this.turn(turn, turns), signal);
    }
    const observer = new ResizeObserver(([{ contentRect }]) => this.resize(contentRect));
    observer.observe(canvas);
    signal.addEventListener('abort', () => observer.disconnect());
  }

  /** What the picture shows now, for those who do not see it. */
  set label(text: string) {
    this.canvas.setAttribute('aria-label', text);
  }

  add<T extends SceneObject>(object: T): T {
    this.objects.push(object);
    this.draw();
    return object;
  }

  remove(object: SceneObject): void {
    const at = this.objects.indexOf(object);
    if (at >= 0) this.objects.splice(at, 1);
    this.draw();
  }

  /** Draws before the next frame, once, however often it is asked. */
  draw(): void {
    if (this.frame || this.ended.signal.aborted) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      const [width, height] = this.size;
      if (width * height === 0) return;
      if (this.canvas.width !== width) this.canvas.width = width;
      if (this.canvas.height !== height) this.canvas.height = height;
      this.renderer?.draw(this.objects, this.camera.view(width, height));
    });
  }

  /** Frees what the scene has on the GPU; the canvas can have another scene afterwards. */
  dispose(): void {
    this.ended.abort();
    cancelAnimationFrame(this.frame);
    this.renderer?.dispose();
  }

  private async paint(): Promise<void> {
    const { PainterRenderer } = await import('./scene-canvas.ts');
    this.renderer = new PainterRenderer(this.canvas);
    this.draw();
  }

  private turn(turn: Turn, turns: Exclude<SceneOptions['turns'], 'nothing' | undefined>): void {
    if (turns === 'camera') this.camera.orbit(-turn.right, turn.down);
    else {
      const axes = this.camera.axes();
      turns((rotation) => turnFurther(rotation, turn, axes));
    }
    this.draw();
  }

  private resize({ width, height }: DOMRectReadOnly): void {
    const ratio = Math.min(this.fineness, window.devicePixelRatio);
    this.size = [Math.round(width * ratio), Math.round(height * ratio)];
    this.draw();
  }
}

/** A canvas keeps its first kind of context for ever; for another kind a new one takes its place. */
function drawable(canvas: HTMLCanvasElement, kind: 'webgpu' | '2d'): HTMLCanvasElement {
  if (canvas.getContext(kind)) return canvas;
  const fresh = canvas.cloneNode() as HTMLCanvasElement;
  canvas.replaceWith(fresh);
  return fresh;
}
