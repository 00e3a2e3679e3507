import type { Layout } from '../../src/index.ts';
import type { Operation } from './point-group.ts';
import { componentsAt } from './site-tensors.ts';

/** The largest difference between the tensor at an atom, turned, and the tensor at the atom where it is sent. */
export function invarianceError(
  operations: readonly Operation[],
  tensors: ArrayLike<number>,
  { blocks, cols }: Layout,
): number {
  let most = 0;
  for (const block of blocks)
    for (const { matrix, images } of operations) {
      const d = block.ir.D({ matrix });
      const { dim } = block.ir;
      images.forEach((image, atom) => {
        const [x, y] = [atom, image].map((i) => componentsAt(tensors, cols, i, block));
        for (let r = 0; r < dim; r++) {
          let turned = 0;
          for (let c = 0; c < dim; c++) turned += d[r * dim + c] * x[c];
          most = Math.max(most, Math.abs(turned - y[r]));
        }
      });
    }
  return most;
}
