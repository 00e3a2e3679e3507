// The formulas against counters that run through every multiplication and addition, one by one.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fields } from '../../demo/tetris/fields.ts';
import { input } from '../../src/graph/leaf.ts';
import { simpleNetwork } from '../../src/models/gate-points-networks.ts';
import { Parameters } from '../../src/nn/parameters.ts';
import { wigner3j } from '../../src/o3/clebsch-gordan.ts';
import { Irreps } from '../../src/o3/irreps.ts';
import { contract } from '../../src/ops/contract.ts';
import { gradient } from '../../src/ops/index.ts';
import { sum } from '../../src/ops/sum.ts';
import { runs } from '../support/property.ts';
import {
  convolutionProduct,
  linearArithmetic,
  networkArithmetic,
  productArithmetic,
  radialArithmetic,
  sumOf,
  total,
} from './arithmetic.ts';
import { programArithmetic } from './graph-arithmetic.ts';
import { DEFAULT_MUL } from './run.ts';

class Counter {
  operations = 0;
  multiplyAdd(): void {
    this.operations += 2;
  }
}

const multiplicity = fc.integer({ min: 1, max: 3 });
const irreps = fc
  .array(fc.tuple(multiplicity, fc.constantFrom('0e', '1o', '1e', '2e')), { minLength: 1, maxLength: 3 })
  .map((blocks) => Irreps.parse(blocks));
const rows = fc.integer({ min: 0, max: 4 });

describe('operations, against loops that count', () => {
  test('linear map, and its gradients', () => {
    fc.assert(
      fc.property(irreps, irreps, rows, (from, to, count) => {
        const counters = [new Counter(), new Counter(), new Counter()];
        for (let row = 0; row < count; row++)
          for (const a of from.blocks)
            for (const b of to.blocks)
              if (a.ir.equals(b.ir))
                for (let k = 0; k < a.ir.dim; k++)
                  for (let u = 0; u < a.mul; u++)
                    for (let w = 0; w < b.mul; w++) {
                      counters[0].multiplyAdd(); // out[k, w] += W[u, w] x[k, u]
                      counters[1].multiplyAdd(); // dx[k, u] += W[u, w] dout[k, w]
                      counters[2].multiplyAdd(); // dW[u, w] += x[k, u] dout[k, w]
                    }
        const { forward, byInput, byWeights } = linearArithmetic(from, to, count);
        expect([forward, byInput, byWeights]).toEqual(counters.map((c) => c.operations));
        expect(linearArithmetic(from, to, count, false)).toEqual({ forward, byInput: 0, byWeights });
      }),
      runs(50),
    );
  });

  test('tensor product summed over edges, and its gradients by features and weights', () => {
    fc.assert(
      fc.property(irreps, fc.integer({ min: 0, max: 2 }), rows, (features, lmax, edges) => {
        const harmonics = Irreps.sphericalHarmonics(lmax);
        const spec = convolutionProduct(features, harmonics, Irreps.parse('0e + 1o + 2e'));
        const [forward, backward] = [new Counter(), new Counter()];
        for (let edge = 0; edge < edges; edge++)
          for (const { in1, in2, out } of spec.instructions) {
            const [x, y, z] = [features.at(in1), harmonics.at(in2), spec.irrepsOut.at(out)];
            const cg = wigner3j(x.ir.l, y.ir.l, z.ir.l);
            for (let u = 0; u < x.mul; u++) {
              for (let i = 0, at = 0; i < x.ir.dim; i++)
                for (let j = 0; j < y.ir.dim; j++)
                  for (let k = 0; k < z.ir.dim; k++, at++)
                    if (Math.abs(cg[at]) > 1e-12) {
                      forward.multiplyAdd(); // t[k] += (C y)[i, k] x[i]
                      backward.multiplyAdd(); // g[i] += (C y)[i, k] dz[k]
                    }
              for (let k = 0; k < z.ir.dim; k++) forward.multiplyAdd(); // z[k] += w t[k]
              for (let i = 0; i < x.ir.dim; i++) {
                backward.multiplyAdd(); // dx[i] += w g[i]
                backward.multiplyAdd(); // dw += g[i] x[i]
              }
            }
          }
        const counted = productArithmetic(spec, edges);
        expect(counted.forward).toBe(forward.operations);
        expect(counted.byInput + counted.byWeights).toBe(backward.operations);
      }),
      runs(50),
    );
  });

  test('radial network: once forward, no gradient by what goes in', () => {
    const [edges, widths] = [3, [8, 64, 352]];
    const counters = { forward: 0, byInput: 0, byWeights: 0 };
    for (let edge = 0; edge < edges; edge++)
      for (let layer = 0; layer < 2; layer++) {
        for (let n = 0; n < widths[layer]; n++)
          for (let m = 0; m < widths[layer + 1]; m++) {
            counters.forward += 2;
            counters.byWeights += 2;
            if (layer > 0) counters.byInput += 2;
          }
        if (layer === 0)
          for (let m = 0; m < widths[1]; m++) {
            counters.forward += 1; // act(x)
            counters.byInput += 2; // act'(x), and times the cotangent
          }
      }
    expect(radialArithmetic(widths, edges)).toEqual(counters);
  });

  test("the convolution of the benchmark: eleven paths, the radial network's products most of it", () => {
    const features = Irreps.parse('32x0e + 32x1o + 32x2e');
    const spec = convolutionProduct(features, Irreps.sphericalHarmonics(2), features);
    expect([spec.instructions.length, spec.weightNumel]).toEqual([11, 352]);
    const product = productArithmetic(spec, 1);
    // 83 nonzero entries, 35 components of the output and as many of the input over all paths.
    expect(product).toEqual({
      forward: 32 * 2 * (83 + 35),
      byInput: 32 * 2 * (83 + 35),
      byWeights: 32 * 2 * 35,
    });
    const radial = radialArithmetic([8, 64, 352], 1);
    expect(total(sumOf(product, radial))).toBe(total(product) + total(radial));
    expect(total(radial)).toBe(2 * (2 * 8 * 64 + 3 * 64 * 352) + 3 * 64);
  });
});

describe('the network of the Tetris example', () => {
  test.each([8, 50])('mul %i: layer by layer it has the weights that the network has', (mul) => {
    const network = simpleNetwork({
      irrepsIn: '0e',
      irrepsOut: '0o + 6x0e',
      maxRadius: 1.5,
      numNeighbors: 2,
      numNodes: 4,
      mul,
    });
    const size = { nodes: 28, edges: 68, mul, irrepsOut: '0o + 6x0e', lmax: 2, layers: 3, radial: [10, 100] };
    const { weights, flops } = networkArithmetic(size);
    expect(weights).toBe(new Parameters(network).count);
    // Linear in the number of nodes and edges, but for the optimiser.
    const twice = networkArithmetic({ ...size, nodes: 56, edges: 136 });
    expect(twice.flops - flops).toBe(flops - 14 * weights);
  });

  test("start-up is measured with the demo's default network", () => {
    expect(DEFAULT_MUL).toBe(fields.mul.default);
  });
});

test('a traced program is counted as its linear map is, without padding', () => {
  const block = { a: 0, aStride: 3, o: 0, oStride: 2, w: 0, mulIn: 3, mulOut: 2, dim: 3, coefficient: 1 };
  const spec = { blocks: [block], aCols: 9, wCols: 6, oCols: 6, perSample: false };
  const [a, w] = [input('a', 5, 9), input('w', 1, 6)];
  const out = contract(spec, a, w);
  const linear = linearArithmetic(Irreps.parse('3x1o'), Irreps.parse('2x1o'), 5);
  expect(programArithmetic({ outputs: { out } })).toBe(linear.forward);
  const [byA, byW] = gradient(sum(out, 'all'), [a, w]);
  // The cotangent is ones.
  expect(programArithmetic({ outputs: { byA, byW } })).toBe(linear.byInput + linear.byWeights);
});
