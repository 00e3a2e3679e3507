import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GpuContext, requestDevice } from '../../src/gpu/device.ts';
import * as e from '../../src/graph/expression.ts';
import { input } from '../../src/graph/leaf.ts';
import type { Piece, View } from '../../src/graph/node.ts';
import { fused } from '../../src/ops/fused.ts';
import { randomFeeds } from '../support/feeds.ts';
import { gpuError } from '../support/on-gpu.ts';
import { runs } from '../support/property.ts';

let gpu: GpuContext;
beforeAll(async () => {
  gpu = await requestDevice();
});
afterAll(() => gpu?.device.destroy());

const COLS = 64;

/** Pieces of one expression: how many, how wide, and how far apart they read; places go round in the inputs' columns. */
const family = fc.record({
  expression: fc.nat(4),
  widths: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
  pieces: fc.integer({ min: 1, max: 12 }),
  terms: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
  input: fc.nat(2),
  from: fc.nat(30),
  step: fc.nat(9),
  termStep: fc.nat(4),
  jump: fc.nat(5),
  every: fc.integer({ min: 1, max: 5 }),
});
type Family = typeof family extends fc.Arbitrary<infer T> ? T : never;

/** The pieces of some families, one after the other, with a gap here and there; widths are multiples of `by`. */
function piecesOf(families: readonly Family[], by: number, over: boolean): Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  for (const one of families)
    for (let i = 0; i < one.pieces; i++) {
      const runs = Math.floor(i / one.every);
      const terms = one.terms[runs % one.terms.length];
      const width = one.widths[runs % one.widths.length] * by;
      const views: View[] = [];
      const read = (which: number, place: number, column = true) => {
        const last = COLS - width;
        const at = (Math.abs(place) * by) % (last + by);
        return e.argument(
          views.push({ input: which, row: which < 2, column, offset: column ? at - start : at % COLS }) - 1,
        );
      };
      const place = one.from + i * one.step + runs * one.jump;
      const a = () => read(one.input, place);
      const gate = () => read(0, one.from + runs * one.jump);
      const product = (k: number) =>
        e.mul(read(0, one.from + i + k * one.termStep), read(1, place + k * one.step));
      const sum = () => Array.from({ length: terms }, (_, k) => product(k)).reduce(e.add);
      const summed: Pick<Piece, 'over'> = {};
      let expression: e.Expression;
      if (one.expression === 0) expression = e.mul(e.sigmoid(gate()), a());
      else if (one.expression === 1) expression = e.mul(e.tanh(gate()), sum());
      else if (one.expression === 2) expression = e.add(e.add(a(), sum()), e.number(0.5));
      else if (one.expression === 3 && over && width === 1) {
        const offset = one.from % 8;
        views.push({ input: 1, row: true, column: true, offset });
        views.push({ input: one.input, row: one.input < 2, column: false, offset });
        expression = e.mul(e.argument(0), e.argument(1));
        Object.assign(summed, { over: terms * 3 });
      } else expression = e.add(a(), over ? read(2, place, false) : e.number(1));
      pieces.push({ start, end: start + width, expression, views, ...summed });
      start += width;
      if (one.jump > 3 && runs > 0) {
        pieces.push({ start, end: start + by, expression: e.number(2), views: [] });
        start += by;
      }
    }
  return pieces;
}

const program = (families: readonly Family[], rows: number, by: number, over: boolean) => {
  const pieces = piecesOf(families, by, over);
  const inputs = [input('x', rows, COLS), input('y', rows, COLS), input('z', 1, COLS)];
  return fused(inputs, rows, pieces[pieces.length - 1].end, pieces);
};

test('pieces that share code, in runs that are even or not, equal the reference', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(family, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 5 }),
      async (values, rows) => {
        const outputs = Object.fromEntries(
          values.map((families, i) => [`value${i}`, program(families, rows, 1, true)]),
        );
        expect(await gpuError(gpu, outputs, randomFeeds(Object.values(outputs)))).toBeLessThan(2e-6);
      },
    ),
    runs(40),
  ));

test('so do four numbers at a time', () =>
  fc.assert(
    fc.asyncProperty(fc.array(family, { minLength: 1, maxLength: 2 }), async (families) => {
      const outputs = { value: program(families, 4096, 4, false) };
      expect(await gpuError(gpu, outputs, randomFeeds([outputs.value]))).toBeLessThan(2e-6);
    }),
    runs(10),
  ));

test('alike pieces are written once, and their sums are loops', () => {
  const gates = (degrees: readonly number[]) =>
    program(
      degrees.map((l) => ({
        expression: 1,
        widths: [2],
        pieces: 4,
        terms: [2 * l + 1],
        input: 0,
        from: 3,
        step: 2,
        termStep: 2,
        jump: 0,
        every: 4,
      })),
      3,
      1,
      false,
    );
  const body = (degrees: readonly number[]) => {
    const node = gates(degrees);
    return node.op.kernel!(node).slots!.body;
  };
  expect(body([2])).toBe(body([1]));
  expect(body([1]).match(/in\d\[/g)).toHaveLength(3);
  expect(body([1, 2, 3]).match(/in\d\[/g)).toHaveLength(3);
});
