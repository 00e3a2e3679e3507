import type { IndexAttrs } from '../graph/index-map.ts';
import type { Batch, Kernel, Node } from '../graph/node.ts';
import type { Optimizations } from '../graph/optimizations.ts';
import { channelProductKernel, isChannelProduct } from './channel-product-kernel.ts';
import { isChannelwise, laneWidths, MANY_ROWS } from './product-channels.ts';
import { type EdgeLoop, lowerBound, type OpenForm, productSections } from './product-code.ts';
import {
  type EdgeProductAttrs,
  type ProductAttrs,
  type ProductSlot,
  productInputs,
  productSlots,
} from './product-form.ts';
import { dispatchSections } from './sections.ts';
import { plainKernel } from './tensor-product-plain.ts';

/** Up to so many, a kernel that takes half as long again is worth one that need not be compiled. */
const FEW_NUMBERS = 8192;

/** The kernel of a product: of few numbers where a table of terms does, so that less is compiled, else unrolled. */
export function tensorProductKernel(node: Node<ProductAttrs>): Kernel {
  const { spec } = node.attrs;
  const few = node.rows * node.cols <= FEW_NUMBERS && isChannelProduct(spec);
  const kernel = few ? channelProductKernel(node) : sampleKernel([node]);
  return {
    ...kernel,
    get plain() {
      return plainKernel(node);
    },
  };
}

/** An invocation takes a channel of a sample; several nodes are the gradients of one product by x and by w. */
export function sampleKernel(nodes: readonly Node<ProductAttrs>[], start: OpenForm['start'] = null): Kernel {
  const [{ attrs, rows }] = nodes;
  const { spec } = attrs;
  const form = { spec, open: openOf(nodes), width: laneWidths(spec, rows), start, edges: null };
  return generated(form, rows, boundTo(nodes, 0));
}

/**
 * The kernel of a product along the edges of a graph (see edge-product.ts). An invocation takes one channel of one node, and
 * goes through the edges that point to it: what belongs to the node, its sums or its cotangent, stays in registers.
 */
export function edgeProductKernel(
  nodes: readonly Node<EdgeProductAttrs>[],
  first: 0 | 1,
  start: OpenForm['start'] = null,
): Kernel {
  // With x and w open the last has the map that x is gathered through.
  const { attrs, inputs } = nodes[nodes.length - 1];
  const { spec, gathered, range } = attrs;
  const [dst, src] = inputs.slice(first + productInputs(attrs).length);
  const { capacity, segments } = dst.attrs as IndexAttrs;
  const { start: begin, count } = range;
  const edges: EdgeLoop = {
    capacity,
    count,
    sources: gathered ? src.attrs.segments : null,
    strip: count < capacity ? [begin, begin + count] : null,
    adds: first === 1,
  };
  const form = { spec, open: openOf(nodes), width: laneWidths(spec, capacity), start, edges };
  const maps = gathered ? [dst, src] : [dst];
  const at = inputs.length - maps.length;
  const bound = maps.map((map, i) => [i ? 'src' : 'dst', nodes.length > 1 ? map : at + i]);
  return generated(form, segments, { ...boundTo(nodes, first), ...Object.fromEntries(bound) });
}

/** How the gradients of one product by x and by w share a dispatch: both are made of the same sums over y and z. */
export function gradientBatch<A extends ProductAttrs>(
  name: string,
  kernel: (nodes: readonly Node<A>[], start: OpenForm['start'], optimizations?: Optimizations) => Kernel,
): Batch<A> {
  return {
    key({ attrs, inputs }) {
      const { spec, open } = attrs;
      const slots = productInputs(attrs);
      const own = new Set(spec.paths.map(({ w }) => w)).size === spec.paths.length;
      if ((open !== 'x' && open !== 'w') || spec.cols.w === 0 || !own || !isChannelwise(spec)) return null;
      if (inputs.some(({ rows, cols }) => rows * cols === 0)) return null;
      // What both read: y, z, and the map of the edges where there is one.
      const shared = [inputs[slots.indexOf('y')], inputs[slots.indexOf('z')], inputs[slots.length]];
      return `${name} ${shared.map((value) => value?.id).join(' ')}`;
    },
    roles: () => [],
    fits(nodes, maxInputs) {
      const [{ attrs }] = nodes;
      const open = new Set(nodes.map((node) => node.attrs.open));
      const read = new Set(nodes.flatMap((node) => node.inputs));
      return (
        open.size === nodes.length &&
        nodes.every((node) => node.attrs.spec === attrs.spec) &&
        read.size <= maxInputs
      );
    },
    kernel: (nodes, offsetOf, optimizations) => ({
      ...kernel(
        nodes.toSorted((a, b) => productSlots.indexOf(a.attrs.open) - productSlots.indexOf(b.attrs.open)),
        Object.fromEntries(nodes.map((node) => [node.attrs.open, offsetOf(node)])),
        optimizations,
      ),
      whole: ['result'],
    }),
  };
}

type Product = Pick<Node<ProductAttrs>, 'attrs' | 'inputs'>;

/** The slots that some nodes of one form compute. */
const openOf = (nodes: readonly Product[]) => nodes.map(({ attrs }) => attrs.open);

/** What the slots are bound to that nodes read, whose form begins with input `first`: in a batch values, else inputs. */
function boundTo(nodes: readonly Product[], first: 0 | 1): Record<string, number | Node> {
  return Object.fromEntries(
    nodes.flatMap(({ attrs, inputs }) =>
      productInputs(attrs).map((slot, i) => [slot, nodes.length > 1 ? inputs[i] : first + i]),
    ),
  );
}

/** A kernel with a generated body. It needs neither of the two functions, whose defaults name slots that may not be bound. */
function generated(form: OpenForm, rows: number, bound: Record<string, number | Node>): Kernel {
  const { width, open } = form;
  const { head, sections } = productSections(form, rows);
  const { code, threads, sizes } = dispatchSections(
    head,
    sections,
    (form.edges?.capacity ?? rows) >= MANY_ROWS,
  );
  const type = (slot: ProductSlot) => (width[slot] === 4 ? 'vec4f' : 'f32');
  const declarations = [
    `var<storage, read_write> result: array<${type(open[0])}>;`,
    ...productSlots
      .filter((slot) => slot in bound)
      .map((slot) => `var<storage, read> ${slot}: array<${type(slot)}>;`),
    ...['dst', 'src'].filter((map) => map in bound).map((map) => `var<storage, read> ${map}: array<u32>;`),
    ...(sizes.length > 0 ? [`var<uniform> sizes: array<vec4u, ${sizes.length / 4}>;`] : []),
  ].map((text, i) => `@group(0) @binding(${i}) ${text}`);
  return {
    shader: 'tensor-product',
    slots: {
      bindings: [...declarations, ...(form.edges?.strip ? [lowerBound] : [])].join('\n'),
      weight: 'return 1.0;',
      store: '',
      body: code,
    },
    bindings: { ...bound, result: 'result' },
    ...(sizes.length > 0 && { tables: { sizes } }),
    workgroups: Math.ceil(threads / 64),
  };
}
