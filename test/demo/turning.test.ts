import { expect, test } from 'vitest';
import { OrbitCamera } from '../../demo/shared/orbit-camera.ts';
import { turnFurther } from '../../demo/shared/turning.ts';
import { type Matrix3, matrixX } from '../../src/index.ts';

const identity: Matrix3 = [1, 0, 0, 0, 1, 0, 0, 0, 1];
const apply = (m: Matrix3, v: readonly number[]) =>
  [0, 1, 2].map((r) => m[3 * r] * v[0] + m[3 * r + 1] * v[1] + m[3 * r + 2] * v[2]);
function close(actual: readonly number[], expected: readonly number[]): void {
  for (const [i, value] of actual.entries()) expect(value).toBeCloseTo(expected[i], 6);
}

test('a quarter turn to the right brings what faced the viewer to the right, from wherever one looks', () => {
  for (const azimuth of [0, 0.6, 2.5])
    for (const elevation of [-0.5, 0, 1]) {
      const axes = new OrbitCamera({ azimuth, elevation }).axes();
      const turned = turnFurther(identity, { right: Math.PI / 2, down: 0, clockwise: 0 }, axes);
      const [right, , towards] = [axes.slice(0, 3), axes.slice(3, 6), axes.slice(6, 9)];
      close(apply(turned, towards), right);
    }
});

test('a quarter turn down brings the top to the viewer, one clockwise brings it to the right', () => {
  const axes = new OrbitCamera({ azimuth: 1, elevation: 0.3 }).axes();
  const [right, up, towards] = [axes.slice(0, 3), axes.slice(3, 6), axes.slice(6, 9)];
  close(apply(turnFurther(identity, { right: 0, down: Math.PI / 2, clockwise: 0 }, axes), up), towards);
  close(apply(turnFurther(identity, { right: 0, down: 0, clockwise: Math.PI / 2 }, axes), up), right);
});

test('after many turns it is still a rotation, and a mirror image stays one', () => {
  const axes = new OrbitCamera().axes();
  for (const start of [identity, matrixX(0.3).map((value) => -value)]) {
    let rotation: Matrix3 = start;
    for (let i = 0; i < 5000; i++)
      rotation = turnFurther(rotation, { right: 0.02, down: 0.013, clockwise: 0.001 }, axes);
    const [a, b, c] = [rotation.slice(0, 3), rotation.slice(3, 6), rotation.slice(6, 9)];
    const dot = (u: readonly number[], v: readonly number[]) =>
      u.reduce((sum, value, i) => sum + value * v[i], 0);
    for (const row of [a, b, c]) expect(dot(row, row)).toBeCloseTo(1, 12);
    expect(dot(a, b)).toBeCloseTo(0, 12);
    const cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    expect(dot(cross, c)).toBeCloseTo(start === identity ? 1 : -1, 12);
  }
});

test('the camera shows a ball of its radius in pictures of any shape', () => {
  for (const [width, height] of [
    [400, 400],
    [800, 300],
    [300, 800],
  ]) {
    const { view, projection } = new OrbitCamera({ radius: 2, target: [1, 2, 3] }).view(width, height);
    for (let i = 0; i < 50; i++) {
      const [x, y, z] = [Math.sin(i) * Math.cos(3 * i), Math.cos(i), Math.sin(i) * Math.sin(3 * i)];
      const p = [1 + 2 * x, 2 + 2 * y, 3 + 2 * z, 1];
      const times = (m: Float32Array, v: number[]) =>
        [0, 1, 2, 3].map((r) => v.reduce((s, c, k) => s + m[4 * k + r] * c, 0));
      const [cx, cy, cz, w] = times(projection, times(view, p));
      for (const value of [cx / w, cy / w]) expect(Math.abs(value)).toBeLessThanOrEqual(1.0001);
      expect(cz / w).toBeGreaterThanOrEqual(0);
      expect(cz / w).toBeLessThanOrEqual(1);
    }
  }
});
