// A page's element as small as it can be, for the tests of what all elements share.

import { find, fragment } from '../../../demo/shared/dom.ts';
import { ClebschElement } from '../../../demo/shared/element.ts';
import { flag, numbers, oneOf, type StateOf, wholeNumber } from '../../../demo/shared/fields.ts';
import { type Instances, Scene } from '../../../demo/shared/scene.ts';
import { compile, type Executable, type GpuContext, input, scale } from '../../../src/index.ts';

const fields = {
  seed: wholeNumber(0, 0, 99),
  factor: numbers([1, 1, 1], { key: 'f' }),
  kind: oneOf('o3', ['o3', 'so3']),
  showAxes: flag(true),
};
type State = StateOf<typeof fields>;

/** Four spheres, whose positions are an engine's output where there is a GPU; and arrows between them. */
export class SampleElement extends ClebschElement<State> {
  static override readonly fields = fields;
  readonly log: string[] = [];
  gpu: GpuContext | null = null;
  private program: Executable | null = null;
  private scene: Scene | null = null;

  protected override render(): void {
    this.view.append(
      fragment(
        '<p data-controls="play"><button type="button" id="play">Play</button></p><canvas class="scene"></canvas>',
      ),
    );
    find(this.view, '#play', HTMLButtonElement).addEventListener('click', () =>
      this.emit('step', { step: 1 }),
    );
  }

  protected override async start(gpu: GpuContext | null): Promise<void> {
    this.log.push(gpu ? 'start' : 'start without');
    this.gpu = gpu;
    const points = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1];
    const canvas = find(this.view, 'canvas', HTMLCanvasElement);
    const spheres: Instances = {
      form: 'sphere',
      positions: new Float32Array(points),
      colours: [0.8, 0.4, 0.1],
    };
    if (gpu) {
      this.program = await compile(gpu, { outputs: { y: scale(input('x', 4, 3), 1) } });
      this.program.write({ x: points });
      this.program.run();
      spheres.positions = this.program.bufferOf('y');
    }
    this.scene = new Scene(canvas, gpu, { label: 'Four balls', camera: { radius: 1.8 } });
    this.scene.add(spheres);
    this.scene.add({
      form: 'arrow',
      positions: new Float32Array(9),
      vectors: new Float32Array([1, 0, 0, 0, 1, 0, 0, 0, 1]),
      sizes: 0.05,
    });
    this.scene.add({
      form: 'box',
      positions: new Float32Array([1, 1, 0]),
      sizes: 0.3,
      colours: [0.2, 0.6, 0.5],
    });
    this.scene.add({
      form: 'surface',
      positions: new Float32Array([-1, 0, 0, 0, -1, 0, 0, 0, -1]),
      colours: new Float32Array([1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1]),
      indices: new Uint32Array([0, 1, 2]),
    });
  }

  protected override changed(names: ReadonlySet<string>): void {
    this.log.push(`changed ${[...names].join(' ')}`);
  }
  protected override pause(): void {
    this.log.push('pause');
  }
  protected override resume(): void {
    this.log.push('resume');
  }
  protected override stop(): void {
    this.log.push('stop');
    this.scene?.dispose();
    this.program?.dispose();
    this.scene = null;
    this.program = null;
  }
}

customElements.define('clebsch-sample', SampleElement);
