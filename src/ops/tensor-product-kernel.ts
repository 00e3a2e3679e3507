import { literal } from '../graph/expression.ts';
import type { IndexAttrs } from '../graph/index-map.ts';
import type { Kernel, Node } from '../graph/node.ts';
import { wigner3jSparse } from '../o3/clebsch-gordan.ts';
import { channelProductKernel, isChannelProduct } from './channel-product-kernel.ts';
import {
  channelCount,
  type EdgeProductAttrs,
  type ProductAttrs,
  type ProductPath,
  type ProductSlot,
  type ProductSpec,
  productSlots,
} from './product-form.ts';
import {
  type ColumnBlock,
  dispatchSections,
  groupBy,
  indent,
  offset,
  type Section,
  zeroSections,
} from './wgsl.ts';

/** Up to so many, a kernel that takes half as long again is worth one that need not be compiled. */
const FEW_NUMBERS = 8192;

/** The kernel of a product: of few numbers where a table of terms does, so that less is compiled, else unrolled. */
export function tensorProductKernel(node: Node<ProductAttrs>): Kernel {
  const { spec, open } = node.attrs;
  const few = node.rows * node.cols <= FEW_NUMBERS && isChannelProduct(spec);
  const kernel = few ? channelProductKernel(node) : unrolledKernel(node);
  return {
    ...kernel,
    get plain() {
      return {
        shader: 'tensor-product',
        params: tables(spec, open, node.rows),
        slots: {
          bindings: bindingsOf(node.attrs).declare({ x: 1, y: 1, w: 1, z: 1 }),
          ...(spec.cols.w === 0 && { weight: 'return 1.0;' }),
          store: `${open}[at] = value;`,
        },
        bindings: bindingsOf(node.attrs).bindings,
        workgroups: Math.max(1, Math.ceil((node.rows * node.cols) / 64)),
      };
    },
  };
}

/**
 * Generates the body of shaders/tensor-product.wgsl. One invocation computes every component of one channel (or of
 * four neighbouring channels) of the open slot; the Clebsch-Gordan sums are unrolled, zeros left out, coefficients
 * written in. Paths that read the same channels of x share an invocation, so that x is loaded once.
 */
function unrolledKernel(node: Node<ProductAttrs>): Kernel {
  const { spec, open } = node.attrs;
  const width = laneWidths(spec, node.rows);
  const blocks = spec.paths.map((path) => columnsOf(path, open));
  const body = dispatchSections([
    ...sections(spec, open).map((groups) => sectionCode(spec, open, groups, node.rows, width)),
    ...zeroSections(open, node.rows, node.cols, blocks, width[open]),
  ]);
  const { bindings, declare } = bindingsOf(node.attrs);
  return { ...generated(declare(width), body), bindings };
}

/** The bindings of the slots that have columns, and how they are declared for loads of given widths. */
function bindingsOf({ spec, open }: ProductAttrs, first = 0) {
  const slots = productSlots.filter((slot) => spec.cols[slot] > 0);
  const inputs = slots.filter((slot) => slot !== open);
  const bindings = Object.fromEntries(
    slots.map((slot) => [slot, slot === open ? ('result' as const) : first + inputs.indexOf(slot)]),
  );
  const declare = (widths: Record<ProductSlot, number>) =>
    slots
      .map((slot, i) => {
        const access = slot === open ? 'read_write' : 'read';
        return `@group(0) @binding(${i}) var<storage, ${access}> ${slot}: array<${widths[slot] === 4 ? 'vec4f' : 'f32'}>;`;
      })
      .join('\n');
  return { slots, inputs, bindings, declare };
}

/** A kernel with a generated body. It needs neither of the two functions, whose defaults name slots that may not be bound. */
const generated = (declarations: string, body: Section) => ({
  shader: 'tensor-product',
  slots: { bindings: declarations, weight: 'return 1.0;', store: '', body: body.code },
  workgroups: Math.ceil(body.threads / 64),
});

/**
 * The kernel of a product along the edges of a graph (see edge-product.ts). An invocation takes one channel of one node, and
 * goes through the edges that point to it: what belongs to the node, its sums or its cotangent, stays in registers.
 */
export function edgeProductKernel(node: Node<EdgeProductAttrs>, first: 0 | 1): Kernel {
  const { spec, open, gathered, range } = node.attrs;
  const { slots, inputs, bindings, declare } = bindingsOf(node.attrs, first);
  const [dst, src] = node.inputs.slice(first + inputs.length);
  const { capacity, segments } = dst.attrs as IndexAttrs;
  const width = laneWidths(spec, capacity);
  const some = range.count < capacity;
  const edges: EdgeLoop = {
    capacity,
    sources: gathered ? src.attrs.segments : null,
    some,
    adds: first === 1,
  };
  const blocks = spec.paths.map((path) => columnsOf(path, open));
  const columns = node.cols / width[open];
  const zero = width[open] === 4 ? 'vec4f()' : '0.0';
  const body = dispatchSections([
    ...sections(spec, open).map((groups) => sectionCode(spec, open, groups, segments, width, edges)),
    ...(edges.adds ? [] : zeroSections(open, node.rows, node.cols, blocks, width[open])),
    // No node has the edges that are not in use.
    ...(open === 'z'
      ? []
      : [
          {
            threads: range.count,
            code: `if (dst[${some ? 'strip[0] + ' : ''}q] < ${segments}u) { return; }\nfor (var i = 0u; i < ${columns}u; i++) { ${open}[q * ${columns}u + i] = ${zero}; }`,
          },
        ]),
  ]);
  const maps = gathered ? ['dst', 'src'] : ['dst'];
  const declareMaps = [...maps, ...(some ? ['strip'] : [])].map(
    (map, i) => `@group(0) @binding(${slots.length + i}) var<storage, read> ${map}: array<u32>;`,
  );
  return {
    ...generated([declare(width), ...declareMaps, ...(some ? [lowerBound(capacity)] : [])].join('\n'), body),
    // Not constants, so that all strips of rows share a pipeline.
    ...(some && { tables: { strip: Uint32Array.of(range.start, range.start + range.count) } }),
    bindings: { ...bindings, ...Object.fromEntries(maps.map((map, i) => [map, first + inputs.length + i])) },
  };
}

/** The edges of a node ascend, so those of a strip are found by bisection. */
const lowerBound = (capacity: number) => `fn lowerBound(begin: u32, stop: u32, edge: u32) -> u32 {
  var low = begin;
  var high = stop;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (dst[${capacity}u + middle] < edge) { low = middle + 1u; } else { high = middle; }
  }
  return low;
}`;

/** Whether every channel of x meets one of y, so that a channel of the open slot needs no loop over others. */
export function isChannelwise({ paths }: ProductSpec): boolean {
  return paths.every(({ mode, y }) => mode === 'uuu' || ((mode === 'uvu' || mode === 'uvuv') && y.mul === 1));
}

/** The edges that the invocation of a node goes through. */
interface EdgeLoop {
  readonly capacity: number;
  /** Rows that x is read from through the map `src`; null where x has a row for each edge. */
  readonly sources: number | null;
  /** Whether it is only those of a strip. */
  readonly some: boolean;
  /** Whether the sums begin with what is in their buffer. */
  readonly adds: boolean;
}

/**
 * Rows from which on an invocation takes four channels. Four times the arithmetic in the code takes three to five times
 * as long to compile on a software adapter; a small batch never earns that back (2 % of a Tetris step).
 */
const ROWS_FOR_FOUR = 1024;

/** How many neighbouring channels one load of each slot brings: 4 where the layout allows it and the batch is large. */
function laneWidths(spec: ProductSpec, rows: number): Record<ProductSlot, number> {
  const { paths, cols } = spec;
  const aligned = (n: number) => n % 4 === 0;
  const alignedBlock = (b: { offset: number; stride: number; mul: number }) =>
    aligned(b.offset) && aligned(b.stride) && aligned(b.mul);
  const elementwise = paths.every((p) => p.mode === 'uuu');
  const singleY = paths.every((p) => (p.mode === 'uvu' || p.mode === 'uvuv') && p.y.mul === 1);
  const fits = (slot: 'x' | 'z') => aligned(cols[slot]) && paths.every((p) => alignedBlock(p[slot]));
  const four =
    rows >= ROWS_FOR_FOUR &&
    (elementwise || singleY) &&
    fits('x') &&
    fits('z') &&
    aligned(cols.w) &&
    paths.every((p) => p.w === null || aligned(p.w)) &&
    (singleY || (aligned(cols.y) && paths.every((p) => alignedBlock(p.y))));
  const width = four ? 4 : 1;
  return { x: width, y: singleY ? 1 : width, w: width, z: width };
}

function columnsOf(path: ProductPath, slot: ProductSlot): ColumnBlock {
  if (slot === 'w') return { offset: path.w!, stride: 0, mul: channelCount(path), dim: 1 };
  return { ...path[slot], dim: 2 * path[slot].l + 1 };
}

/** Sums kept by one invocation: beyond this it would run out of registers. */
const SUMS_PER_INVOCATION = 32;

/** Paths that add into one block of the open slot, and such groups that share an invocation. */
function sections(spec: ProductSpec, open: ProductSlot): ProductPath[][][] {
  const merged: { key: string; sums: number; groups: ProductPath[][] }[] = [];
  for (const group of groupBy(spec.paths, (path) => columnsOf(path, open).offset)) {
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
interface Channels {
  readonly before: string[];
  readonly loop: { readonly variable: string; readonly from: string; readonly to: string } | null;
  readonly u: string;
  readonly v: string;
  readonly w: string;
  readonly z: string;
}

function loopOf(path: ProductPath, open: ProductSlot, width: number): Channels {
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

/** Lines of one scope; what was loaded or multiplied before is not computed again. */
class Scope {
  readonly lines: string[] = [];
  private readonly known = new Map<string, string>();
  private readonly prefix: string;
  constructor(prefix: string) {
    this.prefix = prefix;
  }
  let(text: string): string {
    let name = this.known.get(text);
    if (!name) {
      name = `${this.prefix}${this.known.size}`;
      this.known.set(text, name);
      this.lines.push(`let ${name} = ${text};`);
    }
    return name;
  }
}

function sectionCode(
  spec: ProductSpec,
  open: ProductSlot,
  groups: readonly ProductPath[][],
  rows: number,
  width: Record<ProductSlot, number>,
  edges: EdgeLoop | null = null,
): Section {
  const channels = columnsOf(groups[0][0], open).mul / width[open];
  const type = width[open] === 4 ? 'vec4f' : 'f32';
  const code = [`let row = q / ${channels}u;`, `let c = q % ${channels}u;`];
  const stores: string[] = [];
  const scope = new Scope('t');
  // What is loaded once for all edges of a node.
  const outer = edges ? new Scope('n') : scope;
  const row = {
    x: edges ? (edges.sources === null ? 'edge' : 'source') : 'row',
    y: edges ? 'edge' : 'row',
    w: edges ? 'edge' : 'row',
    z: 'row',
  };
  const prefixed: string[] = [];
  groups.forEach((paths, g) => {
    const block = columnsOf(paths[0], open);
    for (let m = 0; m < block.dim; m++) {
      const at = offset((block.offset + m * block.stride) / width[open]);
      const place = `${open}[${row[open]} * ${spec.cols[open] / width[open]}u + ${at} + c]`;
      const zero = type === 'f32' ? '0.0' : 'vec4f()';
      prefixed.push(`var sum${g}_${m} = ${edges?.adds ? place : zero};`);
      stores.push(`${place} = sum${g}_${m};`);
    }
    paths.forEach((path, p) => {
      const channel = loopOf(path, open, width.x);
      const alone = channel.loop !== null || channel.before.length > 0;
      const inner = alone ? new Scope(`p${p}_`) : scope;
      pathCode(spec, open, path, channel, width, { row, inner, z: edges ? outer : inner }, `sum${g}_`);
      if (!alone) return;
      const { loop } = channel;
      scope.lines.push(
        '{',
        ...channel.before.map((line) => `  ${line}`),
        ...(loop
          ? [
              `  for (var ${loop.variable} = ${loop.from}; ${loop.variable} < ${loop.to}; ${loop.variable}++) {`,
              indent(inner.lines.join('\n'), 4),
              '  }',
            ]
          : inner.lines.map((line) => `  ${line}`)),
        '}',
      );
    });
  });
  const body = edges
    ? [...outer.lines, ...edgeLoop(edges, open, prefixed, scope.lines, stores)]
    : [...prefixed, ...scope.lines, ...stores];
  return { threads: rows * channels, code: [...code, ...body].join('\n') };
}

/** The loop over the edges of a node: sums over all of them with z open, for each of them otherwise. */
function edgeLoop(
  { capacity, sources, some }: EdgeLoop,
  open: ProductSlot,
  sums: readonly string[],
  lines: readonly string[],
  stores: readonly string[],
): string[] {
  const reads = open !== 'x' && sources !== null;
  // A source that is nowhere adds nothing.
  const guarded = reads ? [`if (source < ${sources}u) {`, ...lines.map((l) => `  ${l}`), '}'] : lines;
  const loop = [
    `for (var i = begin; i < end; i++) {`,
    `  let edge = dst[${capacity}u + i]${some ? ' - strip[0]' : ''};`,
    ...(reads ? [`  let source = src[${some ? 'strip[0] + ' : ''}edge];`] : []),
    ...(open === 'z' ? guarded : [...sums, ...guarded, ...stores]).map((l) => `  ${l}`),
    '}',
  ];
  const [begin, end] = [`dst[${2 * capacity}u + row]`, `dst[${2 * capacity + 1}u + row]`];
  const bounds = some
    ? [
        `let begin = lowerBound(${begin}, ${end}, strip[0]);`,
        `let end = lowerBound(begin, ${end}, strip[1]);`,
      ]
    : [`let begin = ${begin};`, `let end = ${end};`];
  return open === 'z' ? [...bounds, ...sums, ...loop, ...stores] : [...bounds, ...loop];
}

/** Adds one path's contribution, for fixed channels, to the sums of the open slot. */
function pathCode(
  spec: ProductSpec,
  open: ProductSlot,
  path: ProductPath,
  channel: Channels,
  width: Record<ProductSlot, number>,
  { row, inner: scope, z }: { row: Record<ProductSlot, string>; inner: Scope; z: Scope },
  sum: string,
): void {
  const entries = wigner3jSparse(path.x.l, path.y.l, path.z.l);
  const index = { x: channel.u, y: channel.v, z: channel.z };
  const load = (slot: 'x' | 'y' | 'z', component: number) => {
    const at = offset((path[slot].offset + component * path[slot].stride) / width[slot]);
    const from = slot === 'z' ? z : scope;
    return from.let(
      `${slot}[${from.let(`${row[slot]} * ${spec.cols[slot] / width[slot]}u + ${index[slot]}`)} + ${at}]`,
    );
  };
  const weight =
    path.w === null || open === 'w'
      ? null
      : scope.let(
          `w[${scope.let(`${row.w} * ${spec.cols.w / width.w}u + ${channel.w}`)} + ${offset(path.w / width.w)}]`,
        );
  const components = { x: 'i', y: 'j', z: 'k' } as const;
  // With the weights open the inner sum runs over z's components, as with z open.
  const target = open === 'w' ? 'z' : open;
  const others = (['x', 'y', 'z'] as const).filter((slot) => slot !== target);
  const sums = new Map<number, { product: string; factor: number }[]>();
  for (const entry of entries) {
    const [a, b] = others.map((slot) => load(slot, entry[components[slot]]));
    const term = { product: scope.let(`${a} * ${b}`), factor: path.coefficient * entry.value };
    const m = entry[components[target]];
    const terms = sums.get(m);
    if (terms) terms.push(term);
    else sums.set(m, [term]);
  }
  // Where all coefficients of a path have one magnitude, it is taken out and multiplied once.
  const magnitudes = new Set([...sums.values()].flat().map(({ factor }) => literal(Math.abs(factor))));
  const common = magnitudes.size === 1 ? [...magnitudes][0] : null;
  if (open === 'w') {
    const parts = [...sums].map(([m, terms]) => `${load('z', m)} * ${sumOfTerms(terms, common)}`);
    scope.lines.push(`${sum}0 += ${common ? `${common} * (${parts.join(' + ')})` : parts.join(' + ')};`);
    return;
  }
  const scale = common && weight ? scope.let(`${common} * ${weight}`) : (common ?? weight);
  for (const [m, terms] of sums) {
    const total = sumOfTerms(terms, common);
    const value = scale ? `${scale} * ${total}` : total;
    const horizontal = open === 'y' && width.x === 4 && width.y === 1;
    scope.lines.push(`${sum}${m} += ${horizontal ? `dot(vec4f(1.0), ${value})` : value};`);
  }
}

/** Sum of products times factors; those of one magnitude share a multiplication, and `common` is left to the caller. */
function sumOfTerms(terms: readonly { product: string; factor: number }[], common: string | null): string {
  const groups = new Map<string, string>();
  for (const { product, factor } of terms) {
    const magnitude = literal(Math.abs(factor));
    const before = groups.get(magnitude);
    const sign = factor < 0 ? '-' : before ? '+' : '';
    groups.set(magnitude, before ? `${before} ${sign} ${product}` : `${sign}${product}`);
  }
  const parts = [...groups].map(([magnitude, text]) =>
    magnitude === common ? `(${text})` : `${magnitude} * (${text})`,
  );
  return parts.length === 1 ? parts[0] : `(${parts.join(' + ')})`;
}

/** The same form as tables, for the shader's default body. */
function tables(spec: ProductSpec, open: ProductSlot, rows: number): Record<string, string | number> {
  const modes = ['uvu', 'uvv', 'uuu', 'uvuv', 'uvu<v'];
  const entries: string[] = [];
  const paths = spec.paths.map((path) => {
    const start = entries.length;
    for (const { i, j, k, value } of wigner3jSparse(path.x.l, path.y.l, path.z.l))
      entries.push(`Entry(${i}u, ${j}u, ${k}u, ${literal(value)})`);
    const block = (slot: 'x' | 'y' | 'z') =>
      `vec3u(${path[slot].offset}u, ${path[slot].stride}u, ${path[slot].mul}u)`;
    return `Path(${modes.indexOf(path.mode)}u, ${block('x')}, ${block('y')}, ${block('z')}, ${path.w ?? 0}u, ${start}u, ${entries.length}u, ${literal(path.coefficient)})`;
  });
  return {
    OPEN: ['x', 'y', 'w', 'z'].indexOf(open),
    ROWS: `${rows}u`,
    COLS: `vec4u(${(['x', 'y', 'w', 'z'] as const).map((slot) => `${spec.cols[slot]}u`).join(', ')})`,
    ENTRIES: `array(${entries.join(', ')})`,
    PATH_COUNT: `${paths.length}u`,
    PATHS: `array(${paths.join(', ')})`,
  };
}
