import { describe, expect, test } from 'vitest';
import { Plateau } from '../../src/training/plateau.ts';
import { ProgressMeter } from '../../src/training/progress.ts';

describe('progress', () => {
  /** A meter and its clock, in seconds. */
  function started(total: number) {
    const clock = { seconds: 0 };
    return { clock, meter: new ProgressMeter(0, total, () => 1000 * clock.seconds) };
  }

  test('an even speed gives the time left', () => {
    const { clock, meter } = started(1000);
    for (let step = 10; step <= 500; step += 10) {
      clock.seconds += 2;
      const { stepsPerSecond, secondsLeft, seconds } = meter.at(step);
      expect(stepsPerSecond).toBeCloseTo(5, 10);
      expect(secondsLeft).toBeCloseTo((1000 - step) / 5, 8);
      expect(seconds).toBeCloseTo(step / 5, 10);
    }
  });

  test('a slow start is forgotten', () => {
    const { clock, meter } = started(100);
    clock.seconds = 30;
    expect(meter.at(1).stepsPerSecond).toBeCloseTo(1 / 30, 10);
    for (let step = 2; step <= 60; step++) {
      clock.seconds += 1;
      meter.at(step);
    }
    clock.seconds += 1;
    expect(meter.at(61).stepsPerSecond).toBeGreaterThan(0.99);
  });

  test('pauses do not count', () => {
    const { clock, meter } = started(20);
    clock.seconds = 5;
    meter.pause();
    clock.seconds = 500;
    meter.resume();
    clock.seconds = 505;
    expect(meter.at(10)).toMatchObject({ stepsPerSecond: 1, secondsLeft: 10, seconds: 10 });
  });

  test('a step that is taken again is no negative speed', () => {
    const { clock, meter } = started(20);
    clock.seconds = 10;
    meter.at(10);
    clock.seconds = 20;
    const { stepsPerSecond } = meter.at(5);
    expect(stepsPerSecond).toBeGreaterThanOrEqual(0);
    expect(stepsPerSecond).toBeLessThan(1);
  });

  test('at the end nothing is left; before the first step the end is not known', () => {
    const { clock, meter } = started(10);
    clock.seconds = 1;
    expect(meter.at(0).secondsLeft).toBe(Number.POSITIVE_INFINITY);
    clock.seconds = 2;
    expect(meter.at(10).secondsLeft).toBe(0);
  });
});

describe('plateau', () => {
  test('the rate falls after `patience` looks without improvement, and not below the least', () => {
    const plateau = new Plateau(1, { factor: 0.1, patience: 2, least: 0.05 });
    const losses = [5, 4, 4, 4, 4, 3, 3, 3, 3, 3];
    expect(losses.map((loss) => plateau.after(loss))).toEqual([1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05]);
  });

  test('an improvement below the threshold is none', () => {
    const plateau = new Plateau(1, { patience: 0, threshold: 0.1, factor: 0.5 });
    expect([10, 9.5, 8, 7.5].map((loss) => plateau.after(loss))).toEqual([1, 0.5, 0.5, 0.25]);
    expect(() => new Plateau(1, { factor: 1 })).toThrow('the factor is 1');
    expect(() => new Plateau(Number.NaN)).toThrow('the learning rate is NaN');
    expect(() => plateau.after(Number.NaN)).toThrow('the loss is NaN');
  });

  test('its state goes through JSON: a resumed one answers as the first', () => {
    const options = { factor: 0.5, patience: 1 };
    const first = new Plateau(1, options);
    for (const loss of [3, 3, 2]) first.after(loss);
    const second = new Plateau(1, options);
    second.state = JSON.parse(JSON.stringify(first.state));
    const losses = [2, 2, 1, 1, 1, 1];
    expect(losses.map((loss) => second.after(loss))).toEqual(losses.map((loss) => first.after(loss)));
  });
});
