import { describe, expect, test } from 'vitest';
import {
  elementwiseTensorProduct,
  fullTensorProduct,
  fullyConnectedTensorProduct,
  Irreps,
  Random,
  type TensorProductSpec,
  tensorSquare,
  wigner3jSparse,
} from '../../src/o3/index.ts';

// The coefficients themselves are compared with e3nn's in instructions.test.ts.

describe('variance: unit-normal inputs and weights give outputs of unit variance', () => {
  const options = [
    ['fullyConnected', fullyConnectedTensorProduct('3x0e+2x1o', '2x0e+1x1o', '3x0e+2x1o+2x2e')],
    ['elementwise', elementwiseTensorProduct('3x0e+2x1o', '2x1o+3x1e')],
    ['full', fullTensorProduct('2x0e+2x1o', '1x0e+1x1o')],
    ['square', tensorSquare('2x0o+2x1o')],
    ['weighted square', tensorSquare('3x1o', '2x0e+2x1e+1x2e')],
  ] as const;

  test.each(options)('%s', (name, spec) => {
    const random = new Random(5);
    const samples = 4000;
    const isSquare = name.includes('square');
    const blocks = spec.irrepsOut.slices();
    const power = new Float64Array(blocks.length);
    for (let n = 0; n < samples; n++) {
      const x = random.normals(spec.irrepsIn1.dim);
      const y = isSquare ? x : random.normals(spec.irrepsIn2.dim);
      const out = evaluate(spec, x, y, random.normals(spec.weightNumel));
      blocks.forEach(({ start, stop }, i) => {
        for (let k = start; k < stop; k++) power[i] += (out[k] * out[k]) / ((stop - start) * samples);
      });
    }
    blocks.forEach(({ stop }, i) => {
      // Unweighted scalar squares have a mean; e3nn normalises their second moment all the same.
      expect(power[i], `block ${i} of ${spec.irrepsOut}, up to ${stop}`).toBeGreaterThan(0.8);
      expect(power[i]).toBeLessThan(1.25);
    });
  });
});

describe('structure', () => {
  test('full: the output has the dimension of the outer product and is sorted', () => {
    const spec = fullTensorProduct('2x1o+3x0e', '1o+2e');
    expect(spec.irrepsOut.dim).toBe(spec.irrepsIn1.dim * spec.irrepsIn2.dim);
    expect(spec.irrepsOut.sort().irreps.equals(spec.irrepsOut)).toBe(true);
  });

  test('square: the output has the dimension of the symmetric square', () => {
    const spec = tensorSquare('2x1o+3x0e+2e');
    expect(spec.irrepsOut.dim).toBe((spec.irrepsIn1.dim * (spec.irrepsIn1.dim + 1)) / 2);
  });

  test('inputs are simplified where e3nn simplifies them', () => {
    expect(tensorSquare('1o+1o').irrepsIn1.toString()).toBe('2x1o');
    expect(fullTensorProduct('1o+1o', '0x0e+0e').irrepsIn2.toString()).toBe('1x0e');
    expect(fullyConnectedTensorProduct('1o+1o', '0e', '1o').irrepsIn1.toString()).toBe('1x1o+1x1o');
  });

  test('filterIrOut', () => {
    expect(fullTensorProduct('1o', '1o', { filterIrOut: ['2e'] }).irrepsOut.toString()).toBe('1x2e');
    expect(Irreps.parse('0x0e').simplify().length).toBe(0);
    expect(elementwiseTensorProduct('', '').irrepsOut.dim).toBe(0);
  });
});

test('inputs that cannot be paired up raise', () => {
  expect(() => elementwiseTensorProduct('3x1o', '2x0e')).toThrow('"3x1o" holds 3 irreps, "2x0e" 2');
  expect(() => tensorSquare('1o', '0e', { filterIrOut: ['0e'] })).toThrow('give only one');
});

/** The table of connection modes, read literally. */
function evaluate(
  spec: TensorProductSpec,
  x: Float64Array,
  y: Float64Array,
  weight: Float64Array,
): Float64Array {
  const [in1, in2, outs] = [spec.irrepsIn1.slices(), spec.irrepsIn2.slices(), spec.irrepsOut.slices()];
  const result = new Float64Array(spec.irrepsOut.dim);
  for (const path of spec.instructions) {
    const [a, b, c] = [spec.irrepsIn1.at(path.in1), spec.irrepsIn2.at(path.in2), spec.irrepsOut.at(path.out)];
    const w = path.weightSlice === null ? null : weight.subarray(...path.weightSlice);
    const emit = (u: number, v: number, target: number, weightIndex: number) => {
      for (const { i, j, k, value } of wigner3jSparse(a.ir.l, b.ir.l, c.ir.l)) {
        const [xi, yj] = [
          x[in1[path.in1].start + u * a.ir.dim + i],
          y[in2[path.in2].start + v * b.ir.dim + j],
        ];
        const factor = path.coefficient * (w === null ? 1 : w[weightIndex]);
        result[outs[path.out].start + target * c.ir.dim + k] += factor * value * xi * yj;
      }
    };
    let q = 0;
    for (let u = 0; u < a.mul; u++) {
      for (let v = 0; v < b.mul; v++) {
        const uv = u * b.mul + v;
        if (path.connectionMode === 'uvuv') emit(u, v, uv, uv);
        if (path.connectionMode === 'uuu' && u === v) emit(u, v, u, u);
        if (path.connectionMode === 'uvu<v' && u < v) emit(u, v, q, q);
        for (let t = 0; t < c.mul; t++) {
          if (path.connectionMode === 'uvw') emit(u, v, t, uv * c.mul + t);
          if (path.connectionMode === 'uuw' && u === v) emit(u, v, t, u * c.mul + t);
          if (path.connectionMode === 'u<vw' && u < v) emit(u, v, t, q * c.mul + t);
        }
        if (u < v) q++;
      }
    }
  }
  return result;
}
