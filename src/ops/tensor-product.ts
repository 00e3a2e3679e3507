import { input } from '../graph/leaf.ts';
import { apply, type Node, type Op, shapeOf } from '../graph/node.ts';
import { wigner3jSparse } from '../o3/clebsch-gordan.ts';
import {
  channelCount,
  type ProductAttrs,
  type ProductPath,
  type ProductSlot,
  type ProductSpec,
  productInputs,
  type SlotBlock,
} from './product-form.ts';
import { gradientBatch, sampleKernel, tensorProductKernel } from './tensor-product-kernel.ts';

/** Calls `visit` with the channel of each slot, for every combination that a path sums over. */
export function forEachChannel(
  path: ProductPath,
  visit: (u: number, v: number, w: number, z: number) => void,
): void {
  const { mode, x, y } = path;
  let w = 0;
  for (let u = 0; u < x.mul; u++) {
    if (mode === 'uuu') visit(u, u, u, u);
    else
      for (let v = mode === 'uvu<v' ? u + 1 : 0; v < y.mul; v++, w++)
        visit(u, v, w, mode === 'uvu' ? u : mode === 'uvv' ? v : w);
  }
}

/**
 * The four-linear form T = sum over paths of coefficient * C_ijk * x_ui * y_vj * w_uv * z_k with one slot left
 * open, sample by sample. With z open it is the tensor product; its derivative by any input is the same form
 * with another slot open, so one op and one kernel family serve every order of derivative.
 */
export const tensorProductOp: Op<ProductAttrs> = {
  name: 'tensorProduct',
  shape(inputs, attrs) {
    const slots = productInputs(attrs);
    const odd = attrs.spec.paths.findIndex((path) => (path.w !== null) !== attrs.spec.cols.w > 0);
    if (odd >= 0)
      throw new Error(
        `tensorProduct: path ${odd} ${odd ? 'differs from the others: ' : ''}either all paths have weights or none`,
      );
    checkBlocks(attrs.spec);
    slots.forEach((slot, i) => {
      if (inputs[i].rows !== inputs[0].rows || inputs[i].cols !== attrs.spec.cols[slot])
        throw new Error(
          `tensorProduct: slot ${slot} must be ${inputs[0].rows}x${attrs.spec.cols[slot]}, got ${shapeOf(inputs[i])}`,
        );
    });
    return { rows: inputs[0].rows, cols: attrs.spec.cols[attrs.open] };
  },
  reference(inputs, node) {
    const { spec, open } = node.attrs;
    const out = new Float64Array(node.rows * node.cols);
    const values: Partial<Record<ProductSlot, Float64Array>> = {};
    productInputs(node.attrs).forEach((slot, i) => {
      values[slot] = inputs[i];
    });
    const { x = out, y = out, w = null, z = out } = values;
    for (const path of spec.paths) {
      const entries = wigner3jSparse(path.x.l, path.y.l, path.z.l);
      const weighted = w !== null && open !== 'w';
      for (let row = 0; row < node.rows; row++)
        forEachChannel(path, (u, v, c, k) => {
          const atX = row * spec.cols.x + path.x.offset + u;
          const atY = row * spec.cols.y + path.y.offset + v;
          const atW = row * spec.cols.w + path.w! + c;
          const atZ = row * spec.cols.z + path.z.offset + k;
          const factor = path.coefficient * (weighted ? w[atW] : 1);
          for (const e of entries) {
            const i = atX + e.i * path.x.stride;
            const j = atY + e.j * path.y.stride;
            const m = atZ + e.k * path.z.stride;
            if (open === 'z') out[m] += factor * e.value * x[i] * y[j];
            else if (open === 'x') out[i] += factor * e.value * y[j] * z[m];
            else if (open === 'y') out[j] += factor * e.value * x[i] * z[m];
            else out[atW] += factor * e.value * x[i] * y[j] * z[m];
          }
        });
    }
    return out;
  },
  gradient(node, cotangent) {
    const { spec, open } = node.attrs;
    const slots = productInputs(node.attrs);
    const filling: Partial<Record<ProductSlot, Node>> = { [open]: cotangent };
    slots.forEach((slot, i) => {
      filling[slot] = node.inputs[i];
    });
    return slots.map((slot) => () => productForm(spec, slot, filling));
  },
  kernel: tensorProductKernel,
  batch: gradientBatch('tensorProduct', sampleKernel),
  byRows: ({ inputs, attrs, cols }) => ({
    inputs: inputs.map((_, i) => i),
    sums: false,
    part: (parts) => apply(tensorProductOp, parts, attrs),
    products: productsOf(attrs.spec) / cols,
  }),
  linear: 'each',
  print: ({ spec, open }) => `${open} ${spec.paths.length} path${spec.paths.length === 1 ? '' : 's'}`,
  examples() {
    const block = (offset: number, mul: number, l: number): SlotBlock => ({ offset, stride: mul, mul, l });
    const x = [block(0, 4, 0), block(4, 4, 1)];
    const sh = [block(0, 1, 0), block(1, 1, 1), block(4, 1, 2)];
    const convolution: ProductSpec = {
      paths: [
        { mode: 'uvu', x: x[0], y: sh[0], z: block(0, 4, 0), w: 0, coefficient: 0.5 },
        { mode: 'uvu', x: x[0], y: sh[2], z: block(4, 4, 2), w: 4, coefficient: 1.5 },
        { mode: 'uvu', x: x[1], y: sh[1], z: block(24, 4, 1), w: 8, coefficient: -2 },
      ],
      cols: { x: 16, y: 9, w: 12, z: 36 },
    };
    const y = [block(0, 2, 1), block(6, 3, 0)];
    const mixed: ProductSpec = {
      paths: [
        { mode: 'uvv', x: block(0, 3, 1), y: y[0], z: block(0, 2, 2), w: 0, coefficient: 0.7 },
        { mode: 'uvuv', x: block(0, 3, 1), y: y[1], z: block(10, 9, 1), w: 18, coefficient: 1 },
        { mode: 'uuu', x: block(0, 3, 1), y: y[1], z: block(37, 3, 1), w: 6, coefficient: 2 },
        { mode: 'uvu', x: block(0, 3, 1), y: y[0], z: block(46, 3, 0), w: 9, coefficient: 1.1 },
        {
          mode: 'uvu<v',
          x: block(0, 3, 1),
          y: { ...block(0, 3, 0), offset: 6 },
          z: block(49, 3, 1),
          w: 15,
          coefficient: -1,
        },
      ],
      cols: { x: 9, y: 9, w: 27, z: 58 },
    };
    const gate: ProductSpec = {
      paths: [
        { mode: 'uuu', x: block(0, 8, 1), y: block(0, 8, 0), z: block(0, 8, 1), w: null, coefficient: 1 },
      ],
      cols: { x: 24, y: 8, w: 0, z: 24 },
    };
    const of = (spec: ProductSpec, rows: number) =>
      tensorProduct(
        spec,
        input('x', rows, spec.cols.x),
        input('y', rows, spec.cols.y),
        spec.cols.w ? input('w', rows, spec.cols.w) : undefined,
      );
    // The last two are large enough for the kernels that take four channels at a time.
    return [of(convolution, 3), of(mixed, 3), of(gate, 3), of(convolution, 1024), of(gate, 1024)];
  },
};

/** Terms of the form, a product each. */
function productsOf({ paths }: ProductSpec): number {
  return paths.reduce(
    (sum, path) => sum + channelCount(path) * wigner3jSparse(path.x.l, path.y.l, path.z.l).length,
    0,
  );
}

/** Paths that start at one column of a slot must mean the same block: a kernel computes it as one. */
function checkBlocks({ paths }: ProductSpec): void {
  for (const slot of ['x', 'y', 'z'] as const) {
    const known = new Map<number, ProductPath>();
    paths.forEach((path, i) => {
      const { offset, stride, mul, l } = path[slot];
      const other = known.get(offset)?.[slot];
      if (other && mul > 0 && (other.stride !== stride || other.mul !== mul || other.l !== l))
        throw new Error(
          `tensorProduct: path ${i} reads ${mul} copies of l = ${l} at column ${offset} of slot ${slot}, ` +
            `another path ${other.mul} copies of l = ${other.l}; paths that share a block must agree on it`,
        );
      if (mul > 0) known.set(offset, path);
    });
  }
}

function productForm(
  spec: ProductSpec,
  open: ProductSlot,
  filling: Partial<Record<ProductSlot, Node>>,
): Node {
  const attrs = { spec, open };
  return apply(
    tensorProductOp,
    productInputs(attrs).map((slot) => {
      const value = filling[slot];
      if (!value)
        throw new Error(
          `tensorProduct: slot ${slot} has ${spec.cols[slot]} columns, but no value was given for it`,
        );
      return value;
    }),
    attrs,
  );
}

/**
 * The tensor product of x and y, sample by sample: z_k = sum over paths of
 * coefficient * C_ijk * w * x_i * y_j with C = `wigner3j`. The result is samples x cols.z. `tensorProductLayer`
 * makes the spec from irreps (e3nn `TensorProduct`).
 *
 * @param x samples x cols.x
 * @param y samples x cols.y
 * @param w samples x cols.w: every sample has weights of its own; left out when no path has weights
 * @throws Error if a slot has another shape, or some paths have weights and others none.
 * @example
 * ```ts
 * import { input, reference, tensorProductOf } from 'clebsch';
 * const block = (l: number) => ({ offset: 0, stride: 1, mul: 1, l });
 * // 1 x 1 -> 0 is the scalar product, for C_ij0 = delta_ij / sqrt(3).
 * const dot = { mode: 'uuu', x: block(1), y: block(1), z: block(0), w: null, coefficient: Math.sqrt(3) } as const;
 * const spec = { paths: [dot], cols: { x: 3, y: 3, w: 0, z: 1 } };
 * const z = tensorProductOf(spec, input('x', 1, 3), input('y', 1, 3));
 * reference([z], { x: [1, 2, 3], y: [4, 5, 6] }); // => [[32]]
 * ```
 */
export function tensorProduct(spec: ProductSpec, x: Node, y: Node, w?: Node): Node {
  return productForm(spec, 'z', { x, y, ...(w && { w }) });
}

/** The slot y of the form that is linear in it: what the gradient of solid harmonics, and squared norms, need. */
export function tensorProductOpenY(spec: ProductSpec, x: Node, z: Node): Node {
  return productForm(spec, 'y', { x, z });
}
