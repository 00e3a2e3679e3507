import { input } from '../../../src/graph/leaf.ts';
import { sphericalHarmonics } from '../../../src/nn/spherical-harmonics.ts';
import {
  harmonicsInput,
  legendre,
  sphericalHarmonicsAlpha,
  sphericalHarmonicsAlphaBeta,
} from '../../../src/o3/index.ts';
import type { Family, Json } from '../../support/fixture.ts';
import { features, plain, product } from '../arrays.ts';
import { type AutodiffRecord, compareAutodiff } from '../autodiff.ts';
import { type Case, each } from '../case.ts';

/** Below this length e3nn's second derivatives of normalised harmonics are noise, by the README of the fixtures. */
const TINY = 0.999e-6;

export function cases({ json, tensor }: Family): Case[] {
  const named = ({ name }: Json) => name;
  return [
    ...each<Json>(json.cases, named, (c, measure, gpu) => {
      const x = input('x', product(tensor(c.inputs.x).shape.slice(0, -1)), 3);
      const out = sphericalHarmonics(c.l, x, { normalize: c.normalize, normalization: c.normalization });
      measure.equal('ls', out.layout.irreps.ls, c.ls);
      const graph = {
        inputs: { x: plain(x) },
        outputs: { out: features(out.node, out.layout) },
        parameters: null,
      };
      const record = c.normalize ? withoutNoise(c, tensor(c.inputs.x).data) : c;
      return compareAutodiff(record, graph, measure, gpu, tensor);
    }),
    ...each<Json>(
      json.invalid,
      (c) => `invalid ${c.irreps_in} ${c.irreps_out}`,
      (c, measure) => measure.raises('irreps', () => harmonicsInput(c.irreps_out, c.irreps_in ?? undefined)),
    ),
    ...each<Json>(json.alpha_beta, named, (c, measure) => {
      const [alpha, beta] = [tensor(c.alpha).data, tensor(c.beta).data];
      const actual = sphericalHarmonicsAlphaBeta(c.l, alpha, beta, c.normalization);
      measure.compare('reference', 'out', actual, c.out);
    }),
    ...each<Json>(
      json.spherical_harmonics_alpha,
      ({ lmax }) => `alpha lmax ${lmax}`,
      ({ lmax, alpha, out }, measure) => {
        const actual = [...tensor(alpha).data].flatMap((a) => [...sphericalHarmonicsAlpha(lmax, a)]);
        measure.compare('reference', 'out', actual, out);
      },
    ),
    ...each<Json>(
      json.legendre,
      ({ ls }) => `legendre ${ls}`,
      ({ ls, cos_beta, sin_beta, out }, measure) => {
        const sines = tensor(sin_beta).data;
        const actual = [...tensor(cos_beta).data].flatMap((c, i) => [...legendre(ls, c, sines[i])]);
        measure.compare('reference', 'out', actual, out);
      },
    ),
  ];

  /**
   * What of a record of normalised harmonics can be compared: at the zero vector only the value (e3nn's gradient is an
   * artefact of dividing by 1e-12; NaN stands for "any finite number"), near it no second derivatives.
   */
  function withoutNoise(c: Json, x: ArrayLike<number>): AutodiffRecord {
    const lengths = Array.from({ length: x.length / 3 }, (_, n) =>
      Math.hypot(x[3 * n], x[3 * n + 1], x[3 * n + 2]),
    );
    const record = { ...c, second: lengths.some((r) => r < TINY) ? undefined : c.second };
    if (!lengths.includes(0)) return record;
    const data = tensor(c.grads.inputs.x).data.map((value, i) =>
      lengths[Math.floor(i / 3)] === 0 ? Number.NaN : value,
    );
    return { ...record, grads: { ...c.grads, inputs: { x: data } } };
  }
}
