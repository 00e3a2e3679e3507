import { Irrep, Irreps, type IrrepsFilter } from '../../../src/o3/index.ts';
import type { Family, Json } from '../../support/fixture.ts';
import { type Case, each } from '../case.ts';
import type { Measure } from '../measure.ts';

/** How each list of the file is reproduced, row by row. */
const lists: Readonly<Record<string, (row: Json, measure: Measure) => void>> = {
  parse(row, measure) {
    const irreps = Irreps.parse(row.input);
    measure.equal(
      'items',
      irreps.blocks.map(({ mul, ir }) => [mul, ir.l, ir.p]),
      row.items,
    );
    measure.equal('repr', irreps.toString(), row.repr);
    measure.equal('dim', irreps.dim, row.dim);
    measure.equal('num_irreps', irreps.numIrreps, row.num_irreps);
    measure.equal('ls', irreps.ls, row.ls);
    measure.equal(
      'slices',
      irreps.slices().map(({ start, stop }) => [start, stop]),
      row.slices,
    );
    if (row.lmax === null) measure.raises('lmax', () => irreps.lmax);
    else measure.equal('lmax', irreps.lmax, row.lmax);
  },
  irrep(row, measure) {
    const ir = Irrep.parse(row.input);
    measure.equal('l p dim', [ir.l, ir.p, ir.dim], [row.l, row.p, row.dim]);
    measure.equal('repr', ir.toString(), row.repr);
    measure.equal('is_scalar', ir.isScalar(), row.is_scalar);
  },
  invalid: (row, measure) =>
    measure.raises('parse', () => (row.kind === 'irrep' ? Irrep.parse(row.input) : Irreps.parse(row.input))),
  errors: (row, measure) => measure.raises(row.op, operation(row)),
  sort(row, measure) {
    const { irreps, p, inv } = Irreps.parse(row.input).sort();
    measure.equal('irreps', irreps.toString(), row.irreps);
    measure.equal('p', p, row.p);
    measure.equal('inv', inv, row.inv);
  },
  simplify: (row, measure) => measure.equal('out', Irreps.parse(row.input).simplify().toString(), row.out),
  regroup: (row, measure) => measure.equal('out', Irreps.parse(row.input).regroup().toString(), row.out),
  remove_zero_multiplicities: (row, measure) =>
    measure.equal('out', Irreps.parse(row.input).removeZeroMultiplicities().toString(), row.out),
  filter({ input, out, ...how }, measure) {
    measure.equal(
      'out',
      Irreps.parse(input)
        .filter(how as IrrepsFilter)
        .toString(),
      out,
    );
  },
  count: (row, measure) => measure.equal('count', Irreps.parse(row.input).count(row.irrep), row.count),
  contains: (row, measure) => measure.equal('contains', Irreps.parse(row.input).has(row.irrep), row.contains),
  add: (row, measure) => measure.equal('out', Irreps.parse(row.a).add(row.b).toString(), row.out),
  mul(row, measure) {
    const irreps = Irreps.parse(row.a);
    measure.equal('out', irreps.mul(row.n).toString(), row.out);
    measure.equal('rmul_out', irreps.rmul(row.n).toString(), row.rmul_out);
    measure.equal('simplified', irreps.mul(row.n).simplify().toString(), row.simplified);
  },
  irrep_product: (row, measure) =>
    measure.equal('out', Irrep.parse(row.a).product(row.b).map(String), row.out),
  int_times_irrep: (row, measure) =>
    measure.equal('out', Irreps.parse([[row.n, Irrep.parse(row.irrep)]]).toString(), row.out),
  irrep_plus_irrep: (row, measure) =>
    measure.equal('out', Irreps.parse(Irrep.parse(row.a)).add(Irrep.parse(row.b)).toString(), row.out),
  spherical_harmonics: (row, measure) =>
    measure.equal('out', Irreps.sphericalHarmonics(row.lmax, row.p).toString(), row.out),
  irrep_iterator: (row, measure) => measure.equal('out', [...Irrep.iterator(row.lmax)].map(String), row.out),
  slice_by_mul: (row, measure) =>
    measure.equal('out', Irreps.parse(row.input).sliceByMul(row.start, row.stop).toString(), row.out),
};

/** What raises, by e3nn's name for it. */
function operation({ op, input }: { op: string; input: string | string[] }): () => unknown {
  const one = () => Irreps.parse(input as string);
  const constructed = /^Irrep\(l=(-?\d+),p=(-?\d+)\)$/.exec(op);
  if (constructed) return () => Irrep.of(Number(constructed[1]), Number(constructed[2]) as 1);
  switch (op) {
    case 'lmax':
      return () => one().lmax;
    case 'irreps_mul_irreps':
      return () => Irreps.parse(input[0]).mul(Irreps.parse(input[1]) as unknown as number);
    case 'filter_keep_and_drop':
      return () => one().filter({ keep: '1o', drop: '1e' });
    case 'filter_keep_and_lmax':
      return () => one().filter({ keep: '1o', lmax: 1 });
    default:
      throw new Error(`no way to reproduce the error of "${op}" is known`);
  }
}

export function cases({ json }: Family): Case[] {
  const name = (list: string) => (row: Json, i: number) => `${list} ${i} ${JSON.stringify(row.input ?? row)}`;
  return [
    ...Object.entries(lists).flatMap(([list, run]) => each(json[list], name(list), run)),
    ...each(
      json.irrep_sort_order ? [json.irrep_sort_order as string[]] : [],
      () => 'irrep_sort_order',
      (order, measure) => {
        const shuffled = [...order].sort().map((ir) => Irrep.parse(ir));
        measure.equal('order', shuffled.sort(Irrep.compare).map(String), order);
      },
    ),
  ];
}
