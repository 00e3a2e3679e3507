import { type IndexNode, index } from '../graph/index-map.ts';
import { input } from '../graph/leaf.ts';
import { apply, type Kernel, type Node, type Op, type RowRange, shapeOf } from '../graph/node.ts';
import type { Optimizations } from '../graph/optimizations.ts';
import { readersOf, rewrite } from '../graph/rewrite.ts';
import { edgeTableKernel } from './edge-product-table.ts';
import { gatherOp, segmentSumOp } from './gather.ts';
import { isChannelwise } from './product-channels.ts';
import type { OpenForm } from './product-code.ts';
import { type EdgeProductAttrs, type ProductAttrs, type ProductSpec, productInputs } from './product-form.ts';
import { tensorProductOp } from './tensor-product.ts';
import { edgeProductKernel, gradientBatch } from './tensor-product-kernel.ts';

/**
 * The four-linear form of `tensorProduct` along the edges of a graph, where z belongs to nodes. With z open it is
 * segmentSum(tensorProduct(gather(x, src), y, w), dst), a convolution; with x or w open, its gradient, where z is the
 * cotangent of the node that an edge points to. No message is stored. Inputs are those of the form, then the map dst and,
 * where x is gathered, src. Made by `fuseMessages` after differentiation, so it has no gradient rule.
 */
export const edgeProductOp: Op<EdgeProductAttrs> = {
  name: 'edgeProduct',
  shape: (inputs, attrs) => {
    const { rows, cols } = composed(inputs, attrs).at(-1)!;
    return { rows, cols };
  },
  byRows(node) {
    const { attrs } = node;
    const slots = productInputs(attrs);
    const perEdge = slots.flatMap((slot, i) => (slot === 'z' || (slot === 'x' && attrs.gathered) ? [] : [i]));
    const cut = ({ start, count }: RowRange) => ({
      ...attrs,
      range: { start: attrs.range.start + start, count },
    });
    return {
      inputs: perEdge,
      sums: attrs.open === 'z',
      part: (parts, range) => apply(edgeProductOp, parts, cut(range)),
      add: (before, parts, range) => apply(addEdgeProductOp, [before, ...parts], cut(range)),
    };
  },
  reference(inputs, node) {
    const values = new Map(node.inputs.map((x, i) => [x, inputs[i]]));
    const steps = composed(node.inputs, node.attrs);
    for (const step of steps) {
      const known = step.inputs.map((x) => values.get(x)!);
      values.set(step, step.op.reference(known, step));
    }
    return values.get(steps.at(-1)!)!;
  },
  gradient() {
    throw new Error('edgeProduct: differentiate before fusing; a product along edges has no gradient rule');
  },
  kernel: (node, optimizations) => kernelOf([node], null, optimizations),
  batch: gradientBatch('edgeProduct', kernelOf),
  print: ({ spec, open }) => `${open} ${spec.paths.length} path${spec.paths.length === 1 ? '' : 's'}`,
  examples() {
    const [tiny, wide] = [example(3), example(8)];
    const [few, many] = [
      [5, 3],
      [1100, 40],
    ];
    return [
      of(tiny, few, 'z', true),
      of(tiny, few, 'x', true),
      of(tiny, few, 'w', true),
      of(tiny, few, 'w', false),
      of(wide, many, 'z', true),
      of(wide, many, 'z', false),
      of(wide, many, 'x', true),
      of(wide, many, 'w', true),
      of(tiny, few, 'z', true, { start: 1, count: 3 }),
      of(tiny, few, 'x', true, { start: 1, count: 3 }),
      of(wide, many, 'w', true, { start: 64, count: 1030 }),
    ];
  },
};

/** With the paths written out, or read from a table. */
function kernelOf(
  nodes: readonly Node<EdgeProductAttrs>[],
  start: OpenForm['start'],
  { unrolled }: Pick<Optimizations, 'unrolled'> = { unrolled: true },
): Kernel {
  const [{ attrs, inputs }] = nodes;
  const dst = inputs[productInputs(attrs).length];
  const all = attrs.range.count === dst.attrs.capacity;
  return unrolled || !all ? edgeProductKernel(nodes, 0, start) : edgeTableKernel(nodes, start);
}

/** A value plus a product summed into nodes, in the value's buffer: how a sum over edges continues where it stopped. */
export const addEdgeProductOp: Op<EdgeProductAttrs> = {
  name: 'addEdgeProduct',
  shape([before, ...inputs], attrs) {
    const { rows, cols } = composed(inputs, attrs).at(-1)!;
    if (before.rows !== rows || before.cols !== cols)
      throw new Error(`addEdgeProduct: sums of ${rows}x${cols} cannot be added to ${shapeOf(before)}`);
    return { rows, cols };
  },
  reference([before, ...inputs], node) {
    const sums = edgeProductOp.reference(inputs, { ...node, inputs: node.inputs.slice(1) });
    return before.map((v, i) => v + sums[i]);
  },
  gradient: edgeProductOp.gradient,
  kernel: (node) => edgeProductKernel([node], 1),
  overwrites: true,
  print: edgeProductOp.print,
  examples: () =>
    [example(3), example(8)].map((spec, i) => {
      const node = of(spec, i ? [1100, 40] : [5, 3], 'z', true, i ? { start: 64, count: 1030 } : undefined);
      return apply(addEdgeProductOp, [input('before', node.rows, node.cols), ...node.inputs], node.attrs);
    }),
};

/** What it stands for: gathers, the product, and the sum where z is open. */
function composed(inputs: readonly Node[], attrs: EdgeProductAttrs): Node[] {
  const { spec, open, gathered, range } = attrs;
  const slots = productInputs(attrs);
  const [dst, src] = inputs.slice(slots.length) as IndexNode[];
  const gathers: Node[] = [];
  const rowsOfEdges = slots.map((slot, i) => {
    const map = slot === 'z' ? dst : slot === 'x' && gathered ? src : null;
    if (!map) return inputs[i];
    gathers.push(apply(gatherOp, [inputs[i], map], range));
    return gathers.at(-1)!;
  });
  const product = apply<ProductAttrs>(tensorProductOp, rowsOfEdges, { spec, open });
  return [...gathers, product, ...(open === 'z' ? [apply(segmentSumOp, [product, dst], range)] : [])];
}

/**
 * Fuses tensor products with the gathers and sums over edges around them, so that nothing is stored that has a row for
 * each edge and the columns of z: much the largest values of a convolution.
 */
export function fuseMessages(outputs: readonly Node[]): Node[] {
  const readers = readersOf(outputs);
  const only = (x: Node) => readers.get(x) === 1;
  return rewrite(
    outputs,
    (next, node) => (only(node.inputs[0] ?? node) && summed(next)) || differentiated(next) || next,
  );
}

/** The source and the map of a gather of all rows. */
function gatherOf(node: Node): { source: Node; map: Node } | null {
  const [source, map] = node.inputs;
  return node.op === gatherOp && node.rows === map.attrs.capacity ? { source, map } : null;
}

/** segmentSum(tensorProduct(x, y, w)) as one. */
function summed(node: Node): Node | null {
  const [product, dst] = node.inputs;
  if (node.op !== segmentSumOp || product.op !== tensorProductOp || product.attrs.open !== 'z') return null;
  return edgeProduct(product, dst, product.inputs);
}

/** A gradient by x or w whose cotangent is gathered. */
function differentiated(node: Node): Node | null {
  if (node.op !== tensorProductOp || node.attrs.open === 'z') return null;
  const z = gatherOf(node.inputs.at(-1)!);
  return z && edgeProduct(node, z.map, [...node.inputs.slice(0, -1), z.source]);
}

function edgeProduct(product: Node<ProductAttrs>, dst: Node, inputs: readonly Node[]): Node | null {
  const { spec, open } = product.attrs;
  if (open === 'y' || !isChannelwise(spec) || product.rows !== dst.attrs.capacity) return null;
  const x = open === 'x' ? null : gatherOf(inputs[0]);
  const maps = x ? [dst, x.map] : [dst];
  const all = [...(x ? [x.source, ...inputs.slice(1)] : inputs), ...maps];
  return apply(edgeProductOp, all, {
    spec,
    open,
    gathered: x !== null,
    range: { start: 0, count: product.rows },
  });
}

/** A small convolution of `mul` channels. */
function example(mul: number): ProductSpec {
  const block = (offset: number, l: number, copies = mul) => ({ offset, stride: copies, mul: copies, l });
  const x = [block(0, 0), block(mul, 1)];
  const y = [block(0, 0, 1), block(1, 1, 1), block(4, 2, 1)];
  const z = [block(0, 0), block(mul, 1), block(4 * mul, 1)];
  return {
    paths: [
      { mode: 'uvu', x: x[0], y: y[1], z: z[1], w: 0, coefficient: 0.5 },
      { mode: 'uvu', x: x[1], y: y[0], z: z[1], w: mul, coefficient: 1.5 },
      { mode: 'uvu', x: x[1], y: y[1], z: z[0], w: 2 * mul, coefficient: -2 },
      { mode: 'uvu', x: x[1], y: y[2], z: z[2], w: 3 * mul, coefficient: 1 },
    ],
    // One block of z that no path fills.
    cols: { x: 4 * mul, y: 9, w: 4 * mul, z: 8 * mul },
  };
}

function of(
  spec: ProductSpec,
  [edges, nodes]: readonly number[],
  open: 'x' | 'w' | 'z',
  gathered: boolean,
  range: RowRange = { start: 0, count: edges },
): Node<EdgeProductAttrs> {
  const [dst, src] = [index('dst', edges, nodes), index('src', edges, nodes + 1)];
  const { count } = range;
  const rows = { x: gathered ? nodes + 1 : count, y: count, w: count, z: nodes };
  const slots = productInputs({ spec, open }).map((slot) => input(slot, rows[slot], spec.cols[slot]));
  const reads = gathered && open !== 'x';
  return apply(edgeProductOp, [...slots, dst, ...(reads ? [src] : [])], {
    spec,
    open,
    gathered: reads,
    range,
  });
}
