import type { Kernel, Node } from '../graph/node.ts';

/** Which dimension disappears: "rows" leaves 1 x cols, "cols" rows x 1, "all" 1 x 1. */
export type Axis = 'rows' | 'cols' | 'all';

export interface ReduceAttrs {
  readonly axis: Axis;
}

export const reducedShape = ([x]: readonly Node[], { axis }: ReduceAttrs) => ({
  rows: axis === 'cols' ? x.rows : 1,
  cols: axis === 'rows' ? x.cols : 1,
});

/** The definition: `combine` over the entries that each place of the result stands for. */
export function reduce(
  x: Float64Array,
  node: Node<ReduceAttrs>,
  start: number,
  combine: (a: number, b: number) => number,
) {
  const source = node.inputs[0];
  const out = new Float64Array(node.rows * node.cols).fill(start);
  for (let r = 0; r < source.rows; r++)
    for (let c = 0; c < source.cols; c++) {
      const at = node.attrs.axis === 'rows' ? c : node.attrs.axis === 'cols' ? r : 0;
      out[at] = combine(out[at], x[r * source.cols + c]);
    }
  return out;
}

/**
 * Long reductions get a workgroup each, whose lanes add in strides and then pairwise in a fixed tree (the same bits
 * every time); short ones a single invocation, so that a workgroup computes 64 of them.
 */
export function reduceKernel(node: Node<ReduceAttrs>, combine?: string, start?: string): Kernel {
  const [x] = node.inputs;
  const { axis } = node.attrs;
  const outputs = node.rows * node.cols;
  const length = axis === 'rows' ? x.rows : axis === 'cols' ? x.cols : x.rows * x.cols;
  const long = length > 64;
  return {
    shader: long ? 'reduce-long' : 'reduce',
    ...(start && { params: { NEUTRAL: start } }),
    ...(combine && { slots: { combine } }),
    bindings: { source: 0, result: 'result' },
    tables: {
      sizes: Uint32Array.of(outputs, length, axis === 'rows' ? x.cols : 1, axis === 'cols' ? x.cols : 1),
    },
    workgroups: long ? outputs : Math.ceil(outputs / 64),
  };
}
