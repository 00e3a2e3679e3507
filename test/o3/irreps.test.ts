import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Irrep, Irreps, Random } from '../../src/o3/index.ts';
import { loadFamily } from '../support/fixture.ts';

interface Row {
  input: string;
  out: string;
}
const { json } = loadFamily('irreps');
const rows = <T>(list: string) => json[list] as T[];

describe('against e3nn', () => {
  test('parse', () => {
    for (const row of rows<ParseCase>('parse')) {
      const irreps = Irreps.parse(row.input);
      expect(irreps.blocks.map(({ mul, ir }) => [mul, ir.l, ir.p])).toEqual(row.items);
      expect(`${irreps}`).toBe(row.repr);
      expect([irreps.dim, irreps.numIrreps, irreps.ls]).toEqual([row.dim, row.num_irreps, row.ls]);
      expect(irreps.slices().map(({ start, stop }) => [start, stop])).toEqual(row.slices);
      if (row.lmax === null) expect(() => irreps.lmax).toThrow('no largest l');
      else expect(irreps.lmax).toBe(row.lmax);
    }
  });

  test('invalid input raises', () => {
    for (const { kind, input } of rows<{ kind: string; input: string }>('invalid')) {
      if (kind === 'irreps')
        expect(() => Irreps.parse(input), input).toThrow(`"${input}" is not a list of irreps`);
    }
  });

  test('errors', () => {
    const reproduce: Record<string, (input: string | string[]) => unknown> = {
      lmax: (input) => Irreps.parse(input).lmax,
      irreps_mul_irreps: ([a, b]) => Irreps.parse(a).mul(Irreps.parse(b) as unknown as number),
      filter_keep_and_drop: (input) => Irreps.parse(input).filter({ keep: '1o', drop: '1e' }),
      filter_keep_and_lmax: (input) => Irreps.parse(input).filter({ keep: '1o', lmax: 1 }),
      'Irrep(l=-1,p=1)': () => Irrep.of(-1, 1),
      'Irrep(l=1,p=0)': () => Irrep.of(1, 0 as 1),
      'Irrep(l=1,p=2)': () => Irrep.of(1, 2 as 1),
    };
    for (const { op, input } of rows<{ op: string; input: string | string[] }>('errors')) {
      expect(() => reproduce[op](input), op).toThrow(/Irrep/);
    }
  });

  test('sort', () => {
    for (const row of rows<{ input: string; irreps: string; p: number[]; inv: number[] }>('sort')) {
      const { irreps, p, inv } = Irreps.parse(row.input).sort();
      expect([`${irreps}`, p, inv]).toEqual([row.irreps, row.p, row.inv]);
    }
  });

  test('simplify, regroup, removeZeroMultiplicities', () => {
    for (const row of rows<Row>('simplify')) expect(`${Irreps.parse(row.input).simplify()}`).toBe(row.out);
    for (const row of rows<Row>('regroup')) expect(`${Irreps.parse(row.input).regroup()}`).toBe(row.out);
    for (const row of rows<Row>('remove_zero_multiplicities')) {
      expect(`${Irreps.parse(row.input).removeZeroMultiplicities()}`).toBe(row.out);
    }
  });

  test('filter', () => {
    for (const { input, out, ...how } of rows<Row & { keep?: string[]; drop?: string[]; lmax?: number }>(
      'filter',
    )) {
      expect(`${Irreps.parse(input).filter(how)}`).toBe(out);
    }
  });

  test('count and has', () => {
    for (const row of rows<{ input: string; irrep: string; count: number }>('count')) {
      expect(Irreps.parse(row.input).count(row.irrep)).toBe(row.count);
    }
    for (const row of rows<{ input: string; irrep: string; contains: boolean }>('contains')) {
      expect(Irreps.parse(row.input).has(row.irrep)).toBe(row.contains);
    }
  });

  test('add and mul', () => {
    for (const row of rows<{ a: string; b: string; out: string }>('add')) {
      expect(`${Irreps.parse(row.a).add(row.b)}`).toBe(row.out);
    }
    for (const row of rows<{ a: string; n: number; out: string; rmul_out: string; simplified: string }>(
      'mul',
    )) {
      const irreps = Irreps.parse(row.a);
      expect(`${irreps.mul(row.n)}`).toBe(row.out);
      expect(`${irreps.rmul(row.n)}`).toBe(row.rmul_out);
      expect(`${irreps.mul(row.n).simplify()}`).toBe(row.simplified);
    }
  });

  test('irreps made of irreps', () => {
    for (const row of rows<{ n: number; irrep: string; out: string }>('int_times_irrep')) {
      expect(`${Irreps.parse([[row.n, Irrep.parse(row.irrep)]])}`).toBe(row.out);
    }
    for (const row of rows<{ a: string; b: string; out: string }>('irrep_plus_irrep')) {
      expect(`${Irreps.parse(Irrep.parse(row.a)).add(Irrep.parse(row.b))}`).toBe(row.out);
    }
    for (const row of rows<{ lmax: number; p: 1 | -1; out: string }>('spherical_harmonics')) {
      expect(`${Irreps.sphericalHarmonics(row.lmax, row.p)}`).toBe(row.out);
    }
  });

  test('sliceByMul', () => {
    for (const row of rows<Row & { start: number; stop: number }>('slice_by_mul')) {
      expect(`${Irreps.parse(row.input).sliceByMul(row.start, row.stop)}`).toBe(row.out);
    }
  });
});

describe('input other than text', () => {
  test('lists, null, irreps', () => {
    expect(`${Irreps.parse([[8, '0e'], '1o', Irrep.parse('2e')])}`).toBe('8x0e+1x1o+1x2e');
    expect(Irreps.parse(null).length).toBe(0);
    const irreps = Irreps.parse('3x1o');
    expect(Irreps.parse(irreps)).toBe(irreps);
    expect(Irreps.parse(irreps.blocks).equals('3x1o')).toBe(true);
  });

  test('messages name the place', () => {
    expect(() => Irreps.parse('8x0e + 4y1o')).toThrow('character 10 is "1"');
    expect(() => Irreps.parse('8x0e + ')).toThrow('character 8 is the end');
    expect(() =>
      Irreps.parse([
        [8, '0e'],
        [-1, '1o'],
      ]),
    ).toThrow('item 1');
    expect(() => Irreps.parse([[8, '0e'], 'foo'])).toThrow('item 1');
    expect(() => Irreps.parse(7 as unknown as string)).toThrow('got 7');
    expect(() => Irreps.parse('1o').at(1)).toThrow('no block 1');
  });
});

const block = fc.tuple(fc.nat(9), fc.nat(5), fc.constantFrom(1 as const, -1 as const));
const anyIrreps = fc
  .array(block, { maxLength: 8 })
  .map((items) => Irreps.parse(items.map(([mul, l, p]): [number, Irrep] => [mul, Irrep.of(l, p)])));

describe('laws', () => {
  test('printing and parsing are inverse', () => {
    fc.assert(fc.property(anyIrreps, (irreps) => Irreps.parse(`${irreps}`).equals(irreps)));
  });

  test('any text parses or raises an Error that quotes it', () => {
    const text = fc.string({ unit: fc.constantFrom(...'0123eoyx+- ') });
    fc.assert(
      fc.property(text, (input) => {
        try {
          return Irreps.parse(Irreps.parse(input).toString()) !== null;
        } catch (error) {
          return error instanceof Error && error.message.includes(`"${input}"`);
        }
      }),
    );
  });

  test('sort is an ordered, stable permutation', () => {
    fc.assert(
      fc.property(anyIrreps, (irreps) => {
        const { irreps: sorted, p, inv } = irreps.sort();
        inv.forEach((old, now) => {
          expect(p[old]).toBe(now);
          expect(sorted.at(now)).toBe(irreps.at(old));
          if (now === 0) return;
          const order = Irrep.compare(sorted.at(now - 1).ir, sorted.at(now).ir);
          expect(order < 0 || (order === 0 && inv[now - 1] < old)).toBe(true);
        });
      }),
    );
  });

  test('simplify keeps the vector, regroup the counts', () => {
    fc.assert(
      fc.property(anyIrreps, (irreps) => {
        expect(irreps.simplify().ls).toEqual(irreps.ls);
        expect(irreps.regroup().dim).toBe(irreps.dim);
        for (const { ir } of irreps) expect(irreps.regroup().count(ir)).toBe(irreps.count(ir));
      }),
    );
  });

  test('slices by multiplicity join up', () => {
    fc.assert(
      fc.property(anyIrreps, fc.nat(80), (irreps, cut) => {
        const joined = irreps.sliceByMul(0, cut).add(irreps.sliceByMul(cut, irreps.numIrreps));
        expect(joined.simplify().equals(irreps.simplify())).toBe(true);
      }),
    );
  });
});

test('sliceByMul counts from the end and clamps, as Python slices do', () => {
  const irreps = Irreps.parse('2x0e+3x1o');
  expect(`${irreps.sliceByMul(-4, -1)}`).toBe('1x0e+2x1o');
  expect(`${irreps.sliceByMul(-100, 100)}`).toBe('2x0e+3x1o');
  expect(irreps.sliceByMul(5, 100).dim).toBe(0);
});

test('randn: unit variance, or unit length', () => {
  const irreps = Irreps.parse('20x0e+30x1o+10x2e');
  const component = irreps.randn(new Random(3), 50);
  expect(component.reduce((sum, x) => sum + x * x, 0) / component.length).toBeCloseTo(1, 1);
  const norm = Irreps.parse('2x1o').randn(new Random(3), 1, 'norm');
  expect(Math.hypot(...norm.subarray(0, 3))).toBeCloseTo(1, 14);
  expect(Math.hypot(...norm.subarray(3, 6))).toBeCloseTo(1, 14);
});

interface ParseCase {
  input: string;
  items: [number, number, number][];
  repr: string;
  dim: number;
  num_irreps: number;
  lmax: number | null;
  ls: number[];
  slices: [number, number][];
}
