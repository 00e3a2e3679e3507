import { literal } from '../graph/expression.ts';
import type { Kernel, Node } from '../graph/node.ts';
import { wigner3jSparse } from '../o3/clebsch-gordan.ts';
import {
  type ProductAttrs,
  type ProductSlot,
  type ProductSpec,
  productInputs,
  productSlots,
} from './product-form.ts';

/** The kernel of the shader's default body, over tables. */
export function plainKernel({ attrs, rows, cols }: Node<ProductAttrs>): Kernel {
  const { spec, open } = attrs;
  const inputs = productInputs(attrs);
  const slots = productSlots.filter((slot) => spec.cols[slot] > 0);
  const declare = (slot: ProductSlot, i: number) =>
    `@group(0) @binding(${i}) var<storage, ${slot === open ? 'read_write' : 'read'}> ${slot}: array<f32>;`;
  return {
    shader: 'tensor-product',
    params: tables(spec, open, rows),
    slots: {
      bindings: slots.map(declare).join('\n'),
      ...(spec.cols.w === 0 && { weight: 'return 1.0;' }),
      store: `${open}[at] = value;`,
    },
    bindings: Object.fromEntries(
      slots.map((slot) => [slot, slot === open ? 'result' : inputs.indexOf(slot)]),
    ),
    workgroups: Math.max(1, Math.ceil((rows * cols) / 64)),
  };
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
