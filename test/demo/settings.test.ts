import { expect, test } from 'vitest';
import {
  defaultSettings,
  parseSetting,
  queryFromSettings,
  settingsFromQuery,
} from '../../demo/tetris/settings.ts';

test('the query holds the settings', () => {
  const settings = { mul: 50, seed: 7, learningRate: 1e-3 };
  expect(settingsFromQuery(queryFromSettings(settings))).toEqual(settings);
  expect(queryFromSettings(settings, '?page=2&seed=1')).toBe('?page=2&seed=7&mul=50&lr=0.001');
});

test.each(['', '?mul=9', '?seed=-1&lr=0', '?seed=1.5', '?lr=2', '?lr=NaN&seed=&mul=x'])(
  'what is not allowed in "%s" is as if not given',
  (query) => {
    expect(settingsFromQuery(query)).toEqual(defaultSettings);
  },
);

test('numbers as they are typed', () => {
  expect(parseSetting('learningRate', '1e-2')).toBe(0.01);
  expect(parseSetting('seed', ' 12 ')).toBe(12);
  expect(parseSetting('seed', String(2 ** 32))).toBeUndefined();
});
