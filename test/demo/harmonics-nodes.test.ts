import { describe, expect, test } from 'vitest';
import { allHarmonics, LMAX, turnedFunction } from '../../demo/harmonics/harmonics-nodes.ts';
import { hasMixture, mixture } from '../../demo/harmonics/mixtures.ts';
import { sphereQuadrature } from '../../demo/harmonics/sphere-quadrature.ts';
import { largestDifference, normOf, times, transposed } from '../../demo/shared/dense.ts';
import { icosphere } from '../../demo/shared/direction-mesh.ts';
import { liveProgram } from '../../demo/shared/live-program.ts';
import {
  matrixX,
  matrixZ,
  Random,
  randMatrix,
  sphericalHarmonics,
  wignerDFromMatrix,
} from '../../src/index.ts';

const colours = { positive: [1, 0.5, 0, 1], negative: [0, 0, 1, 1] };

test('the sphere of triangles is closed, and seen from outside', () => {
  const { directions, triangles } = icosphere(2);
  expect(directions.length).toBe(3 * 162);
  expect(triangles.length).toBe(3 * 320);
  const at = (i: number) => directions.subarray(3 * i, 3 * i + 3);
  let volume = 0;
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [at(triangles[t]), at(triangles[t + 1]), at(triangles[t + 2])];
    const six =
      a[0] * (b[1] * c[2] - b[2] * c[1]) +
      a[1] * (b[2] * c[0] - b[0] * c[2]) +
      a[2] * (b[0] * c[1] - b[1] * c[0]);
    expect(six).toBeGreaterThan(0);
    volume += six / 6;
  }
  expect(volume).toBeCloseTo((4 / 3) * Math.PI, 0.5);
  expect(new Set(Array.from(triangles)).size).toBe(162);
});

test('the quadrature: harmonics up to l = 6 are orthogonal, the mean square of each is 1 / (2l+1)', () => {
  const { directions, weights } = sphereQuadrature(2 * LMAX);
  expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 13);
  const ls = [0, 1, 2, 3, 4, 5, 6];
  const y = sphericalHarmonics(ls, directions, { normalize: false, normalization: 'component' });
  for (let a = 0; a < 49; a++)
    for (let b = 0; b < 49; b++) {
      let mean = 0;
      for (let q = 0; q < weights.length; q++) mean += weights[q] * y[49 * q + a] * y[49 * q + b];
      expect(mean).toBeCloseTo(a === b ? 1 : 0, 12);
    }
});

describe('a function that turns', () => {
  test.each([0, 1, 3, 6])(
    'l = %i: D c is what the turned function has, and no other l has anything',
    async (l) => {
      const random = new Random(l);
      const R = randMatrix(random);
      const D = wignerDFromMatrix(l, R);
      const c = random.normals(2 * l + 1);
      const program = await liveProgram(null, turnedFunction(l, icosphere(1), icosphere(1)));
      const feeds = {
        coefficients: c,
        rotation: R,
        rotationT: transposed(R, 3),
        wignerRows: D,
        wignerT: transposed(D, 2 * l + 1),
        ...colours,
      };
      const { turned, projected, difference, gram } = await program.compute({ ...feeds, ...colours });
      expect(largestDifference(turned, times(D, c))).toBeLessThan(1e-13);
      const expected = new Float64Array(49);
      expected.set(turned, l * l);
      expect(largestDifference(projected, expected)).toBeLessThan(1e-12);
      expect(normOf(difference)).toBeLessThan(1e-13 * 100);
      for (let at = 0; at < gram.length; at++)
        expect(gram[at]).toBeCloseTo(at % (2 * l + 2) === 0 ? 1 : 0, 13);
      // The surface: every point lies in the direction of its corner, |f| away from the middle.
      const { directions } = icosphere(1);
      const y = sphericalHarmonics(l, directions, { normalize: false, normalization: 'norm' });
      const points = program.drawn('points') as Float32Array;
      const painted = program.drawn('colours') as Float32Array;
      for (let i = 0; i < directions.length / 3; i++) {
        const [f] = times(turned, y.subarray(i * (2 * l + 1), (i + 1) * (2 * l + 1)));
        expect([...painted.subarray(4 * i, 4 * i + 4)]).toEqual(f >= 0 ? colours.positive : colours.negative);
        for (let axis = 0; axis < 3; axis++)
          expect(points[3 * i + axis]).toBeCloseTo(Math.abs(f) * directions[3 * i + axis], 5);
      }
    },
  );
});

test('the cubic functions of l = 4 and 6 are left alone by quarter turns about x, y and z', () => {
  for (const l of [4, 6]) {
    const c = mixture('cubic', l, 0);
    expect(normOf(c)).toBeCloseTo(1, 14);
    expect(largestDifference(times(wignerDFromMatrix(l, matrixX(Math.PI / 2)), c), c)).toBeLessThan(1e-12);
  }
  expect([1, 2, 3, 4, 5, 6].filter((l) => hasMixture('cubic', l))).toEqual([4, 6]);
});

test('the table of all harmonics: number 49 is Y^6_6, six down and six to the right', async () => {
  const mesh = icosphere(0);
  const { drawn, feeds } = allHarmonics(mesh, 0.4, matrixZ(Math.PI / 2));
  const program = await liveProgram(null, { outputs: {}, drawn });
  await program.compute({ ...feeds, ...colours });
  const y = sphericalHarmonics(6, mesh.directions, { normalize: false, normalization: 'norm' });
  const points = program.drawn('points') as Float32Array;
  for (let i = 0; i < 12; i++) {
    const radius = 0.4 * Math.abs(y[13 * i + 12]);
    expect(points[3 * (48 * 12 + i)]).toBeCloseTo(6 - radius * mesh.directions[3 * i + 1], 5);
    expect(points[3 * (48 * 12 + i) + 1]).toBeCloseTo(-6 + radius * mesh.directions[3 * i], 5);
  }
});
