/** Directions and weights by which a mean over the sphere is a sum, exact for polynomials up to a degree. */
export interface SphereQuadrature {
  /** Unit vectors, row-major [n, 3]. */
  readonly directions: Float64Array;
  /** n weights, 1 in all. */
  readonly weights: Float64Array;
}

/**
 * Gauss's quadrature along the polar axis y times equal steps around it: exact up to `degree` (Atkinson, Han, "Spherical
 * harmonics and approximations on the unit sphere", 2012, sec. 5.1).
 */
export function sphereQuadrature(degree: number): SphereQuadrature {
  const rings = Math.ceil((degree + 1) / 2);
  const around = degree + 1;
  const directions: number[] = [];
  const weights: number[] = [];
  for (const { y, weight } of gaussLegendre(rings))
    for (let k = 0; k < around; k++) {
      const [alpha, across] = [(2 * Math.PI * k) / around, Math.sqrt(1 - y * y)];
      directions.push(across * Math.sin(alpha), y, across * Math.cos(alpha));
      weights.push(weight / 2 / around);
    }
  return { directions: Float64Array.from(directions), weights: Float64Array.from(weights) };
}

/** The zeros of P_n by Newton's method, and the weights 2 / ((1 - y^2) P_n'(y)^2). */
function gaussLegendre(n: number): { y: number; weight: number }[] {
  return Array.from({ length: n }, (_, i) => {
    let y = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let step = 0; step < 20; step++) {
      let [before, value] = [1, y];
      for (let l = 2; l <= n; l++)
        [before, value] = [value, ((2 * l - 1) * y * value - (l - 1) * before) / l];
      slope = (n * (y * value - before)) / (y * y - 1);
      y -= value / slope;
    }
    return { y, weight: 2 / ((1 - y * y) * slope * slope) };
  });
}
