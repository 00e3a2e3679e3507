/** `npm run tetris`: trains the Tetris classifier on the GPU and shows that it knows the shapes in every orientation. */
import { parseArgs } from 'node:util';
import { openRuntime } from '../../test/support/runtime.ts';
import { type ModelName, modelNames } from '../shared/tetris-recipe.ts';
import type { Progress, TetrisResult, TetrisRun } from './run.ts';

const usage = `npm run tetris -- [options]
  --model gate-points|gate|polynomial   which of e3nn's Tetris networks (default gate-points)
  --mul 50                              copies of each hidden irrep
  --steps 300                           training steps
  --lr 0.01                             learning rate (default: that of e3nn's example)
  --seed 0                              initial weights and rotations
  --runtime chromium|node               headless browser, or Node with Dawn (default chromium)
  --json                                one JSON object as the last line`;

function fail(message: string): never {
  console.error(`tetris: ${message}\n\n${usage}`);
  process.exit(2);
}

function options(): { run: TetrisRun; runtime: 'chromium' | 'node'; json: boolean } {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      options: {
        model: { type: 'string', default: 'gate-points' },
        mul: { type: 'string', default: '50' },
        steps: { type: 'string', default: '300' },
        lr: { type: 'string' },
        seed: { type: 'string', default: '0' },
        runtime: { type: 'string', default: 'chromium' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    fail((error as Error).message);
  }
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const whole = (name: string, least: number) => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < least)
      fail(`--${name} must be a whole number from ${least}, got "${values[name]}"`);
    return value;
  };
  const model = values.model as ModelName;
  if (!modelNames.includes(model)) fail(`--model must be one of ${modelNames.join(', ')}, got "${model}"`);
  const runtime = values.runtime as 'chromium' | 'node';
  if (runtime !== 'chromium' && runtime !== 'node')
    fail(`--runtime must be chromium or node, got "${runtime}"`);
  const learningRate = values.lr === undefined ? undefined : Number(values.lr);
  if (learningRate !== undefined && !(learningRate > 0 && Number.isFinite(learningRate)))
    fail(`--lr must be a positive number, got "${values.lr}"`);
  return {
    run: {
      model,
      mul: whole('mul', 1),
      steps: whole('steps', 1),
      seed: whole('seed', 0),
      learningRate,
      rotations: 100,
    },
    runtime,
    json: values.json as boolean,
  };
}

const { run, runtime: kind, json } = options();
const terminal = process.stdout.isTTY;

function show({ step, loss, accuracy }: Progress): void {
  const line = `step ${String(step).padStart(5)} | loss ${loss.toPrecision(4).padEnd(10)} | accuracy ${(100 * accuracy).toFixed(1).padStart(5)} %`;
  if (terminal) process.stdout.write(`\r${line}`);
  else if (step === 1 || step % 10 === 0 || step === run.steps) console.log(line);
  if (terminal && step === run.steps) process.stdout.write('\n');
}

const runtime = await openRuntime(kind);
try {
  const result = await runtime.run<TetrisResult>('demo/tetris/run.ts', 'run', run, (m) =>
    show(m as Progress),
  );
  report(result);
} catch (error) {
  if (terminal) process.stdout.write('\n');
  console.error(`tetris: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await runtime.close();
}

function report({ recognised, ...result }: TetrisResult): void {
  const rows = Object.entries(recognised).map(
    ([name, count]) => `${name.padEnd(16)} ${String(count).padStart(4)} of ${result.rotations}`,
  );
  console.log(`\nrecognised in random rotations, half of them with inversion\n${rows.join('\n')}`);
  console.log(`\nlargest equivariance error ${result.equivarianceError.toExponential(2)}`);
  const to100 = result.stepsTo100 === null ? 'not reached' : `after ${result.stepsTo100} steps`;
  console.log(
    `${result.parameters.toLocaleString('en')} parameters on ${result.adapter} (${kind}); all eight shapes ${to100}`,
  );
  console.log(
    `${result.msPerStep.median.toFixed(1)} ms a step (best ${result.msPerStep.min.toFixed(1)}), first step after ${(result.firstStepMs / 1000).toFixed(2)} s, ` +
      `${result.dispatchesPerStep} dispatches and ${result.submitsPerStep} submits a step, ${(result.gpuBytes / 2 ** 20).toFixed(1)} MiB`,
  );
  if (!json) return;
  const { model, seed } = run;
  console.log(JSON.stringify({ model, runtime: kind, seed, ...result }));
}
