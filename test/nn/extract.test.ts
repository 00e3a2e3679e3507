import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reference } from '../../src/graph/reference.ts';
import { extract, extractIr, identity } from '../../src/nn/extract.ts';
import { tensorInput } from '../../src/nn/tensor.ts';
import { Irreps } from '../../src/o3/irreps.ts';
import { Random } from '../../src/o3/random.ts';
import { gradient } from '../../src/ops/index.ts';
import { multiply } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { directionalError } from '../support/differences.ts';
import { mixedLayout, paddings } from '../support/features.ts';
import { irrepsUpTo, rowsOf } from '../support/layers.ts';
import { runs } from '../support/property.ts';

const rows = 2;

describe('extract', () => {
  test('gives the blocks that are asked for, in any memory layout, and the gradient goes back there', () => {
    const cases = irrepsUpTo(3, 5, 4).chain((irreps) =>
      fc.record({
        irreps: fc.constant(irreps),
        lists: fc.array(fc.array(fc.nat({ max: irreps.length - 1 }), { maxLength: 4 }), { maxLength: 3 }),
        padded: paddings,
      }),
    );
    fc.assert(
      fc.property(cases, ({ irreps, lists, padded }) => {
        fc.pre(irreps.dim > 0);
        const outs = lists.map((list) =>
          Irreps.parse(list.map((b) => [irreps.blocks[b].mul, irreps.blocks[b].ir])),
        );
        const layer = extract(irreps, outs, lists);
        const layout = mixedLayout(irreps, padded);
        const x = tensorInput('x', rows, layout);
        const results = layer.apply(x);
        const plain = new Random(1).normals(rows * irreps.dim);
        const feeds = { x: layout.pack(plain) };
        const values = reference(
          results.map(({ node }) => node),
          feeds,
        );
        results.forEach((result, i) => {
          expect(result.layout.irreps.equals(outs[i])).toBe(true);
          const expected = rowsOf(plain, irreps.dim, rows).flatMap((row) =>
            lists[i].flatMap((b) => {
              const { start, stop } = irreps.slices()[b];
              return row.slice(start, stop);
            }),
          );
          expect([...result.layout.unpack(values[i])]).toEqual(expected);
          expect(result.layout.isPadded).toBe(false);
          if (expected.length === 0) return;
          const loss = sum(multiply(result.node, result.node), 'all');
          const slopes = gradient(loss, [x.node]);
          expect(directionalError(loss, [x.node], slopes, feeds)).toBeLessThan(1e-9);
        });
      }),
      runs(100),
    );
  });

  test('refuses instructions that do not fit', () => {
    expect(() => extract('0e + 1o', ['0e'], [[0], [1]])).toThrow('extract: 1 outputs, but 2 lists of blocks');
    expect(() => extract('0e + 1o', ['0e'], [[2]])).toThrow(
      'extract: output 0 takes block 2 of 1x0e+1x1o, which has 2',
    );
    expect(() => extract('0e + 1o', ['0e'], [[0.5]])).toThrow('takes block 0.5');
    expect(() => extract('0e + 1o', ['1o + 0e'], [[0, 1]])).toThrow(
      'extract: blocks 0, 1 of 1x0e+1x1o are 1x0e+1x1o, but output 0 is 1x1o+1x0e',
    );
    expect(() => extract('0e', ['0e'], [[0]]).apply(tensorInput('x', 1, '1o'))).toThrow(
      'extract was made for irreps 1x0e, but its input has 1x1o',
    );
  });
});

describe('extractIr', () => {
  test('takes all blocks of the irrep, also none', () => {
    expect(extractIr('2x0e + 1x1o + 3x0e', '0e').irrepsOut.toString()).toBe('2x0e+3x0e');
    const nothing = extractIr('2x0e + 1x1o', '1e');
    expect(nothing.irrepsOut.length).toBe(0);
    expect(nothing.apply(tensorInput('x', rows, '2x0e + 1x1o')).node).toMatchObject({ rows, cols: 0 });
  });
});

describe('identity', () => {
  test('gives back what it gets, and refuses other irreps', () => {
    const x = tensorInput('x', rows, '2x0e + 1x1o');
    expect(identity('2x0e + 1x1o').apply(x)).toBe(x);
    expect(() => identity('1o').apply(x)).toThrow('identity was made for irreps 1x1o');
  });
});
