import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Irreps, Random, randMatrix, reducedTensorProducts } from '../../src/o3/index.ts';
import { formulaOf } from '../../src/o3/index-formula.ts';
import { runs } from '../support/property.ts';
import { expectClose } from './close.ts';

const apply = (q: Float64Array, tensor: ArrayLike<number>) =>
  Array.from({ length: q.length / tensor.length }, (_, row) =>
    Array.from(tensor).reduce((sum, v, at) => sum + v * q[row * tensor.length + at], 0),
  );

describe('which irreps', () => {
  // The second is in the docstring of e3nn's ReducedTensorProducts; the last is known from the theory of elasticity.
  test.each([
    ['ij=ji', '1o', '1x0e+1x2e'],
    ['ijkl=jikl=ikjl=ijlk', '1e', '1x0e+1x2e+1x4e'],
    ['ij=-ji', '1o', '1x1e'],
    ['ijk=-jik=-ikj', '1o', '1x0o'],
    ['ijk=jik=ikj', '1o', '1x1o+1x3o'],
    ['i', '2x0e+1o', '2x0e+1x1o'],
    ['ij=-ji', '0e', ''],
    ['ijkl=jikl=klij', '1o', '2x0e+2x2e+1x4e'],
  ])('%s of %s', (formula, i, expected) => {
    expect(reducedTensorProducts(formula, { i }).irrepsOut.toString()).toBe(expected);
  });
});

test('numbers that can be checked by hand', () => {
  const { changeOfBasis } = reducedTensorProducts('ij', { i: '1o', j: '1o' });
  const [x, y] = [
    [1, 2, 3],
    [4, 5, 7],
  ];
  const outer = x.flatMap((a) => y.map((b) => a * b));
  const [trace, ...rest] = apply(changeOfBasis, outer);
  expectClose([trace], [(4 + 10 + 21) / Math.sqrt(3)]);
  // The cross product, over sqrt 2.
  expectClose(rest.slice(0, 3), [
    (2 * 7 - 3 * 5) / Math.SQRT2,
    (3 * 4 - 7) / Math.SQRT2,
    (5 - 8) / Math.SQRT2,
  ]);
  // e3nn's order of l = 2: xz, xy, 2yy - xx - zz, yz, zz - xx.
  expectClose(rest.slice(3), [
    (1 * 7 + 3 * 4) / Math.SQRT2,
    (1 * 5 + 2 * 4) / Math.SQRT2,
    (2 * 10 - 4 - 21) / Math.sqrt(6),
    (2 * 7 + 3 * 5) / Math.SQRT2,
    (21 - 4) / Math.SQRT2,
  ]);
});

test('the change of basis is orthonormal, as large as the symmetry allows, and turns as its irreps say', () => {
  const irreps = fc.constantFrom('1o', '1e', '0e+1o', '2e', '2x0o+1e', '1o+1e');
  const formula = fc.constantFrom('i', 'ij', 'ij=ji', 'ij=-ji', 'ijk=jik', 'ijk=jki', 'ijk=-jik=-ikj');
  fc.assert(
    fc.property(formula, irreps, fc.nat(), (text, i, seed) => {
      const { letters, group } = formulaOf(text);
      const { irrepsIn, irrepsOut, changeOfBasis } = reducedTensorProducts(
        text,
        Object.fromEntries([...letters].map((letter) => [letter, i])),
      );
      const dim = irrepsIn[0].dim;
      const size = dim ** letters.length;
      expect(changeOfBasis.length).toBe(irrepsOut.dim * size);

      // The symmetric tensors' dimension is the mean character of the permutations: sign * dim^cycles.
      const cycles = (from: readonly number[]) => {
        const seen = new Set<number>();
        return from.filter((_, start) => {
          if (seen.has(start)) return false;
          for (let at = start; !seen.has(at); at = from[at]) seen.add(at);
          return true;
        }).length;
      };
      const character = group.reduce((sum, { sign, from }) => sum + sign * dim ** cycles(from), 0);
      expect(irrepsOut.dim).toBe(character / group.length);

      const random = new Random(seed);
      const coefficients = random.normals(irrepsOut.dim);
      const back = (c: ArrayLike<number>) =>
        Float64Array.from({ length: size }, (_, at) =>
          Array.from(c).reduce((sum, v, row) => sum + v * changeOfBasis[row * size + at], 0),
        );
      const tensor = back(coefficients);
      expectClose(apply(changeOfBasis, tensor), coefficients, 1e-12, 'back and forth');

      // Every index turned, against the irreps turned; with inversion every second time.
      const matrix = randMatrix(random).map((v) => (seed % 2 ? -v : v));
      let turned: Float64Array = tensor;
      letters.split('').forEach((_, index) => {
        turned = turnIndex(turned, Irreps.parse(i).D({ matrix }), dim, dim ** (letters.length - 1 - index));
      });
      expectClose(
        apply(changeOfBasis, turned),
        irrepsOut.dim === 0 ? [] : matrixTimes(irrepsOut.D({ matrix }), coefficients),
        1e-10,
        'turned',
      );
    }),
    runs(60),
  );
});

describe('says what is wrong', () => {
  test.each([
    ['ij=jk', { i: '1o' }, '"jk" is not "ij" in another order'],
    ['ii', { i: '1o' }, '"ii" has a letter twice'],
    ['ij=ji=-ji', { i: '1o' }, 'every such tensor is zero'],
    ['i j', { i: '1o' }, 'is not a row of letters'],
    ['ij', { i: '1o' }, 'index "j" has no irreps; give them as { j: \'1o\' }'],
    ['ij=ji', { i: '1o', j: '1e' }, '"i" and "j" are exchanged, but have irreps 1x1o and 1x1e'],
    ['ij=ji', { i: '1o', k: '1e' }, 'irreps are given for "k", but the indices are i, j'],
    ['abcdefgh', Object.fromEntries([...'abcdefgh'].map((l) => [l, '1o'])), '6561 components; at most 4096'],
  ])('%s', (formula, irreps, message) => {
    expect(() => reducedTensorProducts(formula, irreps as Record<string, string>)).toThrow(message);
  });
});

function matrixTimes(matrix: ArrayLike<number>, v: ArrayLike<number>): number[] {
  return Array.from(v, (_, i) => Array.from(v).reduce((sum, x, j) => sum + matrix[i * v.length + j] * x, 0));
}

function turnIndex(tensor: Float64Array, D: ArrayLike<number>, dim: number, stride: number): Float64Array {
  return tensor.map((_, at) => {
    const i = Math.floor(at / stride) % dim;
    let sum = 0;
    for (let j = 0; j < dim; j++) sum += D[i * dim + j] * tensor[at + (j - i) * stride];
    return sum;
  });
}
