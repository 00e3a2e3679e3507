import { type Expression, toWgsl } from '../graph/expression.ts';
import { type Body, isPlainStep, type Read } from './pointwise-bodies.ts';
import { Lines, PieceNumbers, type Sizes, TERM } from './pointwise-numbers.ts';
import { indent } from './wgsl.ts';

/** What a body is written into. */
export interface Frame {
  /** Numbers that an invocation computes. */
  readonly width: 1 | 4;
  /** Columns that invocations are counted by. */
  readonly span: number;
  /** Columns of the value. */
  readonly cols: number;
  readonly sizes: Sizes;
  /** The names of the inputs' buffers, and their columns. */
  readonly inputs: readonly { readonly name: string; readonly cols: number }[];
  /** The name of where the row begins in an input, or in the result. */
  readonly rowOf: (input: number | 'result') => string;
  /** What is added to the place in the result. */
  readonly base: string;
}

/** The WGSL of a body, for an invocation that knows `at`, `row` and `column`. */
export function bodyCode(
  { piece, numbers: all }: Body,
  { width, span, cols, sizes, inputs, rowOf, base }: Frame,
): string {
  const lines = new Lines();
  const numbers = new PieceNumbers(all, sizes, lines);
  // In the order of `numbersOf`.
  let count = 0;
  const next = () => {
    const i = count++;
    return () => numbers.at(i);
  };
  const [start] = [next(), next()];
  const full = all.every(([, width]) => width === span);
  const whole = full && cols === span && all.length === 1;
  if (!whole) lines.define('here', `${cols === span ? 'at' : `${rowOf('result')} + column`} + ${start()}`);
  const here = whole ? 'at' : 'here';

  const load = (read: Read, offset: () => string, step: string[]): string => {
    const { name, cols: own } = inputs[read.input];
    const placeOf = () => {
      const counted = read.row && read.column && own === span;
      const row = counted ? ['at'] : read.row ? [rowOf(read.input)] : [];
      return [...row, ...(read.column && !counted ? ['column'] : []), offset(), ...step].join(' + ');
    };
    const place = read.here ? here : placeOf();
    if (width === 1) return `${name}[${place}]`;
    return read.column ? `${name}[(${place}) / 4u]` : `vec4f(${name}[${place}])`;
  };
  /** The functions are scalar: four lanes are written out. Lines for the loop over terms are given back. */
  const compute = (expression: Expression, args: readonly string[], prefix: string) => {
    const inner: string[] = [];
    const results = (width === 1 ? [''] : ['x', 'y', 'z', 'w']).map((lane) => {
      const own = lane ? args.map((arg) => `${arg}.${lane}`) : args;
      const { lines: lets, result } = toWgsl(expression, own, `${prefix}t${lane}`);
      for (const text of lets) {
        const [, name, value] = /^let (\w+) = (.*);$/.exec(text)!;
        inner.push(...lines.define(name, value));
      }
      return result;
    });
    return { inner, result: width === 1 ? results[0] : `vec4f(${results.join(', ')})` };
  };

  const args = piece.reads.map((read, i) => {
    lines.define(`v${i}`, load(read, next(), []));
    return `v${i}`;
  });
  piece.sums.forEach((sum, s) => {
    const terms = next();
    const offsets = sum.reads.map(next);
    const steps = sum.reads.map(({ step }) => {
      const number = next();
      return step === 0 ? [] : isPlainStep(step) ? ['k'] : [`k * (${number()})`];
    });
    const loads = sum.reads.map((read, i) => lines.define(`s${s}v${i}`, load(read, offsets[i], steps[i])));
    const { inner, result } = compute(
      sum.expression,
      sum.reads.map((_, i) => `s${s}v${i}`),
      `s${s}`,
    );
    const text = [
      `var s${s} = ${width === 1 ? '0.0' : 'vec4f()'};`,
      `for (var k = 0u; k < ${terms()}; k++) {`,
      indent([...loads.flat(), ...inner, `s${s} += ${result};`].join('\n')),
      '}',
    ].join('\n');
    const level = lines.levelOf(text, TERM);
    lines.know(`s${s}`, level);
    lines.at[level].push(text);
    args.push(`s${s}`);
  });
  const { result } = compute(piece.expression, args, '');
  const place = `${here}${base}`;
  const store = `result[${width === 1 ? place : `(${place}) / 4u`}] = ${result};`;
  lines.at[lines.levelOf(store)].push(store);
  return numbers.loops(full ? null : 1);
}
