import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { forbidden, onePath, vectorProduct } from '../../demo/product/product-nodes.ts';
import { dot, vectorPaths } from '../../demo/product/vector-paths.ts';
import { largestDifference, normOf, times } from '../../demo/shared/dense.ts';
import { icosphere } from '../../demo/shared/direction-mesh.ts';
import { liveProgram } from '../../demo/shared/live-program.ts';
import { Irrep, Random, randMatrix } from '../../src/index.ts';
import { runs } from '../support/property.ts';

const mesh = icosphere(1);
const picture = { scale: [1], positive: [1, 0, 0, 1], negative: [0, 0, 1, 1] };

test('each path is its textbook formula times its ratio; together they are as long as a and b multiplied', async () => {
  const program = await liveProgram(null, vectorProduct(mesh));
  const vector = fc.tuple(...[0, 1, 2].map(() => fc.double({ min: -3, max: 3, noNaN: true })));
  await fc.assert(
    fc.asyncProperty(vector, vector, async (a, b) => {
      const { product } = await program.compute({ x: a, y: b, turnedX: a, turnedY: b, ...picture });
      for (const { textbook, ratio, start, end, components } of vectorPaths) {
        const expected = textbook(a, b);
        expect(expected.length).toBe(components.length);
        const numbers = Array.from(product).slice(start, end);
        expect(
          largestDifference(
            numbers,
            expected.map((v) => v * ratio),
          ),
        ).toBeLessThan(1e-13 * 30);
      }
      expect(normOf(product)).toBeCloseTo(normOf(a) * normOf(b), 10);
      // The surface of 2e: n S n = (a.n)(b.n) - a.b / 3.
      const points = program.drawn('points') as Float32Array;
      const n = [...mesh.directions.subarray(60, 63)];
      expect(normOf(points, 60, 63)).toBeCloseTo(Math.abs(dot(a, n) * dot(b, n) - dot(a, b) / 3), 4);
    }),
    runs(30),
  );
});

test('by hand: x times y is z / sqrt 2 and a shear, x times x has no cross product', async () => {
  const program = await liveProgram(null, vectorProduct(mesh));
  const [x, y] = [
    [1, 0, 0],
    [0, 1, 0],
  ];
  const { product, productOfTurned } = await program.compute({ x, y, turnedX: x, turnedY: x, ...picture });
  expect(largestDifference(product, [0, 0, 0, Math.SQRT1_2, 0, Math.SQRT1_2, 0, 0, 0])).toBeLessThan(1e-15);
  const squares = [1 / Math.sqrt(3), 0, 0, 0, 0, 0, -1 / Math.sqrt(6), 0, -Math.SQRT1_2];
  expect(largestDifference(productOfTurned, squares)).toBeLessThan(1e-15);
});

describe('a path', () => {
  test.each([
    ['1o', '1o', '0e', null],
    ['1o', '1o', '3e', 'from |1 − 1| = 0 to 1 + 1 = 2, not 3'],
    ['1o', '1o', '1o', 'Parity forbids it: (−1) · (−1) = +1, but 1o has −1.'],
    ['6e', '6o', '6o', null],
  ])('%s x %s -> %s', (a, b, c, why) => {
    if (why === null) expect(forbidden(a, b, c)).toBeNull();
    else expect(forbidden(a, b, c)).toContain(why);
  });
  test('turns with its factors, inversion included', async () => {
    const random = new Random(1);
    for (const [a, b, c] of [
      ['2e', '3o', '4o'],
      ['1o', '1e', '2o'],
      ['4e', '4e', '0e'],
    ]) {
      const matrix = randMatrix(random).map((v) => -v);
      const [x, y] = [a, b].map((ir) => random.normals(Irrep.parse(ir).dim));
      const turn = (ir: string, v: ArrayLike<number>) => times(Irrep.parse(ir).D({ matrix }), v);
      const program = await liveProgram(null, onePath(a, b, c));
      const out = await program.compute({ x, y, turnedX: turn(a, x), turnedY: turn(b, y) });
      expect(largestDifference(turn(c, out.product), out.productOfTurned)).toBeLessThan(1e-12);
      expect(normOf(out.product)).toBeGreaterThan(0.01);
    }
  });
});
