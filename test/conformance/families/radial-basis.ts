import { input } from '../../../src/graph/leaf.ts';
import type { Node } from '../../../src/graph/node.ts';
import { bessel, type SoftOneHotOptions, softOneHotLinspace, softUnitStep } from '../../../src/nn/radial.ts';
import type { Family, Json } from '../../support/fixture.ts';
import { plain, product } from '../arrays.ts';
import { compareAutodiff } from '../autodiff.ts';
import { type Case, each } from '../case.ts';
import { BOUNDS } from '../measure.ts';
import { evaluate } from '../on-gpu.ts';
import { type Basis, determined, EPSILON } from '../undetermined.ts';

type To = Parameters<Case['run']>;

const optionsOf = ({ start, end, number, basis, cutoff }: Json): SoftOneHotOptions => ({
  start,
  end,
  number,
  basis,
  cutoff,
});

export function cases({ json, tensor }: Family): Case[] {
  /** Distances are one column, however many dimensions the array has. */
  const distances = (x: Json) => input('x', product(tensor(x).shape), 1);
  const compare = (f: (x: Node) => Node, record: Json, basis: Basis | null, ...[measure, gpu]: To) => {
    if (record.raises) return measure.raises('construction', () => f(input('x', 1, 1)));
    const x = distances(record.inputs.x);
    const graph = { inputs: { x: plain(x) }, outputs: { out: plain(f(x)) }, parameters: null };
    const by = (precision: 'double' | 'single') => {
      const { reference, first, second } = BOUNDS;
      const bounds = precision === 'double' ? { first: reference, second: reference } : { first, second };
      return basis ? determined(record, basis, { epsilon: EPSILON[precision], bounds }, tensor) : record;
    };
    return compareAutodiff(by('double'), graph, measure, gpu, tensor, by('single'));
  };
  const named = ({ name }: Json) => name;
  return [
    ...each<Json>(json.cases, named, (c, ...to) =>
      compare((x) => softOneHotLinspace(x, optionsOf(c)), c, optionsOf(c), ...to),
    ),
    ...each<Json>(json.bessel_edges, named, async (c, measure, gpu) => {
      const out = softOneHotLinspace(distances(c.x), optionsOf(c));
      const { exact, single } = await evaluate({ out }, { x: tensor(c.x).data }, gpu);
      // e3nn has NaN where x is the start; the comparison then asks for any finite number. The scale is the limit there,
      // since at the other end all functions are zero.
      const length = c.end - c.start;
      const scale = (Math.sqrt(2 / length) * c.number * Math.PI) / length;
      measure.compare('reference', 'out', exact.out, c.out, { scale });
      if (single) measure.compare('forward', 'out', single.out, c.out, { scale });
    }),
    ...each<Json>(json.soft_unit_step, named, (c, ...to) => compare(softUnitStep, c, null, ...to)),
    ...each<Json>(json.bessel, named, (c, ...to) => {
      const basis = { start: 0, end: c.x_max, number: c.n, basis: 'bessel', cutoff: false };
      return compare((x) => bessel(x, c.n, c.x_max), c, basis, ...to);
    }),
    ...each<{ what: string }>(
      json.errors,
      ({ what }) => `error ${what}`,
      ({ what }, measure) => {
        // As in "basis='unknown'" and "cutoff=None": one argument with a value that is not allowed.
        const [argument, value] = what.split('=');
        const wrong = { [argument]: value === 'None' ? undefined : value.replaceAll("'", '') };
        const right = { start: 0, end: 1, number: 3, basis: 'gaussian', cutoff: true } as const;
        measure.raises(what, () => softOneHotLinspace(input('x', 1, 1), { ...right, ...wrong }));
      },
    ),
  ];
}
