/** One way to multiply two vectors: a path of e3nn's `FullTensorProduct('1o', '1o')` beside the textbook's formula. */
export interface VectorPath {
  readonly irrep: '0e' | '1e' | '2e';
  readonly name: string;
  /** Its columns of the product, from `start` to before `end`. */
  readonly start: number;
  readonly end: number;
  /** The textbook's numbers, in the order of the irrep's components. */
  textbook(a: readonly number[], b: readonly number[]): number[];
  /** What they are called; what follows an underscore stands lower. */
  readonly components: readonly string[];
  /** The path's numbers divided by the textbook's, and how that is written. */
  readonly ratio: number;
  readonly writtenRatio: string;
}

export const vectorPaths: readonly VectorPath[] = [
  {
    irrep: '0e',
    name: 'dot product',
    start: 0,
    end: 1,
    textbook: (a, b) => [dot(a, b)],
    components: ['a · b'],
    ratio: 1 / Math.sqrt(3),
    writtenRatio: '1/√3',
  },
  {
    irrep: '1e',
    name: 'cross product',
    start: 1,
    end: 4,
    textbook: (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]],
    components: ['(a × b)_x', '(a × b)_y', '(a × b)_z'],
    ratio: Math.SQRT1_2,
    writtenRatio: '1/√2',
  },
  {
    irrep: '2e',
    name: 'outer product, symmetric and traceless',
    start: 4,
    end: 9,
    // Five orthogonal combinations of S = (a b^T + b a^T) / 2 - 1 (a . b) / 3, all of the same size as Sxy.
    textbook: (a, b) => {
      const s = (i: number, j: number) => (a[i] * b[j] + a[j] * b[i]) / 2 - (i === j ? dot(a, b) / 3 : 0);
      return [s(0, 2), s(0, 1), (Math.sqrt(3) / 2) * s(1, 1), s(1, 2), (s(2, 2) - s(0, 0)) / 2];
    },
    components: ['S_xz', 'S_xy', '½√3 S_yy', 'S_yz', '½(S_zz − S_xx)'],
    ratio: Math.SQRT2,
    writtenRatio: '√2',
  },
];

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, v, i) => sum + v * b[i], 0);
}
