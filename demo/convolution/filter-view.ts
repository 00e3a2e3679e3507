import { themeColour } from '../shared/colours.ts';
import { find, setText } from '../shared/dom.ts';
import type { ChartOptions, LineChart } from '../shared/line-chart.ts';
import { exactRadial, FARTHEST, NEAREST } from './gravity.ts';
import { irrepsIn, type PathConvolution } from './layer.ts';
import { SLICE } from './programs.ts';

export const filterHtml = `
  <section class="panel" aria-labelledby="radial-title">
    <h2 id="radial-title">Radial functions, by path</h2>
    <div class="chart radial"></div>
    <p class="note key"><span class="path-key"></span> <span class="law-key" hidden></span> <span class="others-key">the other paths</span></p>
    <p class="note radial-note"></p>
  </section>
  <section class="panel" aria-labelledby="slice-title">
    <h2 id="slice-title">The filter</h2>
    <canvas class="slice" width="${SLICE}" height="${SLICE}" role="img"></canvas>
    <p class="note slice-note"></p>
  </section>`;

export const planes = ['xy', 'yz', 'zx'] as const;
export type Plane = (typeof planes)[number];

/** Points of a plane through the origin, [SLICE^2, 3]: rows from top to bottom; the length of a side is 2 radius. */
export function planeGrid(plane: Plane, radius: number): Float64Array {
  const [across, up] = [...plane].map((axis) => 'xyz'.indexOf(axis));
  const grid = new Float64Array(SLICE * SLICE * 3);
  for (let row = 0; row < SLICE; row++)
    for (let col = 0; col < SLICE; col++) {
      const at = 3 * (row * SLICE + col);
      grid[at + across] = (2 * ((col + 0.5) / SLICE) - 1) * radius;
      grid[at + up] = (1 - 2 * ((row + 0.5) / SLICE)) * radius;
    }
  return grid;
}

/** Features that are one in one place and zero elsewhere, for every point of the grid: what the filter takes from `component` of its input. */
export function unitFeatures(layer: PathConvolution, path: number, component: number): Float64Array {
  const { in1 } = layer.paths[path].instruction;
  const start = irrepsIn.blocks.slice(0, in1).reduce((sum, { mul, ir }) => sum + mul * ir.dim, 0);
  const x = new Float64Array(SLICE * SLICE * irrepsIn.dim);
  for (let i = start + component; i < x.length; i += irrepsIn.dim) x[i] = 1;
  return x;
}

/** The curves: those of all paths thin, then the law that the chosen one is to find, and it itself. */
export const radialChart = (layer: PathConvolution): ChartOptions => ({
  label: 'The radial function of each path over the distance',
  range: [-2, 5],
  across: 'distance r',
  series: [
    ...layer.paths.map(({ name }) => ({ label: name, colour: '--edge', width: 1 })),
    { label: 'the law', colour: '--series-2', dashed: true, width: 3 },
    { label: 'the chosen path', colour: '--series-1', width: 3 },
  ],
});

/** The radial functions, and a slice through the filter. */
export class FilterView {
  private readonly owner: Element;
  private readonly root: HTMLElement;
  private readonly chart: LineChart;

  constructor(owner: Element, root: HTMLElement, chart: LineChart) {
    this.owner = owner;
    this.root = root;
    this.chart = chart;
  }

  /** `functions` is RADII x (columns of weights). */
  radial(
    layer: PathConvolution,
    path: number,
    radii: Float64Array,
    functions: ArrayLike<number>,
    radius: number,
  ): void {
    const cols = layer.tp.weightLength;
    const column = (p: number) => {
      const at = layer.tp.weightPositions[layer.paths[p].instruction.weightSlice![0]];
      return Array.from(radii, (_, i) => functions[i * cols + at]);
    };
    const inside = (r: number) => r >= NEAREST * radius && r <= FARTHEST * radius;
    const hasLaw = path < 3;
    const law = Array.from(radii, (r) => (hasLaw && inside(r) ? exactRadial(path, r) : null));
    const curves = layer.paths.map((_, p) => column(p));
    const shown = curves[path];
    this.chart.draw([Array.from(radii), ...curves, law, shown]);
    const note = find(this.root, '.radial-note', HTMLElement);
    const { name } = layer.paths[path];
    find(this.root, '.path-key', HTMLElement).textContent = name;
    const lawKey = find(this.root, '.law-key', HTMLElement);
    lawKey.hidden = !hasLaw;
    if (hasLaw) {
      const power = ['', '²', '³'][path];
      lawKey.textContent = `1/r${power}`;
      const where = Array.from(radii.keys()).filter((i) => inside(radii[i]));
      const off = Math.sqrt(where.reduce((sum, i) => sum + (shown[i] / law[i]! - 1) ** 2, 0) / where.length);
      note.dataset.error = String(off);
      setText(
        note,
        `Thick: ${name}. Between the distances seen in training it differs from 1/r${power} by ${(100 * off).toFixed(off < 0.1 ? 1 : 0)} %, ` +
          'the root mean square of the relative error.',
      );
    } else {
      delete note.dataset.error;
      setText(
        note,
        `Thick: ${name}. This path starts from a vector; gravity has none, so its last layer keeps its first weights.`,
      );
    }
  }

  /** `values` is SLICE^2 x outputs. */
  slice(
    layer: PathConvolution,
    path: number,
    componentIn: number,
    componentOut: number,
    plane: Plane,
    values: ArrayLike<number>,
  ): void {
    const { cols, blocks } = layer.tp.layoutOut;
    const block = blocks[layer.paths[path].instruction.out];
    const at = block.offset + componentOut * block.stride;
    const numbers = Array.from({ length: SLICE * SLICE }, (_, i) => values[i * cols + at]);
    const most = Math.max(1e-9, ...numbers.map(Math.abs));
    const canvas = find(this.root, 'canvas.slice', HTMLCanvasElement);
    const context = canvas.getContext('2d')!;
    const image = context.createImageData(SLICE, SLICE);
    const colours = ['--positive', '--negative', '--panel'].map((name) => themeColour(this.owner, name));
    numbers.forEach((v, i) => {
      const strength = Math.sqrt(Math.abs(v) / most);
      const colour = colours[v >= 0 ? 0 : 1];
      for (let k = 0; k < 3; k++)
        image.data[4 * i + k] = 255 * (colours[2][k] + strength * (colour[k] - colours[2][k]));
      image.data[4 * i + 3] = 255;
    });
    context.putImageData(image, 0, 0);
    const text =
      `${layer.paths[path].name}, from component ${componentIn + 1} to component ${componentOut + 1}, in the ${plane} plane, ${[...plane][0]} to the right: ` +
      `blue is positive, orange negative, the largest value ${most.toPrecision(3)}. The colour’s strength is the square root of the value.`;
    canvas.setAttribute('aria-label', `The filter ${text}`);
    canvas.dataset.largest = String(most);
    setText(find(this.root, '.slice-note', HTMLElement), text);
  }

  dispose(): void {
    this.chart.dispose();
  }
}
