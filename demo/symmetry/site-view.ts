import type { GpuContext, Layout, LayoutBlock } from '../../src/index.ts';
import { themeColour } from '../shared/colours.ts';
import { find, headCell, make, setNumber, setText } from '../shared/dom.ts';
import { figures } from '../shared/number-text.ts';
import type { Colour, Scene } from '../shared/scene.ts';
import { signalSurface } from '../shared/signal-surface.ts';
import { type StatefulProgram, statefulProgram } from '../shared/stateful-program.ts';
import { invarianceError } from './invariance.ts';
import { type Atoms, allowed, nameOf, operationsOf, sitesOf, stabiliser } from './point-group.ts';
import { componentsAt, sitePrediction } from './site-tensors.ts';
import { type DistortionName, distorted, type StructureName, structures } from './structures.ts';

export const siteHtml = `
  <div class="panels">
    <section class="panel" aria-labelledby="structure-title">
      <h2 id="structure-title">The structure</h2>
      <canvas class="scene site-scene"></canvas>
      <p class="note picture-note"></p>
    </section>
    <section class="panel" aria-labelledby="sites-title">
      <h2 id="sites-title">What a random network says at each site</h2>
      <p class="group" role="status"></p>
      <div class="scrolls" tabindex="0" role="region" aria-label="Table of sites"><table class="ruled sites"></table></div>
      <dl class="facts">
        <div><dt>Largest |D(g) t(x) − t(g x)|</dt><dd><data class="invariance" value="">–</data></dd></div>
        <div><dt>l = 4 at the centre: m = 4 over m = 0</dt><dd><data class="cubic" value="">–</data></dd></div>
      </dl>
    </section>
  </div>`;

export interface SiteSettings {
  readonly structure: StructureName;
  readonly distortion: DistortionName;
  readonly amount: number;
  readonly shown: string;
  readonly seed: number;
}

/** A structure in a network with random weights, and the symmetry of what comes out. */
export class SiteView {
  private readonly owner: Element;
  private readonly root: HTMLElement;
  private readonly scene: Scene;
  private readonly gpu: GpuContext | null;
  private live: {
    program: StatefulProgram;
    structure: StructureName;
    prediction: ReturnType<typeof sitePrediction>;
  } | null = null;
  private latest: SiteSettings | null = null;
  private working = false;

  constructor(owner: Element, root: HTMLElement, scene: Scene, gpu: GpuContext | null) {
    this.owner = owner;
    this.root = root;
    this.scene = scene;
    this.gpu = gpu;
  }

  /** Shows these settings; while it computes, of several calls only the last counts. */
  async show(settings: SiteSettings): Promise<void> {
    this.latest = settings;
    if (this.working) return;
    this.working = true;
    try {
      while (this.latest) {
        const wanted: SiteSettings = this.latest;
        this.latest = null;
        await this.compute(wanted);
      }
    } finally {
      this.working = false;
    }
  }

  private async compute(settings: SiteSettings): Promise<void> {
    const { structure } = settings;
    const whole = structures[structure];
    if (this.live?.structure !== structure) {
      this.live?.program.dispose();
      const prediction = sitePrediction(whole);
      const program = await statefulProgram(this.gpu, prediction.program);
      program.write(prediction.feeds);
      this.live = { program, structure, prediction };
    }
    const { program, prediction } = this.live;
    const atoms = distorted(whole, settings.distortion, settings.amount);
    program.write({ pos: atoms.positions, weights: prediction.weightsOf(settings.seed) });
    const { tensors } = await program.run();
    this.table(whole.title, atoms, tensors, prediction.layout);
    this.picture(whole.title, atoms, tensors, prediction.layout, settings.shown);
  }

  private table(title: string, atoms: Atoms, tensors: ArrayLike<number>, layout: Layout): void {
    const operations = operationsOf(atoms);
    const sites = sitesOf(operations, atoms.species.length);
    setText(
      find(this.root, '.group', HTMLElement),
      `${title}: ${nameOf(operations)}, ${operations.length} operation${operations.length > 1 ? 's' : ''}; ` +
        `${sites.length} kind${sites.length > 1 ? 's' : ''} of sites.`,
    );
    const head = make(
      'tr',
      '',
      headCell('Site', 'col'),
      ...layout.blocks.map(({ ir }) => headCell(String(ir), 'col')),
    );
    const rows = sites.map((site) => {
      const own = stabiliser(operations, site[0]);
      const name = `${site.length > 1 ? `${site.length} ` : ''}${atoms.species[site[0]]}`;
      const label = headCell(name, 'row');
      label.append(make('small', '', nameOf(own)));
      return make(
        'tr',
        '',
        label,
        ...layout.blocks.map((block) =>
          this.cell(site, own.length ? allowed(block.ir, own) : 0, tensors, layout.cols, block),
        ),
      );
    });
    const caption = make(
      'caption',
      'visually-hidden',
      'Length of each irrep at each kind of site, and how many of its components the site symmetry allows',
    );
    find(this.root, '.sites', HTMLTableElement).replaceChildren(
      caption,
      make('thead', '', head),
      make('tbody', '', ...rows),
    );
    const error = invarianceError(operations, tensors, layout);
    setNumber(find(this.root, '.invariance', HTMLDataElement), error, figures(error));
    const four = componentsAt(tensors, layout.cols, 0, layout.blocks.find(({ ir }) => ir.l === 4)!);
    const ratio = four[8] / four[4];
    setNumber(
      find(this.root, '.cubic', HTMLDataElement),
      ratio,
      `${ratio.toFixed(4).replace('-', '−')} (cubic: √(5/7) = ${Math.sqrt(5 / 7).toFixed(4)})`,
    );
  }

  private cell(
    site: readonly number[],
    free: number,
    tensors: ArrayLike<number>,
    cols: number,
    block: LayoutBlock,
  ) {
    const lengths = site.map((atom) => Math.hypot(...componentsAt(tensors, cols, atom, block)));
    const number = make('data', free > 0 ? 'strong' : '', figures(lengths[0]));
    number.value = String(Math.max(...lengths));
    number.dataset.spread = String(Math.max(...lengths) - Math.min(...lengths));
    return make('td', free > 0 ? '' : 'forbidden', number, make('small', '', `${free} of ${block.ir.dim}`));
  }

  private picture(
    title: string,
    atoms: Atoms,
    tensors: ArrayLike<number>,
    layout: Layout,
    shown: string,
  ): void {
    const { owner, scene } = this;
    const { ir, ...rest } = layout.blocks.find((block) => String(block.ir) === shown)!;
    const block = { ir, ...rest };
    const count = atoms.species.length;
    const at = (i: number) => componentsAt(tensors, layout.cols, i, block);
    const reach = Math.max(
      ...Array.from({ length: count }, (_, i) => Math.hypot(...atoms.positions.slice(3 * i, 3 * i + 3))),
    );
    const size = 2 / reach;
    const positions = new Float32Array(atoms.positions.map((v) => v * size));
    const longest = Math.max(...Array.from({ length: count }, (_, i) => Math.hypot(...at(i))), 1e-3);
    const kinds = [...new Set(atoms.species)];
    const colours = new Float32Array(
      atoms.species.flatMap((name) => [...solid(themeColour(owner, `--series-${kinds.indexOf(name) + 1}`))]),
    );
    scene.objects.length = 0;
    scene.add({ form: 'sphere', positions, colours, sizes: 0.17 });
    if (ir.l === 1)
      scene.add({
        form: 'arrow',
        positions,
        vectors: new Float32Array(
          Array.from({ length: count }, (_, i) => at(i).map((v) => (v / longest) * 0.9)).flat(),
        ),
        sizes: 0.04,
        colours: themeColour(owner, '--ink'),
      });
    else
      for (let i = 0; i < count; i++)
        scene.add(
          signalSurface([[1, ir]], at(i), {
            scale: 0.8 / longest,
            positive: themeColour(owner, '--positive'),
            negative: themeColour(owner, '--negative'),
            position: [positions[3 * i], positions[3 * i + 1], positions[3 * i + 2]],
          }),
        );
    scene.label = `${title}: ${kinds.join(', ')} atoms, and the ${shown} output at each of them; the longest is ${figures(longest)}`;
    setText(
      find(this.root, '.picture-note', HTMLElement),
      `${ir.l === 1 ? 'Arrows' : 'Surfaces'}: the ${shown} output at each atom, the longest ${figures(longest)}. Drag, or use the arrow keys, to look from elsewhere.`,
    );
  }

  dispose(): void {
    this.live?.program.dispose();
    this.live = null;
  }
}

const solid = ([r, g, b]: Colour): Colour => [r, g, b, 1];
