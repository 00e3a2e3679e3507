import { describe, expect, test } from 'vitest';
import { Irrep } from '../../src/o3/index.ts';
import { loadFamily } from '../support/fixture.ts';

const { json } = loadFamily('irreps');

describe('against e3nn', () => {
  test.each(json.irrep as IrrepCase[])('Irrep.parse("$input")', ({ input, l, p, dim, repr, is_scalar }) => {
    const ir = Irrep.parse(input);
    expect([ir.l, ir.p, ir.dim, `${ir}`, ir.isScalar()]).toEqual([l, p, dim, repr, is_scalar]);
  });

  test('invalid names raise', () => {
    const invalid = (json.invalid as { kind: string; input: string }[]).filter(
      ({ kind }) => kind === 'irrep',
    );
    expect(invalid.length).toBeGreaterThan(0);
    for (const { input } of invalid) expect(() => Irrep.parse(input), input).toThrow('is not an irrep');
  });

  test('invalid l and p raise', () => {
    expect(() => Irrep.of(-1, 1)).toThrow('l is -1');
    expect(() => Irrep.of(1.5, 1)).toThrow('l is 1.5');
    expect(() => Irrep.of(1, 0 as 1)).toThrow('p is 0');
    expect(() => Irrep.of(1, 2 as 1)).toThrow('p is 2');
  });

  test('product', () => {
    for (const { a, b, out } of json.irrep_product as { a: string; b: string; out: string[] }[]) {
      expect(Irrep.parse(a).product(b).map(String), `${a} * ${b}`).toEqual(out);
    }
  });

  test('iterator and sort order', () => {
    for (const { lmax, out } of json.irrep_iterator as { lmax: number; out: string[] }[]) {
      expect([...Irrep.iterator(lmax)].map(String)).toEqual(out);
    }
    expect([...Irrep.iterator(3)].sort(Irrep.compare).map(String)).toEqual(json.irrep_sort_order);
  });
});

test('messages name the character', () => {
  expect(() => Irrep.parse('1 1e')).toThrow('character 2 is " "');
  expect(() => Irrep.parse('1')).toThrow('character 2 is the end');
  expect(() => Irrep.parse('1eo')).toThrow('character 3 is "o"');
});

test('equals compares values, also with names', () => {
  expect(Irrep.parse('2y').equals('2e')).toBe(true);
  expect(Irrep.parse('2e').equals(Irrep.of(2, -1))).toBe(false);
  expect(JSON.stringify(Irrep.parse('1y'))).toBe('"1o"');
});

interface IrrepCase {
  input: string;
  l: number;
  p: number;
  dim: number;
  repr: string;
  is_scalar: boolean;
}
