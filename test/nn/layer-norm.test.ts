import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LayerNormOptions, layerNorm } from '../../src/nn/layer-norm.ts';
import { Parameters, Weights } from '../../src/nn/parameters.ts';
import { tensorInput } from '../../src/nn/tensor.ts';
import type { Irreps } from '../../src/o3/irreps.ts';
import { Random } from '../../src/o3/random.ts';
import { checkLayer, mixedLayout, paddings } from '../support/features.ts';
import { blocksOf, irrepsUpTo } from '../support/layers.ts';
import { runs } from '../support/property.ts';

/** Equiformer's layer norm of one row. */
function dense(
  irreps: Irreps,
  row: number[],
  { eps = 1e-5, affine = true, normalization = 'component' }: LayerNormOptions,
  { affine_weight: gamma, affine_bias: beta }: Readonly<Record<string, Float64Array>>,
): number[] {
  let [copy, scalar] = [0, 0];
  return blocksOf(irreps, row).flatMap((block, b) => {
    const { mul, ir } = irreps.blocks[b];
    const isScalar = ir.l === 0 && ir.p === 1;
    const mean = isScalar ? block.reduce((sum, [v]) => sum + v / mul, 0) : 0;
    const centred = block.map((x) => x.map((v) => v - mean));
    const square = (x: number[]) =>
      x.reduce((sum, v) => sum + v * v, 0) / (normalization === 'norm' ? 1 : ir.dim);
    const root = Math.sqrt(centred.reduce((sum, x) => sum + square(x) / mul, 0) + eps);
    return centred.flatMap((x) => {
      const weight = affine ? gamma[copy++] : 1;
      const bias = affine && isScalar ? beta[scalar++] : 0;
      return x.map((v) => (v * weight) / root + bias);
    });
  });
}

describe('layerNorm', () => {
  test('equals its definition, in any memory layout', () => {
    fc.assert(
      fc.property(
        irrepsUpTo(3, 6, 4).filter((irreps) => irreps.dim > 0),
        paddings,
        fc.record({
          // Large enough for the second derivatives of a block of one copy to be tame.
          eps: fc.constantFrom(0.1, 1),
          affine: fc.boolean(),
          normalization: fc.constantFrom('component' as const, 'norm' as const),
        }),
        (irreps, padded, options) => {
          const layer = layerNorm(irreps, options);
          checkLayer({ ...layer, module: layer }, mixedLayout(irreps, padded), 2, (rows, arrays) =>
            rows.map((row) => dense(irreps, row, options, arrays)),
          );
        },
      ),
      runs(60),
    );
  });

  test("parameters are Equiformer's", () => {
    const layer = layerNorm('2x0e + 3x1o + 1x0o + 1x0e');
    expect(layer.parameters.map(({ name, shape }) => [name, shape])).toEqual([
      ['affine_weight', [7]],
      ['affine_bias', [3]],
    ]);
    const parameters = new Parameters(layer);
    const initial = parameters.unpack(parameters.initial(new Random(1)));
    expect([...initial.affine_weight.data]).toEqual(new Array(7).fill(1));
    expect([...initial.affine_bias.data]).toEqual([0, 0, 0]);
    expect(layerNorm('0e', { affine: false }).parameters).toEqual([]);
  });

  test('refuses what cannot be', () => {
    expect(() => layerNorm('0e', { eps: 0 })).toThrow('layerNorm: eps is 0, but must be positive');
    const layer = layerNorm('0e', { affine: false });
    expect(() => layer.apply(new Weights(new Map()), tensorInput('x', 1, '0o'))).toThrow(
      'layerNorm was made for irreps 1x0e, but its input has 1x0o',
    );
  });
});
