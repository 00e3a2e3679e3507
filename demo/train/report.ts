import type { TrainProgress, TrainResult } from './run.ts';

/** What a result says to people, line by line. */
export function reportLines(result: TrainResult, frames: { valid: number; test: number }): string[] {
  const rows = [
    ['no forces at all', result.baseline],
    [`validation (${frames.valid})`, result.valid],
    [`test (${frames.test})`, result.test],
  ] as const;
  const lines = [
    '',
    '                    forces, meV/Å        energy, meV per atom',
    '                    MAE       RMSE      MAE       RMSE',
  ];
  for (const [name, errors] of rows)
    if (errors) {
      const { forceMae, forceRmse, energyMae, energyRmse }: Partial<NonNullable<TrainResult['valid']>> =
        errors;
      const cells = [forceMae, forceRmse, energyMae, energyRmse].map((v) => v?.toPrecision(4) ?? '');
      lines.push((name.padEnd(20) + cells.map((cell) => cell.padEnd(10)).join('')).trimEnd());
    }
  const { dynamics, steps, adapter, firstStepSeconds } = result;
  if (dynamics && 'error' in dynamics) lines.push('', `molecular dynamics failed: ${dynamics.error}`);
  else if (dynamics)
    lines.push(
      '',
      `${dynamics.steps} steps of molecular dynamics, 0.5 fs each, at ${dynamics.temperature.toFixed(0)} K: the total energy drifts by at most ` +
        `${dynamics.drift.toPrecision(3)} meV per atom, ${dynamics.trend.toPrecision(3)} meV per atom and ps, and fluctuates by ${dynamics.fluctuation.toPrecision(3)}`,
    );
  const first = firstStepSeconds === null ? '' : `, first step after ${firstStepSeconds.toFixed(1)} s`;
  lines.push(
    '',
    `${result.parameters.toLocaleString('en')} parameters, ${steps} steps, ${duration(result.trainSeconds)} of training and ` +
      `${duration(result.seconds)} in all on ${adapter}${first}, ${result.dispatchesPerStep} dispatches a step, ` +
      `${(result.gpuBytes / 2 ** 20).toFixed(1)} MiB`,
  );
  return lines;
}

/** How far it has come. */
export function progressLine({ step, total, loss, stepsPerSecond, secondsLeft }: TrainProgress): string {
  return (
    `step ${String(step).padStart(6)} of ${total} | loss ${loss.toPrecision(4).padEnd(10)} | ` +
    `${stepsPerSecond.toFixed(1)} steps/s | ${duration(secondsLeft)} left`
  );
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}
