import { type CurvePoint, printCurve, short } from './difference-curve.ts';

/** One number of a leaf's derivative that is wrong. */
export interface WrongNumber {
  /** Place in the leaf, row-major, and the same as row and column. */
  readonly index: number;
  readonly row: number;
  readonly column: number;
  /** The derivative as the graph has it, in f64. */
  readonly derivative: number;
  /** What it was compared with. */
  readonly against: 'central differences' | 'the GPU';
  /** What that gave. */
  readonly found: number;
}

/** The derivative of one order by one leaf. */
export interface GradientEntry {
  /** Name of the leaf. */
  readonly leaf: string;
  /** 1: the gradient; 2: the gradient of the gradient along a direction; and so on. */
  readonly order: number;
  /** Error of the central difference by step: the V-curve. */
  readonly curve: readonly CurvePoint[];
  /** Its lowest point. */
  readonly best: CurvePoint;
  /** Power of the step with which the error falls at first: 2, or null where nothing falls (see `checkGradients`). */
  readonly slope: number | null;
  /** Largest difference of the GPU's derivative from the one in f64, relative to the largest entry; null without a GPU. */
  readonly gpu: number | null;
  /** Where it is wrong; null where it passed. */
  readonly wrong: WrongNumber | null;
  readonly passed: boolean;
}

/**
 * What `checkGradients` found: an entry for each leaf and order.
 *
 * @example
 * ```ts
 * import { checkGradients, input, multiply } from 'clebsch';
 * const x = input('x', 1, 2);
 * const report = await checkGradients(null, multiply(x, x), { feeds: { x: [1, 2] } });
 * [report.passed, report.failure]; // => [true, null]
 * report.print().split('\n').at(-1); // => "all derivatives passed"
 * ```
 */
export class GradientReport {
  /** Order by order, leaf by leaf. */
  readonly entries: readonly GradientEntry[];
  /** Largest error allowed of the best difference, and of the GPU. */
  readonly allowed: { readonly difference: number; readonly gpu: number };

  constructor(entries: readonly GradientEntry[], allowed: { difference: number; gpu: number }) {
    this.entries = entries;
    this.allowed = allowed;
  }

  /** Whether every derivative passed. */
  get passed(): boolean {
    return this.entries.every(({ passed }) => passed);
  }

  /** One sentence about the first entry that did not pass (the lowest order is where a mistake is); null if all did. */
  get failure(): string | null {
    const entry = this.entries.find(({ passed }) => !passed);
    if (!entry?.wrong) return null;
    const { leaf, order, best, gpu, wrong } = entry;
    const { difference } = this.allowed;
    const figure =
      wrong.against === 'the GPU'
        ? `the relative error is ${short(gpu!).trim()}, allowed is ${this.allowed.gpu}`
        : `the relative error is ${short(best.error).trim()} at best, allowed is ${difference} at two neighbouring steps`;
    const gives = wrong.against === 'the GPU' ? 'gives' : 'give';
    return (
      `the derivative of order ${order} by "${leaf}" is wrong at row ${wrong.row}, column ${wrong.column} ` +
      `(number ${wrong.index}): it is ${wrong.derivative}, but ${wrong.against} ${gives} ${wrong.found}; ${figure}`
    );
  }

  /** The report as text: a line and the V-curve for each entry. */
  print(): string {
    return this.entries
      .flatMap((entry) => {
        const { leaf, order, best, slope, gpu, passed } = entry;
        const figures = [
          `best ${short(best.error).trim()} at step ${short(best.step).trim()}`,
          `slope ${slope === null ? 'none' : slope.toFixed(2)}`,
          ...(gpu === null ? [] : [`GPU ${short(gpu).trim()}`]),
        ];
        return [
          `${passed ? 'passed' : 'FAILED'}  order ${order} by ${leaf}: ${figures.join(', ')}`,
          ...printCurve(entry.curve),
        ];
      })
      .concat(this.failure ?? 'all derivatives passed')
      .join('\n');
  }
}
