// Norms, normalisations, dropout and cuts commute with rotations and inversion, padded or not.
import { describe, test } from 'vitest';
import { index, packIndexMap } from '../../src/graph/index-map.ts';
import { input } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import { type BatchNormOptions, batchNorm } from '../../src/nn/batch-norm.ts';
import { dropout } from '../../src/nn/dropout.ts';
import { assertEquivariant } from '../../src/nn/equivariance.ts';
import { extract, extractIr } from '../../src/nn/extract.ts';
import { layerNorm } from '../../src/nn/layer-norm.ts';
import { norm } from '../../src/nn/norm.ts';
import { normActivation } from '../../src/nn/norm-activation.ts';
import type { Module, Weights } from '../../src/nn/parameters.ts';
import { type GeometricTensor, tensorInput } from '../../src/nn/tensor.ts';
import { Layout } from '../../src/o3/layout.ts';
import { Random } from '../../src/o3/random.ts';
import { trainable } from '../support/layers.ts';

const rows = 4;
const irreps = '3x0e + 2x0o + 3x1o + 2x1e + 1x0e + 1x2e + 5x3o';
const none = { parameters: [] };

const layers: Record<string, { module: Module; apply(w: Weights, x: GeometricTensor): GeometricTensor }> = {
  norm: { module: none, apply: (_, x) => norm(irreps).apply(x) },
  'squared norm': { module: none, apply: (_, x) => norm(irreps, { squared: true }).apply(x) },
  dropout: {
    module: none,
    apply: (_, x) => dropout(irreps, 0.4, { seed: 1 }).apply(x, { step: input('step', 1, 1) }),
  },
  extract: {
    module: none,
    apply: (_, x) => extract(irreps, ['1x2e + 3x1o + 2x0o'], [[5, 2, 1]]).apply(x)[0],
  },
  extractIr: { module: none, apply: (_, x) => extractIr(irreps, '0e').apply(x) },
};
for (const options of [{}, { normalize: false }, { bias: true }, { epsilon: 1 }]) {
  const module = normActivation(irreps, 'silu', options);
  layers[`normActivation ${JSON.stringify(options)}`] = { module, apply: (w, x) => module.apply(w, x) };
}
for (const normalization of ['component', 'norm'] as const) {
  const module = layerNorm(irreps, { normalization });
  layers[`layerNorm ${normalization}`] = { module, apply: (w, x) => module.apply(w, x) };
}
const list: BatchNormOptions[] = [{}, { normalization: 'norm' }, { instance: true }, { reduce: 'max' }];
for (const options of list)
  for (const training of [true, false]) {
    const module = batchNorm(irreps, options);
    const name = `batchNorm ${JSON.stringify(options)} ${training ? 'training' : 'evaluation'}`;
    const samples = options.reduce || options.instance ? index('samples', rows, 2) : undefined;
    layers[name] = { module, apply: (w, x) => module.apply(w, x, { training, samples }) };
  }

for (const [name, { module, apply }] of Object.entries(layers))
  describe(name, () => {
    for (const align of [1, 4] as const)
      test(align === 4 ? 'padded' : 'unpadded', async () => {
        const { weights, values } = trainable(module);
        const x = tensorInput('x', rows, Layout.of(irreps, align));
        const y = apply(weights, x);
        const feeds = {
          parameters: values,
          step: [3],
          samples: packIndexMap([0, 1, 1, 0], rows, 2),
          running_mean: new Random(2).normals(4),
        };
        const model = (array: Float64Array) =>
          y.layout.unpack(reference([y.node], { ...feeds, x: x.layout.pack(array) })[0]);
        // Rows are not alike where masks or samples differ.
        const alike = name !== 'dropout' && !name.includes('instance') && !name.includes('max');
        await assertEquivariant(model, irreps, y.layout.irreps, {
          rows,
          tolerance: 1e-9,
          permutation: alike ? undefined : false,
        });
      });
  });
