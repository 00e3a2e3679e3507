import { describe, expect, test } from 'vitest';
import { allowedOrigins } from '../../demo/shared/embed-protocol.ts';
import {
  defaultsOf,
  flag,
  numberBetween,
  numbers,
  oneOf,
  parseFields,
  wholeNumber,
  writeFields,
} from '../../demo/shared/fields.ts';

const fields = {
  seed: wholeNumber(0, 0, 2 ** 32 - 1),
  learningRate: numberBetween(0.01, 0, 1, { key: 'lr', open: true }),
  lmax: oneOf(2, [1, 2, 3]),
  showAxes: flag(true),
  turn: numbers([1, 0, 0]),
};
const parse = (texts: Record<string, string>) => parseFields(fields, (key) => texts[key] ?? null);

describe('fields', () => {
  test('a state written is read again', () => {
    const state = { seed: 7, learningRate: 0.05, lmax: 3, showAxes: false, turn: [0.5, -1, 1e-9] };
    const texts = writeFields(fields, state);
    expect(texts).toEqual({ seed: '7', lr: '0.05', lmax: '3', 'show-axes': '0', turn: '0.5,-1,1e-9' });
    expect(parse(texts)).toEqual({ values: state, problems: [] });
    expect(parse(writeFields(fields, defaultsOf(fields))).values).toEqual(defaultsOf(fields));
  });

  test.each([
    ['seed', '1.5', 'seed is "1.5", but must be a whole number from 0 to 4294967295'],
    ['seed', '', 'seed is "", but must be a whole number from 0 to 4294967295'],
    ['lr', '0', 'lr is "0", but must be above 0 and at most 1'],
    ['lr', 'NaN', 'lr is "NaN", but must be above 0 and at most 1'],
    ['lmax', '4', 'lmax is "4", but must be 1, 2 or 3'],
    ['show-axes', 'maybe', 'show-axes is "maybe", but must be 1 or 0'],
    ['turn', '1,2', 'turn is "1,2", but must be 3 numbers with commas between them'],
    ['turn', '1,,2', 'turn is "1,,2", but must be 3 numbers with commas between them'],
  ])('%s = "%s" is refused', (key, text, problem) => {
    expect(parse({ [key]: text })).toEqual({ values: {}, problems: [problem] });
  });

  test('an attribute without a value switches on, keys of no field are left alone', () => {
    expect(parse({ 'show-axes': '', other: 'x' })).toEqual({ values: { showAxes: true }, problems: [] });
  });
});

test('origins that may embed a page', () => {
  const own = 'https://clebsch.example';
  expect([...allowedOrigins('?embed=1', own)]).toEqual([own]);
  expect([...allowedOrigins('?origin=https://a.example/x&origin=http://b.example:8080', own)]).toEqual([
    'https://a.example',
    'http://b.example:8080',
  ]);
  // What is no origin allows nobody, and never everybody.
  expect([...allowedOrigins('?origin=*&origin=null&origin=data:,', own)]).toEqual([own]);
});
