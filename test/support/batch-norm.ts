// e3nn's BatchNorm by its definition (test/fixtures/README.md), on rows in e3nn's layout.
import type { BatchNormOptions } from '../../src/nn/batch-norm.ts';
import type { Irreps } from '../../src/o3/irreps.ts';
import { blocksOf } from './layers.ts';

const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / (values.length || 1);

export interface BatchNormArrays {
  readonly weight?: ArrayLike<number>;
  readonly bias?: ArrayLike<number>;
  readonly running_mean?: ArrayLike<number>;
  readonly running_var?: ArrayLike<number>;
}

/** Without `samples` every row is one; a row whose sample is null takes no part and becomes zero. */
export function denseBatchNorm(
  irreps: Irreps,
  rows: readonly (readonly number[])[],
  arrays: BatchNormArrays,
  options: BatchNormOptions,
  mode: { training: boolean; samples?: readonly (number | null)[] | null },
): { out: number[][]; buffers: { running_mean: number[]; running_var: number[] } } {
  const { eps = 1e-5, momentum = 0.1, affine = true, includeBias = true } = options;
  const { reduce = 'mean', instance = false, normalization = 'component' } = options;
  const sampleOf = mode.samples ?? rows.map((_, r) => r);
  const samples = [...new Set(sampleOf)].filter((s) => s !== null);
  const blocks = rows.map((row) => blocksOf(irreps, row));
  const out = rows.map((): number[] => []);
  const buffers = { running_mean: [] as number[], running_var: [] as number[] };
  const rolled = (old: number, value: number) => (1 - momentum) * old + momentum * value;
  const rowsOf = (sample: number | null) => rows.flatMap((_, r) => (sampleOf[r] === sample ? [r] : []));
  let [copy, scalar] = [0, 0];
  irreps.blocks.forEach(({ mul, ir }, b) => {
    const isScalar = ir.l === 0 && ir.p === 1;
    for (let u = 0; u < mul; u++, copy++) {
      const x = blocks.map((row) => row[b][u]);
      const live = rows.flatMap((_, r) => (sampleOf[r] === null ? [] : [x[r][0]]));
      const means = new Map<number | null, number>();
      for (const sample of samples)
        means.set(
          sample,
          !isScalar
            ? 0
            : instance
              ? mean(rowsOf(sample).map((r) => x[r][0]))
              : mode.training
                ? mean(live)
                : arrays.running_mean![scalar],
        );
      if (isScalar && mode.training && !instance)
        buffers.running_mean.push(rolled(arrays.running_mean![scalar], mean(live)));
      const centred = x.map((components, r) => components.map((v) => v - (means.get(sampleOf[r]) ?? 0)));
      const square = (r: number) =>
        centred[r].reduce((sum, v) => sum + v * v, 0) / (normalization === 'norm' ? 1 : ir.dim);
      const ofSample = (sample: number) => {
        const squares = rowsOf(sample).map(square);
        return reduce === 'max' ? Math.max(...squares) : mean(squares);
      };
      const ofBatch = mean(samples.map(ofSample));
      if (mode.training && !instance) buffers.running_var.push(rolled(arrays.running_var![copy], ofBatch));
      rows.forEach((_, r) => {
        const sample = sampleOf[r];
        if (sample === null) {
          out[r].push(...x[r].map(() => 0));
          return;
        }
        const variance = instance ? ofSample(sample) : mode.training ? ofBatch : arrays.running_var![copy];
        const factor = (affine ? arrays.weight![copy] : 1) / Math.sqrt(variance + eps);
        const bias = isScalar && affine && includeBias ? arrays.bias![scalar] : 0;
        out[r].push(...centred[r].map((v) => v * factor + bias));
      });
      if (isScalar) scalar++;
    }
  });
  return { out, buffers };
}
