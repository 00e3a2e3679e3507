import { describe, expect, test } from 'vitest';
import { kronecker, largestDifference, normOf, times, transposed } from '../../demo/shared/dense.ts';
import { icosphere } from '../../demo/shared/direction-mesh.ts';
import { liveProgram } from '../../demo/shared/live-program.ts';
import { kindNames, reduceKind, tensorKinds, toVoigt } from '../../demo/tensors/tensor-kinds.ts';
import { turnedTensor } from '../../demo/tensors/tensor-nodes.ts';
import { Irrep, Random, randMatrix } from '../../src/index.ts';

/** What a page feeds for an orthogonal matrix. */
function turning(name: (typeof kindNames)[number], matrix: readonly number[]) {
  const kind = reduceKind(name);
  const D = Irrep.parse(kind.index).D({ matrix });
  return {
    indices: transposed(kronecker(new Array(kind.rank).fill(D)), kind.size),
    wigner: transposed(kind.irreps.D({ matrix }), kind.irreps.dim),
  };
}
const picture = { scale: [1], positive: [1, 0, 0, 1], negative: [0, 0, 1, 1] };

test('what each kind is made of', () => {
  expect(Object.fromEntries(kindNames.map((name) => [name, String(reduceKind(name).irreps)]))).toEqual({
    scalar: '1x0e',
    pseudoscalar: '1x0o',
    vector: '1x1o',
    pseudovector: '1x1e',
    matrix: '1x0e+1x1e+1x2e',
    symmetric: '1x0e+1x2e',
    elasticity: '2x0e+2x2e+1x4e',
  });
});

describe.each(kindNames)('%s', (name) => {
  test.each([1, -1])('both ways to turn it agree, every norm stays; determinant %i', async (sign) => {
    const kind = reduceKind(name);
    const mesh = icosphere(1);
    const program = await liveProgram(null, turnedTensor(kind, mesh));
    const matrix = randMatrix(new Random(3)).map((v) => sign * v);
    for (const tensor of Object.values(tensorKinds[name].examples) as number[][]) {
      expect(tensor.length).toBe(kind.size);
      const drawn = kind.rank % 2 === 0 ? picture : {};
      const out = await program.compute({ tensor, ...turning(name, matrix), ...drawn });
      const size = normOf(tensor);
      expect(largestDifference(out.irrepsOfTurned, out.turnedIrreps)).toBeLessThan(1e-13 * size);
      expect(normOf(out.irreps)).toBeCloseTo(size, 10);
      kind.irreps.slices().forEach(({ start, stop }) => {
        expect(normOf(out.turnedIrreps, start, stop)).toBeCloseTo(normOf(out.irreps, start, stop), 10);
      });
      // The example has the symmetry: nothing is lost on the way to the irreps and back.
      expect(largestDifference(times(transposed(kind.basis, kind.size), out.irreps), tensor)).toBeLessThan(
        1e-12 * size,
      );
      if (kind.rank % 2 !== 0) continue;
      const points = program.drawn('points') as Float32Array;
      for (let i = 0; i < mesh.directions.length; i += 3) {
        const n = mesh.directions.subarray(i, i + 3);
        let direct = 0;
        for (let at = 0; at < kind.size; at++) {
          let product = out.turned[at];
          for (let k = 0, rest = at; k < kind.rank; k++, rest = Math.floor(rest / 3)) product *= n[rest % 3];
          direct += product;
        }
        expect(normOf(points, i, i + 3)).toBeCloseTo(Math.abs(direct), 3);
      }
    }
  });
});

test('by hand: shear is half a stretch and half a turn', async () => {
  const kind = reduceKind('matrix');
  const program = await liveProgram(null, turnedTensor(kind, icosphere(0)));
  const identity = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const { irreps } = await program.compute({
    tensor: tensorKinds.matrix.examples['shear: dvx/dy = 2'],
    ...turning('matrix', identity),
    ...picture,
  });
  const half = Math.SQRT2;
  // 0e; 1e: x y z; 2e: xz xy yy yz zz-xx.
  expect(largestDifference(irreps, [0, 0, 0, half, 0, half, 0, 0, 0])).toBeLessThan(1e-14);
});

test('by hand: of a stiffness that is the same in all directions only 2x0e is left, of tungsten nearly so', async () => {
  const kind = reduceKind('elasticity');
  const share = (name: keyof typeof tensorKinds.elasticity.examples) => {
    const parts = times(kind.basis, tensorKinds.elasticity.examples[name]);
    return normOf(parts, 2) / normOf(parts);
  };
  expect(share('the same in all directions')).toBeLessThan(1e-14);
  expect(share('tungsten')).toBeLessThan(0.01);
  expect(share('copper')).toBeGreaterThan(0.1);
  // 21 numbers in Voigt's matrix, those of a cubic crystal where they should be.
  const voigt = toVoigt(tensorKinds.elasticity.examples.copper);
  expect([voigt[0], voigt[1], voigt[21], voigt[35], voigt[3]]).toEqual([168.4, 121.4, 75.4, 75.4, 0]);
});
