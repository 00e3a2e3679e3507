import { describe, expect, test } from 'vitest';
import { optimizationNames, optimizationsOf } from '../../src/graph/optimizations.ts';
import { choiceWithout } from '../support/optimizations.ts';

describe('which rules are on', () => {
  const names = Object.keys(optimizationsOf());
  const chosen = (choice: Parameters<typeof optimizationsOf>[0]) => {
    const rules = optimizationsOf(choice);
    return optimizationNames.filter((name) => rules[name]);
  };

  test('all, none, or all but some', () => {
    expect(optimizationNames).toEqual(names);
    expect(chosen(true)).toEqual(names);
    expect(chosen({})).toEqual(names);
    expect(chosen(false)).toEqual([]);
    expect(chosen({ pointwise: false })).toEqual(names.filter((name) => name !== 'pointwise'));
  });

  test('a name that is not there is refused, with those that are', () => {
    const choice = { fuse: false } as object;
    expect(() => optimizationsOf(choice)).toThrow(
      `there is no optimization "fuse"; known are ${names.join(', ')}`,
    );
  });

  test('as command lines name them', () => {
    expect(choiceWithout([])).toEqual({});
    expect(choiceWithout(['pointwise'])).toEqual({ pointwise: false });
    expect(choiceWithout(['pointwise', 'all'])).toBe(false);
    expect(() => choiceWithout(['speed'])).toThrow('there is no optimization "speed"');
  });
});
