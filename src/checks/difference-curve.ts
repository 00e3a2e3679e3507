/** Error of a central difference at one step. */
export interface CurvePoint {
  /** Half the distance between the two points, in the leaf's unit. */
  readonly step: number;
  /** |difference - derivative in f64|, relative to the size of the derivative (see `checkGradients`). */
  readonly error: number;
  /** The same against the GPU's derivative; null without a GPU. */
  readonly gpuError: number | null;
}

/**
 * Power of the step with which the error falls before it meets rounding, or a plateau: 2 for a central difference. Null
 * where no part of the curve falls, because the derivative is far off or the difference is exact (a polynomial of degree
 * two). The points taken are the last ones, up to three, before the first rise and above 30 times the error there.
 */
export function slopeOf(curve: readonly CurvePoint[]): number | null {
  const steps = [...curve].sort((a, b) => b.step - a.step);
  const rise = steps.findIndex(({ error }, i) => i > 0 && !(error < steps[i - 1].error));
  const branch = rise < 0 ? steps : steps.slice(0, rise);
  const lowest = branch[branch.length - 1].error;
  const falling = branch
    .filter(({ error }) => error > 30 * lowest && Number.isFinite(error))
    .slice(-3)
    .map(({ step, error }) => [Math.log(step), Math.log(error)]);
  if (falling.length < 2) return null;
  const mean = (of: 0 | 1) => falling.reduce((sum, point) => sum + point[of], 0) / falling.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = falling.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0);
  return covariance / falling.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
}

/** The point with the smallest error; an error that is no number is the largest. */
export function bestOf(curve: readonly CurvePoint[]): CurvePoint {
  return curve.reduce((a, b) => (b.error < a.error || Number.isNaN(a.error) ? b : a));
}

/** The curve as text, a line a step, with bars that are two characters long for each decade above 1e-16. */
export function printCurve(curve: readonly CurvePoint[]): string[] {
  const bar = (error: number) =>
    '#'.repeat(Math.max(0, Math.min(40, Math.round(2 * (Math.log10(error) + 16)) || 0)));
  const onGpu = curve.some(({ gpuError }) => gpuError !== null);
  return [
    `  step     error${onGpu ? '    GPU' : ''}`,
    ...curve.map(({ step, error, gpuError }) =>
      `  ${short(step)}  ${short(error)}  ${gpuError === null ? '' : `${short(gpuError)}  `}${bar(error)}`.trimEnd(),
    ),
  ];
}

/** "3.2e-5". */
export const short = (value: number) => value.toExponential(1).padEnd(7);
