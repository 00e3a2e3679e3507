import { affineRuns } from './affine-runs.ts';
import { indent } from './wgsl.ts';

/**
 * The numbers that generated code reads, in a uniform buffer: not constants, so that values of all sizes share a pipeline.
 * First invocations (times width), and how many of them a row has.
 */
export class Sizes {
  private readonly values: number[];
  private readonly tables: { pointer: number; rows: readonly (readonly number[])[] }[] = [];
  constructor(entries: number, cols: number) {
    this.values = [entries, cols];
  }
  /** Modulo 2^32, as WGSL's u32 computes: an offset may be negative (an input placed further right), an index never is. */
  at(value: number): string {
    const at = this.values.push(value >>> 0) - 1;
    return `sizes[${at >> 2}].${'xyzw'[at & 3]}`;
  }
  /** A table whose rows start at a multiple of four numbers: where the first is, itself one of the numbers. */
  table(rows: readonly (readonly number[])[]): string {
    this.tables.push({ pointer: this.values.length, rows });
    return this.at(0);
  }
  get numbers(): Uint32Array {
    const values = [...this.values];
    const fill = () => {
      while (values.length % 4 !== 0) values.push(0);
    };
    for (const { pointer, rows } of this.tables) {
      fill();
      values[pointer] = values.length / 4;
      for (const row of rows) {
        values.push(...row.map((value) => value >>> 0));
        fill();
      }
    }
    // A power of two: the code says how many there are, and should be the same for about as many.
    const padded = new Uint32Array(Math.max(4, 2 ** Math.ceil(Math.log2(values.length))));
    padded.set(values);
    return padded;
  }
}

/** How often a line of a body runs: once, once a run of pieces, a piece of it, a term of a sum. */
export const [ONCE, RUN, PIECE, TERM] = [0, 1, 2, 3];

/** The lines of a body. A line stands in the outermost loop in which its value is known. */
export class Lines {
  readonly at: readonly string[][] = [[], [], []];
  private readonly levels = new Map([
    ['run', RUN],
    ['variant', PIECE],
    ['k', TERM],
  ]);

  /** The level of code, by the names in it; of a whole loop over terms, `below` that. */
  levelOf(text: string, below = TERM + 1): number {
    const named = [...text.matchAll(/[a-z]\w*/g)].map(([name]) => this.levels.get(name) ?? ONCE);
    return Math.max(ONCE, ...named.filter((level) => level < below));
  }

  /** Says from where on a name is known. */
  know(name: string, level: number): void {
    this.levels.set(name, level);
  }

  /** Writes a definition, or gives it back where it belongs into the loop over terms. */
  define(name: string, value: string): string[] {
    const level = this.levelOf(value);
    this.know(name, level);
    const text = `let ${name} = ${value};`;
    if (level === TERM) return [text];
    this.at[level].push(text);
    return [];
  }
}

/**
 * The numbers by which the pieces of a body differ, as code: linear in the number of the piece, or a column of a table. A
 * table has a row for each run of pieces in which all numbers are linear, or for each piece where runs are short.
 */
export class PieceNumbers {
  private readonly pieces: readonly (readonly number[])[];
  /** How many pieces each row of the table is for. */
  private readonly counts: readonly number[];
  private readonly columns: (readonly number[])[] = [];
  private readonly named: number[] = [];
  private readonly sizes: Sizes;
  private readonly lines: Lines;

  constructor(pieces: readonly (readonly number[])[], sizes: Sizes, lines: Lines) {
    this.pieces = pieces;
    this.sizes = sizes;
    this.lines = lines;
    const runs = affineRuns(
      pieces,
      () => '',
      (numbers) => [...numbers],
    ).map(({ run }) => run.count);
    const short = runs.length > 1 && pieces.length <= SHORT * runs.length;
    this.counts = short ? pieces.map(() => 1) : runs;
  }

  /** Number `i`. One that differs from an earlier one by the same in all pieces is computed from that. */
  at(i: number): string {
    const { pieces, sizes, lines } = this;
    const [first] = pieces;
    if (isOne(this.valuesOf(i))) return sizes.at(first[i]);
    const parallel = this.named.find((j) => isOne(pieces.map((piece) => piece[i] - piece[j])));
    if (parallel === i) return `p${i}`;
    if (parallel !== undefined) return `p${parallel} + ${sizes.at(first[i] - first[parallel])}`;
    this.named.push(i);
    lines.define(`p${i}`, this.expression(i));
    return `p${i}`;
  }

  private valuesOf(i: number): number[] {
    return this.pieces.map((piece) => piece[i]);
  }

  private get perPiece(): boolean {
    return this.counts.length === this.pieces.length;
  }

  private expression(i: number): string {
    const values = this.valuesOf(i);
    const by = values[1] - values[0];
    const linear = (zero: readonly number[], step: readonly number[]) => {
      const first = this.column(zero);
      return step.every((s) => s === 0) ? first : `${first} + variant * ${this.column(step)}`;
    };
    if (isOne(values)) return this.sizes.at(values[0]);
    if (values.every((value, at) => value === values[0] + at * by)) return linear([values[0]], [by]);
    if (this.perPiece) return this.column(values);
    let start = 0;
    const runs = this.counts.map((count) => {
      start += count;
      return {
        start: start - count,
        step: count > 1 ? values[start - count + 1] - values[start - count] : null,
      };
    });
    // A run of one takes the step of another.
    const other = runs.find(({ step }) => step !== null)!.step!;
    return linear(
      runs.map(({ start, step }) => values[start] - start * (step ?? other)),
      runs.map(({ step }) => step ?? other),
    );
  }

  private column(values: readonly number[]): string {
    if (isOne(values)) return this.sizes.at(values[0]);
    const name = `n${this.columns.push(values) - 1}`;
    this.lines.know(name, this.perPiece ? PIECE : RUN);
    return name;
  }

  /** The loops over runs, and over the pieces of a run, where there are several. Only the columns of number `width` are computed. */
  loops(width: number | null): string {
    const { pieces, counts, lines, sizes } = this;
    const within = width === null ? null : `column < ${this.expression(width)}`;
    const level = within === null ? null : lines.levelOf(within);
    const guarded = (at: number, inside: readonly string[]) =>
      level === at ? block(`if (${within})`, inside) : inside;
    const inRun = counts.length === 1 || this.perPiece ? null : this.column(counts);
    const { columns } = this;
    const table = (row: string) => {
      if (columns.length === 0) return [];
      const first = sizes.table(counts.map((_, at) => columns.map((column) => column[at])));
      return [
        `let entry = ${first} + ${row} * ${Math.ceil(columns.length / 4)}u;`,
        ...columns.map((_, i) => `let n${i} = sizes[entry + ${i >> 2}u].${'xyzw'[i & 3]};`),
      ];
    };
    let inside: readonly string[] = guarded(PIECE, lines.at[PIECE]);
    if (inRun !== null)
      inside = [
        'var before = 0u;',
        ...block(`for (var run = 0u; run < ${sizes.at(counts.length)}; run++)`, [
          ...table('run'),
          `let last = before + ${inRun};`,
          ...guarded(RUN, [
            ...lines.at[RUN],
            ...block('for (var variant = before; variant < last; variant++)', inside),
          ]),
          'before = last;',
        ]),
      ];
    else if (pieces.length > 1)
      inside = block(`for (var variant = 0u; variant < ${sizes.at(pieces.length)}; variant++)`, [
        ...table('variant'),
        ...inside,
      ]);
    return block('', guarded(ONCE, [...lines.at[ONCE], ...inside])).join('\n');
  }
}

/** Runs of so few pieces on average get a row for each piece: one loop less, and fewer columns. */
const SHORT = 2;

const isOne = (values: readonly number[]) => values.every((value) => value === values[0]);

function block(head: string, inside: readonly string[]): string[] {
  return [`${head ? `${head} ` : ''}{`, indent(inside.join('\n')), '}'];
}
