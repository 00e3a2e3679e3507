import { composeMatrix, type Feeds, type GpuContext, matrixX, matrixY } from '../../src/index.ts';
import { icosphere } from '../shared/direction-mesh.ts';
import { type LiveProgram, liveProgram } from '../shared/live-program.ts';
import { type Colour, Scene } from '../shared/scene.ts';
import { allHarmonics, LMAX } from './harmonics-nodes.ts';

/** From where the small surfaces are looked at, as the large one is. */
const SEEN = composeMatrix(matrixX(0.4), matrixY(-0.6));
/** Nearly parallel lines of sight, so that each surface stands in the middle of its cell. */
const FIELD_OF_VIEW = 0.1;

interface Colours {
  readonly positive: Colour;
  readonly negative: Colour;
}

/** All harmonics up to l = 6 in a picture of 7 rows and 13 columns, by a program that runs once. */
export class Gallery {
  private readonly scene: Scene;
  private readonly program: LiveProgram;

  private readonly feeds: Feeds;

  private constructor(scene: Scene, program: LiveProgram, feeds: Feeds) {
    this.scene = scene;
    this.program = program;
    this.feeds = feeds;
  }

  static async on(canvas: HTMLCanvasElement, gpu: GpuContext | null, colours: Colours): Promise<Gallery> {
    const mesh = icosphere(gpu ? 3 : 2);
    const { drawn, feeds } = allHarmonics(mesh, 0.46, SEEN);
    const program = await liveProgram(gpu, { outputs: {}, drawn });
    await program.compute({ ...feeds, ...colours });
    const scene = new Scene(canvas, gpu, {
      label: 'The 49 harmonics up to l = 6, in rows by l and columns by m',
      // Seven rows, one unit each, fill the height.
      camera: {
        radius: 3.5 * Math.cos(FIELD_OF_VIEW / 2),
        target: [0, -LMAX / 2, 0],
        azimuth: 0,
        elevation: 0,
        fieldOfView: FIELD_OF_VIEW,
      },
      turns: 'nothing',
    });
    const corners = mesh.directions.length / 3;
    const indices = Array.from({ length: (LMAX + 1) ** 2 }, (_, copy) =>
      Array.from(mesh.triangles, (corner) => corner + copy * corners),
    );
    scene.add({
      form: 'surface',
      positions: program.drawn('points'),
      colours: program.drawn('colours'),
      indices: Uint32Array.from(indices.flat()),
    });
    return new Gallery(scene, program, feeds);
  }

  /** In other colours. */
  async repaint(colours: Colours): Promise<void> {
    await this.program.compute({ ...this.feeds, ...colours });
    this.scene.draw();
  }

  dispose(): void {
    this.scene.dispose();
    this.program.dispose();
  }
}
