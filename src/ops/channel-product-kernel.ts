import type { Kernel, Node } from '../graph/node.ts';
import { wigner3jSparse } from '../o3/clebsch-gordan.ts';
import { type ProductAttrs, type ProductSpec, productInputs } from './product-form.ts';

/**
 * Whether each channel of x meets its partner in y, without weights, and each number of the result is a sum of few terms,
 * because one of the three is a scalar: gates, and their gradients.
 */
export function isChannelProduct({ paths, cols }: ProductSpec): boolean {
  const filled = cols.x > 0 && cols.y > 0 && cols.z > 0;
  const gates = paths.every(({ mode, x, y, z }) => mode === 'uuu' && Math.min(x.l, y.l, z.l) === 0);
  return cols.w === 0 && filled && gates;
}

/** The kernel that reads the terms of a channel by channel product from a table: one pipeline for all of them. */
export function channelProductKernel({ attrs, rows, cols }: Node<ProductAttrs>): Kernel {
  const { spec, open } = attrs;
  const [a, b] = productInputs(attrs) as ('x' | 'y' | 'z')[];
  const out = open as 'x' | 'y' | 'z';
  const numbers = spec.paths.flatMap((p) => [p.x, p.y, p.z].flatMap((s) => [s.offset, s.stride, s.mul]));
  const width = [...numbers, spec.cols.x, spec.cols.y, spec.cols.z].every((n) => n % 4 === 0) ? 4 : 1;
  const columns = cols / width;
  const terms: number[][] = Array.from({ length: columns }, () => []);
  for (const path of spec.paths)
    for (const { i, j, k, value } of wigner3jSparse(path.x.l, path.y.l, path.z.l)) {
      const component = { x: i, y: j, z: k };
      const [factor] = new Uint32Array(Float32Array.of(path.coefficient * value).buffer);
      for (let u = 0; u < path.x.mul; u += width) {
        const at = (slot: 'x' | 'y' | 'z') =>
          (path[slot].offset + component[slot] * path[slot].stride + u) / width;
        terms[at(out)].push(at(a), at(b), factor);
      }
    }
  const first = 4 + columns + 1;
  const starts = [first];
  for (const list of terms) starts.push(starts[starts.length - 1] + list.length);
  const table = Uint32Array.from([
    rows,
    spec.cols[a] / width,
    spec.cols[b] / width,
    columns,
    ...starts,
    ...terms.flat(),
  ]);
  return {
    shader: 'channel-product',
    params: { Value: width === 4 ? 'vec4f' : 'f32' },
    bindings: { a: 0, b: 1, result: 'result' },
    tables: { table },
    workgroups: Math.ceil((rows * columns) / 64),
  };
}
