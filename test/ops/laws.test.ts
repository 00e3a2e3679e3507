import { describe, expect, test } from 'vitest';
import { input, inputOp } from '../../src/graph/leaf.ts';
import { type Node, topologicalOrder } from '../../src/graph/node.ts';
import { reference } from '../../src/graph/reference.ts';
import { Random } from '../../src/o3/random.ts';
import { gradient, ops } from '../../src/ops/index.ts';
import { add, multiply, scale } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { randomFeeds, scaledError } from '../support/feeds.ts';

/** Laws that hold for every op, run over every example of its record. */

const inputsOf = (node: Node) => topologicalOrder([node]).filter((n) => n.op === inputOp);

/** <c, node> for a fixed random c, and its gradient by every input. */
function weighted(node: Node): { loss: Node; wrt: Node[]; grads: Node[] } {
  const loss = sum(multiply(node, input('c', node.rows, node.cols)), 'all');
  const wrt = inputsOf(node);
  return { loss, wrt, grads: gradient(loss, wrt) };
}

/** Central differences of a scalar against the gradient, along a random direction in all inputs. */
function directionalError(loss: Node, wrt: readonly Node[], grads: readonly Node[], seed: number): number {
  const feeds = randomFeeds([loss, ...grads], seed);
  const random = new Random(seed + 100);
  const directions = wrt.map((node) => random.normals(node.rows * node.cols));
  const at = (step: number) => {
    const moved = { ...feeds };
    wrt.forEach((node, i) => {
      moved[node.attrs.name] = (feeds[node.attrs.name] as Float64Array).map(
        (v, j) => v + step * directions[i][j],
      );
    });
    return reference([loss], moved)[0][0];
  };
  const h = 1e-4;
  // Fourth order: the error of the difference stays below the tolerance for every function here.
  const numeric = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
  const values = reference(grads, feeds);
  let exact = 0;
  let size = 0;
  values.forEach((g, i) => {
    g.forEach((v, j) => {
      exact += v * directions[i][j];
      size += Math.abs(v * directions[i][j]);
    });
  });
  return Math.abs(numeric - exact) / Math.max(1, size);
}

for (const op of ops)
  describe(op.name, () => {
    op.examples().forEach((example, number) => {
      test(`example ${number}: the value has the shape that the record gives`, () => {
        const [value] = reference([example], randomFeeds([example]));
        expect(value.length).toBe(example.rows * example.cols);
        expect(value.every(Number.isFinite)).toBe(true);
      });
      // Made after differentiation.
      if (['fused', 'edgeProduct', 'addEdgeProduct'].includes(op.name)) return;
      // Index maps have no gradient, and neither have the bins that they are made from.
      if (example.dtype === 'u32' || op.name === 'neighbourFrame') {
        test(`example ${number}: it has no gradient`, () => {
          expect(op.gradient(example, example)).toEqual(example.inputs.map(() => null));
        });
        return;
      }
      test(`example ${number}: gradient equals central differences`, () => {
        const { loss, wrt, grads } = weighted(example);
        expect(directionalError(loss, wrt, grads, 1)).toBeLessThan(1e-8);
      });
      test(`example ${number}: gradient of the gradient equals central differences`, () => {
        const { wrt, grads } = weighted(example);
        const second = grads
          .map((g, i) => sum(multiply(g, input(`v${i}`, g.rows, g.cols)), 'all'))
          .reduce(add);
        const c = topologicalOrder([second]).filter(
          (n) => n.op === inputOp && (wrt.includes(n) || n.attrs.name === 'c'),
        );
        expect(directionalError(second, c, gradient(second, c), 2)).toBeLessThan(1e-7);
      });
      if (op.linear === 'each')
        test(`example ${number}: it is linear in each input`, () => {
          const feeds = randomFeeds([example]);
          for (const x of inputsOf(example)) {
            const [once] = reference([example], feeds);
            const doubled = {
              ...feeds,
              [x.attrs.name]: (feeds[x.attrs.name] as Float64Array).map((v) => 2 * v),
            };
            const [twice] = reference([scale(example, 0.5)], doubled);
            expect(scaledError(twice, once)).toBeLessThan(1e-14);
          }
        });
    });
  });
