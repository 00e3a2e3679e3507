const rows: number[][] = [[1]];

/**
 * n over k, zero outside 0 <= k <= n. From Pascal's triangle, so no division rounds: exact for n <= 56.
 */
export function binomial(n: number, k: number): number {
  if (k < 0 || k > n) return 0;
  for (let row = rows.length; row <= n; row++) {
    const above = rows[row - 1];
    rows.push(Array.from({ length: row + 1 }, (_, i) => (above[i - 1] ?? 0) + (above[i] ?? 0)));
  }
  return rows[n][k];
}
