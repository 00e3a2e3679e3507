import type { Optimizations } from '../graph/optimizations.ts';
import type { Contraction, ContractSlot } from './contract-form.ts';

/**
 * What one invocation of a contraction keeps in registers. Of the weights' gradient, rows are vectors too: `height` times
 * `width` rows.
 */
export interface Tile {
  /** Numbers of a vector. */
  readonly width: 1 | 4;
  readonly height: number;
  /** Vectors side by side. */
  readonly columns: number;
  /** Invocations that share what they load: 4 is a quad. */
  readonly lanes: 1 | 4;
  /** Invocations of a workgroup. */
  readonly group: number;
  /** Whether the body is generated; else it is the shader's default one. */
  readonly generated: boolean;
}

/** The shader's default body. */
export const plainTile: Tile = { width: 1, height: 1, columns: 1, lanes: 1, group: 64, generated: false };

const generated = { ...plainTile, generated: true };

/** One vector an invocation. */
const single: Tile = { ...generated, width: 4 };
/** Eight or four rows; four compile faster, and are enough where there are few. */
const tall: Tile = { ...single, height: 8 };
const low: Tile = { ...single, height: 4 };
/**
 * Blocks of 4 rows that share loads, for adapters where a load costs as much as 25 products of two vectors (SwiftShader;
 * `group` is small because it has few cores). Cost of four steps of the sum, in such products: 25 (4 + columns) + 16 columns.
 * The wide ones take two and three times as long to compile.
 */
const quad: Tile = { ...single, height: 4, columns: 2, lanes: 4, group: 16 };
const wideQuad: Tile = { ...quad, columns: 4 };
const widestQuad: Tile = { ...quad, columns: 7 };
const tallQuad: Tile = { ...quad, height: 6, columns: 5 };

/** Every tile, by name: tests compare all of them. */
export const tiles = { single, tall, low, quad, wideQuad, widestQuad, tallQuad };

/** Products from which a dispatch is worth a tile that takes long to compile: a millisecond on a software adapter. */
const LARGE = 3e6;

/**
 * The tile for contractions with `open` computed, by their shape and by what the adapter can: a small table of what was
 * measured (`test/bench/HISTORY.md`).
 */
export function tileFor(
  open: ContractSlot,
  contractions: readonly Contraction[],
  { tiles: blocked, quads }: Pick<Optimizations, 'tiles' | 'quads'>,
): Tile {
  const width = contractions.every(isAligned) ? 4 : 1;
  const perSample = contractions.some(({ terms: [{ form }] }) => form.perSample);
  const blocks = contractions.flatMap(({ samples, terms }) =>
    terms.flatMap(({ form }) => form.blocks.map((b) => ({ ...b, rows: samples * b.dim }))),
  );
  const rows = Math.max(0, ...blocks.map((b) => b.rows));
  if (!blocked) return { ...single, width };
  if (width === 4 && quads && !perSample && rows > 8)
    return open === 'w' ? { ...inQuads(), height: 1 } : inQuads();
  if (open === 'w') return { ...single, width };
  return { ...(rows >= 256 && !perSample ? tall : low), width };

  function inQuads(): Tile {
    const products = blocks.reduce((sum, b) => sum + b.rows * b.mulIn * b.mulOut, 0);
    if (products < LARGE) return quad;
    const candidates = open === 'w' ? [wideQuad, widestQuad] : [wideQuad, widestQuad, tallQuad];
    const costs = candidates.map((tile) => blocks.reduce((sum, b) => sum + costOf(tile, b), 0));
    // One that compiles longer must be worth it.
    return candidates.reduce((best, tile, i) =>
      costs[i] < 0.9 * costs[candidates.indexOf(best)] ? tile : best,
    );
  }

  /** Of a block, rows and columns that stand out of the last tiles included. */
  function costOf({ height, columns, lanes }: Tile, b: (typeof blocks)[number]): number {
    const [steps, across] = open === 'a' ? [b.mulOut, b.mulIn] : [b.mulIn, b.mulOut];
    const down = open === 'w' ? b.rows / (4 * lanes) : Math.ceil(b.rows / (height * lanes));
    return down * Math.ceil(across / 4 / columns) * steps * (25 * (height + columns) + 16 * height * columns);
  }
}

/** Whether four neighbouring numbers can be read, and computed, at once. */
export function isAligned({ terms, result }: Contraction): boolean {
  const numbers = terms.flatMap(({ form, left, right }) => [
    ...form.blocks.flatMap((b) => [b.a, b.aStride, b.o, b.oStride, b.w, b.mulIn, b.mulOut]),
    ...[form.aCols, form.wCols, form.oCols, left, right],
  ]);
  return [...numbers, result].every((n) => n % 4 === 0);
}

/** The shader's constants. */
export function tileParams({ width, height, columns, lanes, group }: Tile): Record<string, string> {
  return {
    Value: width === 4 ? 'vec4f' : 'f32',
    WIDTH: `${width}u`,
    HEIGHT: `${height}u`,
    COLUMNS: `${columns}u`,
    LANES: `${lanes}u`,
    GROUP: `${group}u`,
  };
}

/** The directives that sharing needs. All invocations of a quad take the same way through the tables. */
export function enabled({ lanes }: Tile): Record<string, string> {
  return lanes > 1 ? { enable: 'enable subgroups;\ndiagnostic(off, subgroup_uniformity);' } : {};
}
