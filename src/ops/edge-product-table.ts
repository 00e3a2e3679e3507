import { type IndexAttrs, NOWHERE } from '../graph/index-map.ts';
import type { Kernel, Node } from '../graph/node.ts';
import { wigner3jSparse } from '../o3/clebsch-gordan.ts';
import { floatBits } from './affine-runs.ts';
import { columnsOf } from './product-channels.ts';
import { type EdgeProductAttrs, type ProductSlot, productInputs, productSlots } from './product-form.ts';

/** Numbers at the beginning of the table, and for a column of the result; see the shader. */
const HEADER = 11;
const COLUMN = 6;

/**
 * The kernel that reads the terms of products along all edges of a graph from a table: one pipeline for all of them. Several
 * nodes are the gradients of one product by x and by w.
 *
 * @param start where the values of the open slots start in the buffer of the result, in numbers; null where there is one
 */
export function edgeTableKernel(
  nodes: readonly Node<EdgeProductAttrs>[],
  start: Readonly<Partial<Record<ProductSlot, number>>> | null,
): Kernel {
  // With x and w open the last has the map that x is gathered through.
  const { attrs, inputs } = nodes[nodes.length - 1];
  const { spec, gathered } = attrs;
  const [dst, src = dst] = inputs.slice(productInputs(attrs).length);
  const [{ rows }] = nodes;
  const columns = nodes.flatMap(({ attrs: { open } }) => columnsOfSlot(open));
  const { capacity, segments } = dst.attrs as IndexAttrs;
  const sources = gathered ? (src.attrs as IndexAttrs).segments : capacity;
  const header = [rows, columns.length, capacity, segments, sources];
  header.push(...productSlots.map((slot) => spec.cols[slot]), Number(attrs.open === 'z'), Number(gathered));
  const heads: number[] = [];
  const terms: number[] = [];
  // The terms of a component are those of all its channels.
  const written = new Map<readonly number[], number>();
  const firstTerm = HEADER + COLUMN * columns.length;
  for (const { terms: own, channel, place, step, isX } of columns) {
    let at = written.get(own);
    if (at === undefined) {
      at = firstTerm + terms.length;
      written.set(own, at);
      terms.push(...own);
    }
    heads.push(channel, at, at + own.length, place, step, Number(isX));
  }
  const values = new Map(
    nodes.flatMap(({ attrs, inputs }) => productInputs(attrs).map((slot, i) => [slot, inputs[i]])),
  );
  // What is not read is bound to something that is.
  const bound = productSlots.map((slot) => [slot, values.get(slot) ?? values.get('y')!]);
  return {
    shader: 'edge-product',
    bindings: { ...Object.fromEntries(bound), dst, src, result: 'result' },
    tables: { table: Uint32Array.from([...header, ...heads, ...terms]) },
    workgroups: Math.ceil((rows * columns.length) / 64),
  };

  function columnsOfSlot(open: ProductSlot) {
    const none: number[] = [];
    const place = start?.[open] ?? 0;
    const step = spec.cols[open];
    const all = Array.from({ length: step }, (_, c) => ({
      terms: none,
      channel: 0,
      place: place + c,
      step,
      isX: open === 'x',
    }));
    const lists = new Map<number, number[]>();
    for (const path of spec.paths) {
      const block = columnsOf(path, open);
      for (const { i, j, k, value } of wigner3jSparse(path.x.l, path.y.l, path.z.l)) {
        const component = { x: i, y: j, z: k };
        const columnOf = (slot: 'x' | 'y' | 'z') => path[slot].offset + component[slot] * path[slot].stride;
        const first = open === 'w' ? block.offset : columnOf(open);
        let list = lists.get(first);
        if (!list) {
          list = [];
          lists.set(first, list);
          for (let channel = 0; channel < block.mul; channel++)
            Object.assign(all[first + channel], { terms: list, channel });
        }
        const unless = (slot: ProductSlot, column: number | null) =>
          slot === open ? NOWHERE : (column ?? NOWHERE);
        const y = [columnOf('y'), Number(path.mode === 'uuu')];
        list.push(unless('x', columnOf('x')), ...y, unless('w', path.w), unless('z', columnOf('z')));
        list.push(floatBits(path.coefficient * value));
      }
    }
    return all;
  }
}
