import { channelCount, type ProductPath, type ProductSlot, type ProductSpec } from './product-form.ts';
import { type ColumnBlock, groupBy } from './wgsl.ts';

/** Whether every channel of x meets one of y, so that a channel of the open slot needs no loop over others. */
export function isChannelwise({ paths }: ProductSpec): boolean {
  return paths.every(({ mode, y }) => mode === 'uuu' || ((mode === 'uvu' || mode === 'uvuv') && y.mul === 1));
}

/**
 * Rows from which on a kernel is made to run fast rather than to compile fast. An invocation takes four channels: four times
 * the arithmetic in the code takes three to five times as long to compile on a software adapter. And numbers are written into
 * the code: from a table, products take 15 to 18 % longer. A small batch never earns that back (3 to 5 % of a Tetris step).
 */
export const MANY_ROWS = 1024;

/** How many neighbouring channels one load of each slot brings: 4 where the layout allows it and the batch is large. */
export function laneWidths(spec: ProductSpec, rows: number): Record<ProductSlot, number> {
  const { paths, cols } = spec;
  const aligned = (n: number) => n % 4 === 0;
  const alignedBlock = (b: { offset: number; stride: number; mul: number }) =>
    aligned(b.offset) && aligned(b.stride) && aligned(b.mul);
  const elementwise = paths.every((p) => p.mode === 'uuu');
  const singleY = paths.every((p) => (p.mode === 'uvu' || p.mode === 'uvuv') && p.y.mul === 1);
  const fits = (slot: 'x' | 'z') => aligned(cols[slot]) && paths.every((p) => alignedBlock(p[slot]));
  const four =
    rows >= MANY_ROWS &&
    (elementwise || singleY) &&
    fits('x') &&
    fits('z') &&
    aligned(cols.w) &&
    paths.every((p) => p.w === null || aligned(p.w)) &&
    (singleY || (aligned(cols.y) && paths.every((p) => alignedBlock(p.y))));
  const width = four ? 4 : 1;
  return { x: width, y: singleY ? 1 : width, w: width, z: width };
}

export function columnsOf(path: ProductPath, slot: ProductSlot): ColumnBlock {
  if (slot === 'w') return { offset: path.w!, stride: 0, mul: channelCount(path), dim: 1 };
  return { ...path[slot], dim: 2 * path[slot].l + 1 };
}

/** Sums kept by one invocation: beyond this it would run out of registers. */
const SUMS_PER_INVOCATION = 32;

/** Paths that add into one block of the open slot, and such groups that share an invocation. */
export function sections(paths: readonly ProductPath[], open: ProductSlot): ProductPath[][][] {
  const merged: { key: string; sums: number; groups: ProductPath[][] }[] = [];
  for (const group of groupBy(paths, (path) => columnsOf(path, open).offset)) {
    const [path] = group;
    const block = columnsOf(path, open);
    const same = group.every((p) => p.x.offset === path.x.offset && p.x.stride === path.x.stride);
    const simple = (open === 'z' || open === 'w') && same && !loopOf(path, open, 1).loop;
    const key = simple ? `${path.x.offset} ${path.x.stride} ${block.mul} ${path.mode}` : '';
    const host = key && merged.find((m) => m.key === key && m.sums + block.dim <= SUMS_PER_INVOCATION);
    if (host) {
      host.groups.push(group);
      host.sums += block.dim;
    } else merged.push({ key, sums: block.dim, groups: [group] });
  }
  return merged.map((m) => m.groups);
}

/** Channel of each slot, given channel `c` of the open one; with a loop over what is left to sum. */
export interface Channels {
  readonly before: string[];
  readonly loop: { readonly variable: string; readonly from: string; readonly to: string } | null;
  readonly u: string;
  readonly v: string;
  readonly w: string;
  readonly z: string;
}

export function loopOf(path: ProductPath, open: ProductSlot, width: number): Channels {
  const { mode, x, y } = path;
  const none = { before: [], loop: null };
  if (mode === 'uuu') return { ...none, u: 'c', v: 'c', w: 'c', z: 'c' };
  if (mode === 'uvu<v') {
    const n = x.mul;
    const pair = (u: string, v: string) => `(${u} * ${n}u - (${u} * (${u} + 1u)) / 2u + ${v} - ${u} - 1u)`;
    if (open === 'x')
      return {
        before: [],
        loop: { variable: 'v', from: 'c + 1u', to: `${n}u` },
        u: 'c',
        v: 'v',
        w: pair('c', 'v'),
        z: pair('c', 'v'),
      };
    if (open === 'y')
      return {
        before: [],
        loop: { variable: 'u', from: '0u', to: 'c' },
        u: 'u',
        v: 'c',
        w: pair('u', 'c'),
        z: pair('u', 'c'),
      };
    const before = [
      'var u = 0u;',
      'var left = c;',
      `while (left >= ${n - 1}u - u) { left -= ${n - 1}u - u; u++; }`,
      'let v = u + 1u + left;',
    ];
    return { before, loop: null, u: 'u', v: 'v', w: 'c', z: 'c' };
  }
  const pair = (u: string, v: string) => (y.mul === 1 ? u : `(${u} * ${y.mul}u + ${v})`);
  const zOf = (u: string, v: string) => (mode === 'uvu' ? u : mode === 'uvv' ? v : pair(u, v));
  const openIsU = open === 'x' || (open === 'z' && mode === 'uvu');
  const openIsV = open === 'y' || (open === 'z' && mode === 'uvv');
  if (openIsU) {
    if (y.mul === 1) return { ...none, u: 'c', v: '0u', w: 'c', z: zOf('c', '0u') };
    return {
      before: [],
      loop: { variable: 'v', from: '0u', to: `${y.mul}u` },
      u: 'c',
      v: 'v',
      w: pair('c', 'v'),
      z: zOf('c', 'v'),
    };
  }
  if (openIsV) {
    if (x.mul === 1) return { ...none, u: '0u', v: 'c', w: pair('0u', 'c'), z: zOf('0u', 'c') };
    return {
      before: [],
      loop: { variable: 'u', from: '0u', to: `${x.mul / width}u` },
      u: 'u',
      v: 'c',
      w: pair('u', 'c'),
      z: zOf('u', 'c'),
    };
  }
  if (y.mul === 1) return { ...none, u: 'c', v: '0u', w: 'c', z: zOf('c', '0u') };
  return {
    before: [`let u = c / ${y.mul}u;`, `let v = c % ${y.mul}u;`],
    loop: null,
    u: 'u',
    v: 'v',
    w: 'c',
    z: zOf('u', 'v'),
  };
}
