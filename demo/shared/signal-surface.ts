import { Irreps, type IrrepsLike, sphericalHarmonics } from '../../src/index.ts';
import { icosphere } from './direction-mesh.ts';
import type { Colour, Surface } from './scene-objects.ts';

const { directions, triangles } = icosphere(3);
const tables = new Map<string, Float64Array>();

/** Harmonics of the degrees of irreps at every direction: one row a direction. */
function tableOf(ls: readonly number[]): Float64Array {
  const key = ls.join();
  let table = tables.get(key);
  if (!table) {
    table = sphericalHarmonics(ls, directions, { normalize: true, normalization: 'norm' });
    tables.set(key, table);
  }
  return table;
}

export interface SignalOptions {
  /** What the components are multiplied by. */
  readonly scale: number;
  readonly positive: Colour;
  readonly negative: Colour;
  readonly position?: readonly [number, number, number];
}

/**
 * The function on the sphere that components of irreps stand for, sum_lm x_lm Y_lm(direction) with |Y_l| = 1, as a surface
 * at the distance |f| in each direction, coloured by the sign of f. Parities are not seen: a 1e looks like a 1o.
 */
export function signalSurface(irreps: IrrepsLike, x: ArrayLike<number>, options: SignalOptions): Surface {
  const ls = Irreps.parse(irreps).blocks.flatMap(({ mul, ir }) => new Array<number>(mul).fill(ir.l));
  const table = tableOf(ls);
  const count = directions.length / 3;
  const positions = new Float32Array(3 * count);
  const colours = new Float32Array(4 * count);
  for (let i = 0; i < count; i++) {
    let value = 0;
    for (let c = 0; c < x.length; c++) value += table[i * x.length + c] * x[c];
    for (let k = 0; k < 3; k++)
      positions[3 * i + k] = Math.abs(value) * options.scale * directions[3 * i + k];
    const [r, g, b, a = 1] = value >= 0 ? options.positive : options.negative;
    colours.set([r, g, b, a], 4 * i);
  }
  return { form: 'surface', positions, colours, indices: triangles, position: options.position };
}
