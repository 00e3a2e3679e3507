import { literal } from '../graph/expression.ts';
import { input } from '../graph/leaf.ts';
import { apply, type Node, type Op, shapeOf } from '../graph/node.ts';
import { harmonicsRecurrence, solidHarmonics as solidHarmonicsAt } from '../o3/spherical-harmonics.ts';
import type { ProductPath, SlotBlock } from './product-form.ts';
import { tensorProductOpenY } from './tensor-product.ts';

export interface HarmonicsAttrs {
  /** Degrees, in the order of the value's columns; each takes 2l + 1. */
  readonly ls: readonly number[];
  /** Factor of each degree, on top of component normalisation. */
  readonly scales: readonly number[];
}

/**
 * Solid harmonics: the homogeneous polynomials r^l Y^l of the three columns x, y, z (e3nn's axes: y is the polar one).
 * The gradient is a tensor product with the harmonics of degree l - 1, so no rule is needed for higher orders:
 * dY^l_m/dx_a = l a_l sum_m' C(l-1, 1, l)[m', a, m] Y^(l-1)_m'.
 */
export const solidHarmonicsOp: Op<HarmonicsAttrs> = {
  name: 'solidHarmonics',
  shape([x], { ls }) {
    if (x.cols !== 3) throw new Error(`solidHarmonics: vectors have 3 columns (x, y, z), got ${shapeOf(x)}`);
    return { rows: x.rows, cols: ls.reduce((sum, l) => sum + 2 * l + 1, 0) };
  },
  reference([x], { rows, cols, attrs: { ls, scales } }) {
    const out = new Float64Array(rows * cols);
    const lmax = Math.max(0, ...ls);
    for (let r = 0; r < rows; r++) {
      const all = solidHarmonicsAt(lmax, x[3 * r], x[3 * r + 1], x[3 * r + 2]);
      let at = r * cols;
      ls.forEach((l, i) => {
        for (let m = 0; m < 2 * l + 1; m++) out[at++] = scales[i] * all[l * l + m];
      });
    }
    return out;
  },
  gradient: ({ inputs: [x], attrs: { ls, scales } }, cotangent) => [
    () => {
      const lower = [...new Set(ls.filter((l) => l > 0).map((l) => l - 1))];
      const harmonics = solidHarmonics(x, lower);
      const offsets = new Map<number, number>();
      let cols = 0;
      for (const l of lower) {
        offsets.set(l, cols);
        cols += 2 * l + 1;
      }
      const paths: ProductPath[] = [];
      let offset = 0;
      ls.forEach((l, i) => {
        const block = (at: number, degree: number): SlotBlock => ({
          offset: at,
          stride: 1,
          mul: 1,
          l: degree,
        });
        if (l > 0)
          paths.push({
            mode: 'uuu',
            x: block(offsets.get(l - 1)!, l - 1),
            y: block(0, 1),
            z: block(offset, l),
            w: null,
            coefficient: scales[i] * l * harmonicsRecurrence(l),
          });
        offset += 2 * l + 1;
      });
      return tensorProductOpenY(
        { paths, cols: { x: cols, y: 3, w: 0, z: cotangent.cols } },
        harmonics,
        cotangent,
      );
    },
  ],
  byRows: ({ attrs }) => ({
    inputs: [0],
    sums: false,
    part: (parts) => apply(solidHarmonicsOp, parts, attrs),
  }),
  kernel({ rows, cols, attrs: { ls, scales } }) {
    const bindings = { vectors: 0, result: 'result' } as const;
    const common = { shader: 'spherical-harmonics', bindings, workgroups: Math.ceil(rows / 64) };
    const lmax = Math.max(0, ...ls);
    const sizes = { ROWS: `${rows}u`, COLS: `${cols}u` };
    const list = (values: readonly (number | string)[]) => `array(${values.join(', ')})`;
    return {
      ...common,
      params: sizes,
      slots: { body: unrolled(ls, scales) },
      plain: {
        ...common,
        params: {
          ...sizes,
          LMAX: `${lmax}u`,
          TERMS: `${((lmax + 1) * (lmax + 2)) / 2}u`,
          BLOCKS: `${ls.length}u`,
          DEGREES: list(ls.map((l) => `${l}u`)),
          SCALES: list(scales.map(literal)),
        },
      },
    };
  },
  key: ({ ls, scales }) => `${ls} ${scales}`,
  print: ({ ls }) => ls.join(' '),
  examples: () => [
    solidHarmonics(input('x', 5, 3), [0, 1, 2, 3]),
    solidHarmonics(input('x', 5, 3), [3, 1, 1], [0.5, 2, -1]),
    solidHarmonics(input('x', 2, 3), [5, 0]),
  ],
};

/** Factors of the forward column recurrence for Q_lm (see o3/legendre), by which both degrees below enter. */
function recurrence(l: number, m: number): [number, number] {
  const d = (l - m) * (l + m);
  const first = Math.sqrt(((2 * l - 1) * (2 * l + 1)) / d);
  if (l - m < 2) return [first, 0];
  return [first, Math.sqrt(((2 * l + 1) * (l - 1 - m) * (l - 1 + m)) / ((2 * l - 3) * d))];
}

/** The recurrence written out: every Q_lm, and Re and Im of (z + ix)^m, is a `let`. */
function unrolled(ls: readonly number[], scales: readonly number[]): string {
  const lmax = Math.max(0, ...ls);
  const lines = [];
  if (lmax > 0) lines.push('let r2 = x * x + y * y + z * z;');
  for (let l = 1; l <= lmax; l++) {
    for (let m = 0; m < l; m++) {
      const [first, second] = recurrence(l, m);
      const above = l - 1 === 0 ? 'y' : `y * q${l - 1}_${m}`;
      const older = second === 0 ? '' : ` - ${literal(second)} * r2${l - 2 === 0 ? '' : ` * q${l - 2}_${m}`}`;
      lines.push(`let q${l}_${m} = ${literal(first)} * ${above}${older};`);
    }
    const before = l === 1 ? '' : ` * q${l - 1}_${l - 1}`;
    lines.push(`let q${l}_${l} = ${literal(Math.sqrt((2 * l + 1) / (2 * l)))}${before};`);
    lines.push(
      l === 1
        ? 'let c1 = z; let s1 = x;'
        : `let c${l} = c${l - 1} * z - s${l - 1} * x; let s${l} = c${l - 1} * x + s${l - 1} * z;`,
    );
  }
  let column = 0;
  ls.forEach((l, i) => {
    for (let m = -l; m <= l; m++, column++) {
      const n = Math.abs(m);
      const q = l === 0 ? '1.0' : `q${l}_${n}`;
      const factor = literal(n === 0 ? scales[i] : scales[i] * Math.SQRT2);
      const turn = m === 0 ? '' : ` * ${m < 0 ? 's' : 'c'}${n}`;
      lines.push(`result[at + ${column}u] = ${factor} * ${q}${turn};`);
    }
  });
  return lines.join('\n');
}

/**
 * Solid harmonics, the homogeneous polynomials r^l Y^l, of vectors x, y, z (polar axis y): rows x sum(2l+1), the
 * degrees in the order given, components m = -l..l. `sphericalHarmonicsLayer` makes e3nn's spherical harmonics
 * of them.
 *
 * @param x rows x 3
 * @param scales factor of each degree, on top of component normalisation; default 1
 * @throws Error if x has not three columns.
 * @example
 * ```ts
 * import { input, reference, solidHarmonicsOf } from 'clebsch';
 * const y = solidHarmonicsOf(input('x', 1, 3), [0, 1], [1, 1 / Math.sqrt(3)]);
 * reference([y], { x: [1, 2, 3] }); // => [[1, 1, 2, 3]]
 * ```
 */
export function solidHarmonics(
  x: Node,
  ls: readonly number[],
  scales: readonly number[] = ls.map(() => 1),
): Node {
  return apply(solidHarmonicsOp, [x], { ls, scales });
}
