import { literal } from '../graph/expression.ts';
import { wigner3jSparse } from '../o3/clebsch-gordan.ts';
import { type Channels, columnsOf, loopOf, sections } from './product-channels.ts';
import { type ProductPath, type ProductSlot, type ProductSpec, productSlots } from './product-form.ts';
import { factor, fixedOffset, given, offset, type Section, size, zeroSections } from './sections.ts';
import { groupBy, indent } from './wgsl.ts';

/** What code is generated for: a form with one open slot, or with x and w open, which read the same. */
export interface OpenForm {
  readonly spec: ProductSpec;
  readonly open: readonly ProductSlot[];
  /** How many channels a load of each slot brings. */
  readonly width: Readonly<Record<ProductSlot, number>>;
  /** Where the values of the open slots start in the buffer `result`, in numbers; null where there is only one. */
  readonly start: Readonly<Partial<Record<ProductSlot, number>>> | null;
  /** The edges that the invocation of a node goes through; null where samples are taken one by one. */
  readonly edges: EdgeLoop | null;
}

export interface EdgeLoop {
  /** Edges of the maps. */
  readonly capacity: number;
  /** Edges that there are rows for. */
  readonly count: number;
  /** Rows that x is read from through the map `src`; null where x has a row for each edge. */
  readonly sources: number | null;
  /** The first, and the one after the last, where they are those of a strip. */
  readonly strip: readonly [number, number] | null;
  /** Whether the sums begin with what is in their buffer. */
  readonly adds: boolean;
}

/**
 * The code of a form. One invocation computes every component of one channel (or of four neighbouring channels) of the
 * open slots; the Clebsch-Gordan sums are unrolled, zeros left out, coefficients written in. Paths that read the same
 * channels of x share an invocation, so that x is loaded once; with x and w open so do their gradients.
 */
export function productSections(form: OpenForm, rows: number): { head: string[]; sections: Section[] } {
  const { spec, open, width, start, edges } = form;
  // In one order, so that products of the same couplings have the same code.
  const paths = spec.paths.toSorted((a, b) => a.y.offset - b.y.offset || a.z.l - b.z.l);
  const slots = productSlots.filter((slot) => spec.cols[slot] > 0);
  const head = [
    ...slots.map((slot) => `let ${slot}Cols = ${size(spec.cols[slot] / width[slot])};`),
    ...(start ? open.map((slot) => `let ${slot}Start = ${size(start[slot]! / width[slot])};`) : []),
    ...(edges ? [`let capacity = ${size(edges.capacity)};`] : []),
    ...(edges && edges.sources !== null ? [`let sources = ${size(edges.sources)};`] : []),
    ...(edges?.strip
      ? [`let first = ${given(edges.strip[0])};`, `let stop = ${given(edges.strip[1])};`]
      : []),
  ];
  const first = (slot: ProductSlot) => (start ? `${slot}Start + ` : '');
  const groups =
    open.length > 1 ? groupBy(paths, ({ x }) => x.offset).map((group) => [group]) : sections(paths, open[0]);
  const zeros = open.flatMap((slot) => {
    const blocks = spec.paths.map((path) => columnsOf(path, slot));
    const place = (column: number) => `result[${first(slot)}row * ${slot}Cols + ${offset(column)} + c]`;
    return zeroSections(
      place,
      edges && slot !== 'z' ? edges.count : rows,
      spec.cols[slot],
      blocks,
      width[slot],
    );
  });
  return {
    head,
    sections: [
      ...groups.map((group) => sectionOf(form, group, rows)),
      ...(edges?.adds ? [] : zeros),
      ...(edges && !open.includes('z') ? [unusedEdges(form, first, edges, rows)] : []),
    ],
  };
}

/** Zeros for the edges that no node has: those that are not in use. */
function unusedEdges(
  { open, width }: OpenForm,
  first: (slot: ProductSlot) => string,
  { count, strip }: EdgeLoop,
  nodes: number,
): Section {
  const fills = open.map(
    (slot) =>
      `for (var i = 0u; i < ${slot}Cols; i++) { result[${first(slot)}row * ${slot}Cols + i] = ${zeroOf(width[slot])}; }`,
  );
  const code = [`if (dst[${strip ? 'first + ' : ''}row] < ${size(nodes)}) { return; }`, ...fills].join('\n');
  return { rows: count, channels: 1, code };
}

const zeroOf = (width: number) => (width === 4 ? 'vec4f()' : '0.0');

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
  /** The same under a name of its own. */
  define(name: string, text: string): string {
    if (!this.known.has(name)) this.lines.push(`let ${name} = ${text};`);
    this.known.set(name, name);
    return name;
  }
}

/** The places of a section's blocks, and the coefficients of its paths: lines that stand before everything else. Names count the blocks of each slot. */
class Places {
  private readonly scope = new Scope('');
  private readonly blocks: Record<string, number[]> = {};
  private paths = 0;
  private readonly form: OpenForm;
  private readonly channels: number;
  constructor(form: OpenForm, channels: number) {
    this.form = form;
    this.channels = channels;
  }
  get lines(): readonly string[] {
    return this.scope.lines;
  }
  /** Column of a component's first channel, where a load brings as many as the slot's width. */
  of(path: ProductPath, slot: ProductSlot, component: number): string {
    const { stride, mul, offset: start } = columnsOf(path, slot);
    // The harmonics of an edge stand alike in all products of a model.
    if (slot === 'y' && mul === 1) return fixedOffset(start + component * stride);
    const width = this.form.width[slot];
    this.blocks[slot] ??= [];
    const known = this.blocks[slot];
    const number = known.includes(start) ? known.indexOf(start) : known.push(start) - 1;
    const name = this.scope.define(`${slot}${number}`, offset(start / width));
    if (component === 0) return name;
    const dense = stride / width === this.channels;
    const step = dense ? 'channels' : this.scope.define(`${name}Step`, size(stride / width));
    return this.scope.define(`${name}_${component}`, `${name} + ${component}u * ${step}`);
  }
  /** The coefficient of the next path. */
  coefficient(value: number): string {
    return this.scope.define(`k${this.paths++}`, factor(value));
  }
}

/** What an invocation does for one channel of the blocks that some groups of paths add into. */
function sectionOf(form: OpenForm, groups: readonly ProductPath[][], rows: number): Section {
  const { open, width, edges } = form;
  const channels = columnsOf(groups[0][0], open[0]).mul / width[open[0]];
  const both = open.length > 1;
  const scope = new Scope('t');
  // What is loaded once for all edges of a node.
  const outer = edges ? new Scope('n') : scope;
  const edge = edges ? 'edge' : 'row';
  const row = { x: edges && edges.sources !== null ? 'source' : edge, y: edge, w: edge, z: 'row' };
  const places = new Places(form, channels);
  const from = { row, places, z: outer };
  const result = (path: ProductPath, slot: ProductSlot, m: number) =>
    `result[${slot}At + ${places.of(path, slot, m)}]`;
  const sums = open.map(
    (slot) =>
      `let ${slot}At = ${form.start ? `${slot}Start + ` : ''}${slot === 'z' ? 'row' : edge} * ${slot}Cols + c;`,
  );
  const stores: string[] = [];
  groups.forEach((paths, g) => {
    const { dim } = columnsOf(paths[0], open[0]);
    for (let m = 0; m < dim; m++) {
      const place = result(paths[0], open[0], m);
      sums.push(`var sum${g}_${m} = ${edges?.adds ? place : zeroOf(width[open[0]])};`);
      stores.push(`${place} = sum${g}_${m};`);
    }
    paths.forEach((path, p) => {
      const channel = loopOf(path, open[0], width.x);
      const alone = channel.loop !== null || channel.before.length > 0;
      const inner = alone ? new Scope(`p${p}_`) : scope;
      const weight = pathCode(form, path, channel, { ...from, inner, z: edges ? outer : inner }, `sum${g}_`);
      if (both) {
        // A source that is nowhere adds nothing.
        const known = row.x === 'source' ? `select(${zeroOf(width.w)}, ${weight}, origin < sources)` : weight;
        stores.push(`${result(path, 'w', 0)} = ${known};`);
      }
      if (alone) scope.lines.push(...looped(channel, inner.lines));
    });
  });
  const body = edges
    ? [...outer.lines, ...edgeLoop(edges, open, sums, scope.lines, stores)]
    : [...sums, ...scope.lines, ...stores];
  return { rows, channels, code: [...places.lines, ...body].join('\n') };
}

/** Lines of a path that finds its own channels. */
function looped({ before, loop }: Channels, lines: readonly string[]): string[] {
  const { variable, from, to } = loop ?? {};
  const inside = loop
    ? [`for (var ${variable} = ${from}; ${variable} < ${to}; ${variable}++) {`, indent(lines.join('\n')), '}']
    : lines;
  return ['{', indent([...before, ...inside].join('\n')), '}'];
}

/** The loop over the edges of a node: sums over all of them with z open, for each of them otherwise. */
function edgeLoop(
  { sources, strip }: EdgeLoop,
  open: readonly ProductSlot[],
  sums: readonly string[],
  lines: readonly string[],
  stores: readonly string[],
): string[] {
  const reads = sources !== null;
  const both = open.length > 1;
  const first = strip ? 'first + ' : '';
  const source = both
    ? [`let origin = src[${first}edge];`, 'let source = select(0u, origin, origin < sources);']
    : [`let source = src[${first}edge];`];
  // A source that is nowhere adds nothing.
  const guarded = reads && !both ? ['if (source < sources) {', indent(lines.join('\n')), '}'] : lines;
  const inside = open[0] === 'z' ? guarded : [...sums, ...guarded, ...stores];
  const loop = [
    'for (var i = begin; i < end; i++) {',
    `  let edge = dst[capacity + i]${strip ? ' - first' : ''};`,
    indent([...(reads ? source : []), ...inside].join('\n')),
    '}',
  ];
  const [begin, end] = ['dst[2u * capacity + row]', 'dst[2u * capacity + 1u + row]'];
  const bounds = strip
    ? [
        `let begin = lowerBound(capacity, ${begin}, ${end}, first);`,
        `let end = lowerBound(capacity, begin, ${end}, stop);`,
      ]
    : [`let begin = ${begin};`, `let end = ${end};`];
  return open[0] === 'z' ? [...bounds, ...sums, ...loop, ...stores] : [...bounds, ...loop];
}

/** The edges of a node ascend, so those of a strip are found by bisection. */
export const lowerBound = `fn lowerBound(capacity: u32, begin: u32, stop: u32, edge: u32) -> u32 {
  var low = begin;
  var high = stop;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (dst[capacity + middle] < edge) { low = middle + 1u; } else { high = middle; }
  }
  return low;
}`;

/** Where a path's code reads. */
interface Sources {
  readonly row: Readonly<Record<ProductSlot, string>>;
  readonly places: Places;
  readonly inner: Scope;
  /** Where z is loaded. */
  readonly z: Scope;
}

/** Adds one path's contribution, for fixed channels, to the sums of the first open slot. With x and w open it returns w's. */
function pathCode(
  { open: [open, second], width }: OpenForm,
  path: ProductPath,
  channel: Channels,
  { row, places, inner: scope, z }: Sources,
  sum: string,
): string {
  const entries = wigner3jSparse(path.x.l, path.y.l, path.z.l);
  const index = { x: channel.u, y: channel.v, w: channel.w, z: channel.z };
  const load = (slot: ProductSlot, component: number) => {
    const from = slot === 'z' ? z : scope;
    const first = from.let(`${row[slot]} * ${slot}Cols + ${index[slot]}`);
    return from.let(`${slot}[${first} + ${places.of(path, slot, component)}]`);
  };
  const weight = path.w === null || open === 'w' ? null : load('w', 0);
  const components = { x: 'i', y: 'j', z: 'k' } as const;
  // With the weights open the inner sum runs over z's components, as with z open.
  const target = open === 'w' ? 'z' : open;
  const others = (['x', 'y', 'z'] as const).filter((slot) => slot !== target);
  const sums = new Map<number, Term[]>();
  for (const entry of entries) {
    const [a, b] = others.map((slot) => load(slot, entry[components[slot]]));
    const term = { product: scope.let(`${a} * ${b}`), factor: entry.value };
    const m = entry[components[target]];
    const terms = sums.get(m);
    if (terms) terms.push(term);
    else sums.set(m, [term]);
  }
  // Where all coefficients of a path have one magnitude, it is taken out and multiplied once.
  const magnitudes = new Set([...sums.values()].flat().map((term) => magnitudeOf(term)));
  const common = magnitudes.size === 1 ? [...magnitudes][0] : null;
  const coefficient = places.coefficient(path.coefficient * Number(common ?? 1));
  const totals = [...sums].map(([m, terms]) => ({ m, total: sumOfTerms(terms, common) }));
  if (open === 'w') {
    const parts = totals.map(({ m, total }) => `${load('z', m)} * ${total}`);
    scope.lines.push(`${sum}0 += ${coefficient} * (${parts.join(' + ')});`);
    return '';
  }
  const scale = weight ? scope.let(`${coefficient} * ${weight}`) : coefficient;
  const parts = totals.map(({ m, total }) => {
    const value = second ? scope.let(total) : total;
    const horizontal = open === 'y' && width.x === 4 && width.y === 1;
    const scaled = `${scale} * ${value}`;
    scope.lines.push(`${sum}${m} += ${horizontal ? `dot(vec4f(1.0), ${scaled})` : scaled};`);
    return second ? `${load('x', m)} * ${value}` : '';
  });
  return second ? scope.let(`${coefficient} * (${parts.join(' + ')})`) : '';
}

interface Term {
  readonly product: string;
  readonly factor: number;
}

/** As the code has it, so that factors that differ in rounding alone are one. */
const magnitudeOf = (term: Term) => literal(Math.abs(term.factor));

/** Sum of products times factors; those of one magnitude share a multiplication, and `common` is left to the caller. */
function sumOfTerms(terms: readonly Term[], common: string | null): string {
  const groups = new Map<string, string>();
  for (const term of terms) {
    const magnitude = magnitudeOf(term);
    const before = groups.get(magnitude);
    const sign = term.factor < 0 ? '-' : before ? '+' : '';
    groups.set(magnitude, before ? `${before} ${sign} ${term.product}` : `${sign}${term.product}`);
  }
  const parts = [...groups].map(([magnitude, text]) =>
    magnitude === common ? `(${text})` : `${magnitude} * (${text})`,
  );
  return parts.length === 1 ? parts[0] : `(${parts.join(' + ')})`;
}
