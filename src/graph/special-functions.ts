/** Functions that JavaScript's Math lacks, in f64; their WGSL twins are in shaders/shared/functions.wgsl. */

/**
 * n-th derivative of sin(x)/x. Near 0 by its Taylor series, elsewhere by
 * x f^(n) = sin^(n) - n f^(n-1), from differentiating x f = sin x n times; that recursion is stable for |x| > n.
 */
export function sincDerivative(x: number, n: number): number {
  if (Math.abs(x) > n + 1) {
    let f = Math.sin(x) / x;
    for (let k = 1; k <= n; k++) f = (Math.sin(x + (k * Math.PI) / 2) - k * f) / x;
    return f;
  }
  let sum = 0;
  for (let m = Math.ceil(n / 2); m < n / 2 + 24; m++) {
    // (-1)^m x^(2m-n) / ((2m-n)! (2m+1))
    let term = m % 2 === 0 ? 1 : -1;
    for (let k = 1; k <= 2 * m - n; k++) term *= x / k;
    sum += term / (2 * m + 1);
  }
  return sum;
}

/**
 * Below 3 by the series 2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (2n+1)!!, beyond by the continued fraction of erfc
 * (Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.6 and 7.1.14).
 */
export function errorFunction(x: number): number {
  const a = Math.abs(x);
  const gauss = Math.exp(-a * a);
  if (a < 3) {
    let term = a;
    let sum = a;
    for (let n = 1; n < 80; n++) {
      term *= (2 * a * a) / (2 * n + 1);
      sum += term;
    }
    return (Math.sign(x) * 2 * gauss * sum) / Math.sqrt(Math.PI);
  }
  let fraction = a;
  for (let n = 60; n > 0; n--) fraction = a + n / 2 / fraction;
  return Math.sign(x) * (1 - gauss / (fraction * Math.sqrt(Math.PI)));
}
