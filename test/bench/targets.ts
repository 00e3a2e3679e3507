import type { Measurement, MeasureResult } from './measure.ts';
import type { BenchResult, Target } from './result.ts';

type Results = Pick<
  BenchResult,
  'runtime' | 'ceilings' | 'startUp' | 'bundle' | 'workloads' | 'peers' | 'software'
>;

/** A figure, or why there is none. */
type Figure = number | string;

/** GFLOP/s of the best step. */
export const gflops = ({ flops, step }: Measurement) => flops / step.min / 1e6;

/** Fraction of the best matrix product of the run, be it that of the beginning or one measured beside a workload. */
export function fractionOfGemm(results: Results, of: Measurement): number {
  const beside = Object.values(results.workloads).flatMap((m) => ('error' in m ? [] : [m.gemm]));
  return gflops(of) / Math.max(results.ceilings.gemm.gflops, ...beside);
}

/** All goals, those that this run could not measure included. */
export function targetsOf(results: Results): Target[] {
  const { workloads, startUp, bundle, software } = results;
  const of = (name: string, figure: (m: Measurement) => Figure): Figure => {
    const found: MeasureResult | undefined = workloads[name];
    if (!found) return `${name} was not run`;
    return 'error' in found ? `${name}: ${found.error}` : figure(found);
  };
  const tetris = (name: string, unit: string, most: number, figure: (m: Measurement) => number) =>
    target(`${name}, tetris`, 'most', most, unit, worst([of('tetris-50', figure), of('tetris-8', figure)]));
  const fraction = (m: Measurement) => fractionOfGemm(results, m);
  const hardware = (figure: () => Figure): Figure =>
    software ? 'no GPU here: a software adapter' : figure();
  const browser = (figure: () => Figure): Figure =>
    results.runtime === 'chromium' ? figure() : 'only in a browser';
  return [
    target('tetris-50, training step / best GEMM', 'least', 0.6, 'of GFLOP/s', of('tetris-50', fraction)),
    target(
      'conv forward + backward, 1e4 edges / best GEMM',
      'least',
      0.6,
      'of GFLOP/s',
      of('conv-1e4-both', fraction),
    ),
    tetris(
      'dispatches in a training step',
      '',
      60,
      ({ dispatches: d }) => d.forward + d.backward + d.optimiser,
    ),
    tetris('submits per step', '', 1, (m) => m.submits),
    tetris('submits of several steps together', '', 1, (m) => m.submitsTogether),
    tetris('GPU objects created per step after the first', '', 0, (m) => m.objects),
    tetris('main-thread time to issue one step', 'ms', 0.2, (m) => m.issue.median),
    target(
      'first training step, fresh profile, default network',
      'most',
      1000,
      'ms',
      browser(() => startUp?.fresh.total ?? 'start-up was not run'),
    ),
    target(
      'tracing, differentiation and planning',
      'most',
      100,
      'ms',
      startUp
        ? startUp.fresh.tracing + startUp.fresh.differentiation + startUp.fresh.planning
        : 'start-up was not run',
    ),
    target('conv memory, 1e6 edges', 'most', 1e9, 'bytes', memory(workloads['conv-1e6-both'])),
    target(
      'conv time, 1e6 edges / (1000 times that of 1e3)',
      'most',
      1.15,
      '',
      of('conv-1e6-both', (large) =>
        of('conv-1e3-both', (small) => large.step.min / (1000 * small.step.min)),
      ),
    ),
    target(
      'engine bundle, minified and gzipped: what an application that trains needs',
      'most',
      60e3,
      'bytes',
      bundle?.engine.minifiedGzip ?? 'bundle was not run',
    ),
    ...['tetris-50', 'tetris-8', 'conv'].map((name) => {
      const found = results.peers.find((p) => p.workload === name);
      const figure = found ? found.ratio : 'run with --peers DIR (see test/bench/peers/README.md)';
      return target(`jax-js time / Clebsch's, ${name}`, 'least', 2, '', figure);
    }),
    ...(
      [
        ['tetris-8', 1500],
        ['tetris-50', 650],
      ] as const
    ).map(([name, rate]) =>
      target(
        `GPU: training steps a second, ${name}`,
        'least',
        rate,
        '1/s',
        hardware(() => of(name, ({ together }) => 1000 / together.min)),
      ),
    ),
    target(
      'GPU: conv at 1e6 edges / time to copy its bytes',
      'most',
      2,
      '',
      hardware(() =>
        of('conv-1e6-both', ({ step, bytes }) => step.min / (bytes! / results.ceilings.copy.gbps / 1e6)),
      ),
    ),
  ];
}

/** Bytes of buffers; where there was no room for them, those that the program asks for. */
function memory(result: MeasureResult | undefined): Figure {
  if (!result) return 'conv-1e6-both was not run';
  return 'error' in result ? (result.bytesAsked ?? result.error) : result.peakBytes;
}

/** The larger of figures; a reason where there is none. */
function worst(figures: readonly Figure[]): Figure {
  const numbers = figures.filter((f) => typeof f === 'number');
  return numbers.length > 0 ? Math.max(...numbers) : figures[0];
}

function target(name: string, at: Target['at'], value: number, unit: string, figure: Figure): Target {
  const known = { name, target: value, at, unit };
  if (typeof figure === 'string') return { ...known, figure: null, met: null, why: figure };
  return { ...known, figure, met: at === 'least' ? figure >= value : figure <= value };
}
