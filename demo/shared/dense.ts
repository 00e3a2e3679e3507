/** Matrices of any size as rows of numbers, for what a page checks on the host in f64. */

/** The transpose of a row-major matrix with so many columns. */
export function transposed(matrix: ArrayLike<number>, cols: number): Float64Array {
  const rows = matrix.length / cols;
  return Float64Array.from(matrix, (_, at) => matrix[(at % rows) * cols + Math.floor(at / rows)]);
}

/** The matrix times a column. */
export function times(matrix: ArrayLike<number>, column: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: matrix.length / column.length }, (_, row) => {
    let sum = 0;
    for (let at = 0; at < column.length; at++) sum += matrix[row * column.length + at] * column[at];
    return sum;
  });
}

/** The Kronecker product of square matrices: what turns a tensor whose indices turn by each of them. */
export function kronecker(factors: readonly ArrayLike<number>[]): Float64Array {
  return factors.reduce<Float64Array>((left, right) => {
    const [n, m] = [Math.sqrt(left.length), Math.sqrt(right.length)];
    const out = new Float64Array((n * m) ** 2);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        for (let k = 0; k < m; k++)
          for (let l = 0; l < m; l++)
            out[(i * m + k) * n * m + j * m + l] = left[i * n + j] * right[k * m + l];
    return out;
  }, Float64Array.of(1));
}

/** The largest difference, number by number. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

/** The length of a part of a vector. */
export function normOf(values: ArrayLike<number>, start = 0, end = values.length): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += values[i] * values[i];
  return Math.sqrt(sum);
}
