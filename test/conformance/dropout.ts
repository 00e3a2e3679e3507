// Dropout draws at random, and not as torch does: what can be compared is what every draw has in common, and how many
// irreps are kept.
import type { GpuContext } from '../../src/gpu/device.ts';
import { input } from '../../src/graph/leaf.ts';
import { dropout } from '../../src/nn/dropout.ts';
import { tensorInput } from '../../src/nn/tensor.ts';
import { Irreps } from '../../src/o3/index.ts';
import type { Json } from '../support/fixture.ts';
import { Indices } from './arrays.ts';
import type { Measure } from './measure.ts';
import { evaluate } from './on-gpu.ts';

const BATCH = 500;
const MIDDLE = 4;

/** One record: on an input of ones, [batch, middle, dim], the values are the mask. */
export async function compareDropout(c: Json, measure: Measure, gpu: GpuContext | null): Promise<void> {
  const irreps = Irreps.parse(c.irreps);
  const layer = dropout(irreps, c.p, { seed: 1 });
  const x = tensorInput('x', BATCH * MIDDLE, irreps);
  const indices = new Indices();
  const rows = Array.from({ length: BATCH * MIDDLE }, (_, row) => Math.floor(row / MIDDLE));
  const samples = indices.map('samples', rows, BATCH);
  const out = layer.apply(x, { step: input('step', 1, 1), samples });
  const ones = new Float64Array(BATCH * MIDDLE * irreps.dim).fill(1);
  const feeds = { ...indices.feeds, x: x.layout.pack(ones), step: [3] };
  const { exact, single } = await evaluate({ out: out.node }, feeds, gpu);
  measure.equal('eval_is_identity', layer.apply(x, null).node === x.node, c.eval_is_identity);
  for (const [kind, values] of [['reference', exact.out] as const, ['forward', single?.out] as const]) {
    if (!values) continue;
    const mask = x.layout.unpack(values);
    const seen = [...mask].sort((a, b) => a - b);
    const distinct = seen.filter((v, i) => i === 0 || v - seen[i - 1] > 1e-6);
    measure.compare(kind, 'values', distinct, c.values);
    measure.compare(kind, 'kept_scale', seen[seen.length - 1], c.kept_scale);
    const at = (row: number, column: number) => mask[row * irreps.dim + column];
    let [overMiddle, overComponents, kept] = [true, true, 0];
    irreps.slices().forEach(({ start }, b) => {
      const { mul, ir } = irreps.blocks[b];
      for (let row = 0; row < BATCH * MIDDLE; row++)
        for (let u = 0; u < mul; u++) {
          const first = at(row - (row % MIDDLE), start + u * ir.dim) !== 0;
          if (first && row % MIDDLE === 0) kept++;
          for (let k = 0; k < ir.dim; k++) {
            const here = at(row, start + u * ir.dim + k) !== 0;
            if (here !== (at(row, start + u * ir.dim) !== 0)) overComponents = false;
            if (here !== first) overMiddle = false;
          }
        }
    });
    measure.equal('mask_constant_over_middle_dims', overMiddle, c.mask_constant_over_middle_dims);
    measure.equal(
      'mask_constant_over_components_of_one_irrep',
      overComponents,
      c.mask_constant_over_components_of_one_irrep,
    );
    // The fraction of n independent draws is off by more than five standard deviations once in two million times.
    const draws = BATCH * irreps.numIrreps;
    const bound = 5 * Math.sqrt((c.p * (1 - c.p)) / draws);
    const isNear = Math.abs(kept / draws - c.expected_keep_fraction) <= bound;
    measure.equal(
      `keep_fraction: ${kept / draws}, within ${bound} of ${c.expected_keep_fraction}`,
      isNear,
      true,
    );
  }
}

/** What happens at the ends: `{"p>=1 output": 0.0, "p<=0 is identity": true}`. */
export async function compareDropoutEdges(
  edge: Json,
  measure: Measure,
  gpu: GpuContext | null,
): Promise<void> {
  const x = tensorInput('x', 3, '2x0e + 2x1o');
  const feeds = { x: Float64Array.from({ length: 24 }, (_, i) => i + 1), step: [0] };
  for (const p of [0, -0.5, 1, 1.5]) {
    const out = dropout('2x0e + 2x1o', p, { seed: 1 }).apply(x, { step: input('step', 1, 1) });
    const { exact, single } = await evaluate({ out: out.node }, feeds, gpu);
    const expected = p > 0 ? new Float64Array(24).fill(edge['p>=1 output']) : feeds.x;
    const isExpected = p > 0 ? true : edge['p<=0 is identity'];
    for (const values of [exact.out, single?.out])
      if (values)
        measure.equal(
          `p = ${p}`,
          expected.every((v, i) => v === values[i]),
          isExpected,
        );
  }
}
