import { Random, sphericalHarmonics } from '../../src/index.ts';

/**
 * Newton's gravity as a lesson for the three paths that start from a mass (after Thomas et al., Tensor field networks,
 * arXiv:1802.08219, section 5.1, who learn the acceleration): with G = 1 and r pointing to the other mass,
 * potential sum m / r, acceleration sum m r / r^3, tide sum m (3 r r - 1 r^2) / r^5 up to normalisation. The filter of degree l is
 * m R_l(r) Y_l(r / |r|) with |Y_l| = 1, so that the radial functions to be found are 1/r, 1/r^2 and 1/r^3.
 */
export const exactRadial = (l: number, r: number) => r ** -(l + 1);

/** Clusters in a batch, and masses in a cluster. */
export const CLUSTERS = 8;
export const MASSES = 4;

/** Distances in training lie between these parts of the radius. */
export const NEAREST = 0.25;
export const FARTHEST = 0.85;

export interface Batch {
  /** CLUSTERS * MASSES x 3. */
  readonly positions: Float64Array;
  readonly masses: Float64Array;
  /** CLUSTERS * MASSES x (1 + 3 + 5). */
  readonly targets: Float64Array;
}

/** Masses at random in a ball, no two of them too close; the same for the same seed and step. */
export function gravityBatch(seed: number, step: number, radius: number): Batch {
  const random = new Random(seed * 1_000_003 + step);
  const count = CLUSTERS * MASSES;
  const positions = new Float64Array(3 * count);
  for (let i = 0; i < count; i++) {
    const first = i - (i % MASSES);
    for (;;) {
      const p = [0, 1, 2].map(() => (random.uniform() - 0.5) * FARTHEST * radius);
      positions.set(p, 3 * i);
      let fits = true;
      for (let j = first; j < i; j++) {
        const r = distance(positions, i, j);
        fits &&= r > NEAREST * radius && r < FARTHEST * radius;
      }
      if (fits) break;
    }
  }
  const masses = Float64Array.from({ length: count }, () => 0.5 + random.uniform());
  return { positions, masses, targets: gravity(positions, masses) };
}

function distance(p: Float64Array, i: number, j: number): number {
  return Math.hypot(p[3 * i] - p[3 * j], p[3 * i + 1] - p[3 * j + 1], p[3 * i + 2] - p[3 * j + 2]);
}

/** What the other masses of its cluster do to each: potential, acceleration, tide. */
function gravity(positions: Float64Array, masses: Float64Array): Float64Array {
  const targets = new Float64Array(masses.length * 9);
  for (let i = 0; i < masses.length; i++) {
    const first = i - (i % MASSES);
    for (let j = first; j < first + MASSES; j++) {
      if (j === i) continue;
      const v = [0, 1, 2].map((k) => positions[3 * j + k] - positions[3 * i + k]);
      const r = Math.hypot(...v);
      let at = 9 * i;
      for (let l = 0; l <= 2; l++) {
        const y = sphericalHarmonics(l, v, { normalize: true, normalization: 'norm' });
        for (const value of y) targets[at++] += masses[j] * exactRadial(l, r) * value;
      }
    }
  }
  return targets;
}
