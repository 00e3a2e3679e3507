import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRuntime, type Runtime } from './runtime.ts';
import { REPOSITORY } from './server.ts';

const MODULE = 'test/support/runtime.fixture.ts';

const runtimes: Record<string, Runtime> = {};
const consoleLines: string[] = [];
const onConsole = (_type: string, text: string) => consoleLines.push(text);
beforeAll(async () => {
  for (const kind of ['chromium', 'node'] as const) {
    runtimes[kind] = await openRuntime(kind, { files: `${REPOSITORY}/test/fixtures`, onConsole });
  }
});
afterAll(async () => {
  for (const runtime of Object.values(runtimes)) await runtime.close();
});

describe.each(['chromium', 'node'])('runtime %s', (kind) => {
  test('runs a function with WebGPU, files, messages and typed arrays', async () => {
    const messages: unknown[] = [];
    const arg = { numbers: [1, 2, 3.5], file: 'manifest.json' };
    const result = await runtimes[kind].run<Record<string, unknown>>(MODULE, 'everything', arg, (m) =>
      messages.push(m),
    );
    expect(result).toMatchObject({ hasAdapter: true, sum: 6.5, first: '{' });
    expect(result.floats).toEqual(Float32Array.of(1, 2.5));
    expect(result.special).toEqual([Number.NaN, Number.POSITIVE_INFINITY, -0]);
    expect(messages).toEqual([{ step: 1 }, { step: 2, values: Float32Array.of(0.5, -1) }]);
  });

  test('reports what goes wrong', async () => {
    const runtime = runtimes[kind];
    await expect(runtime.run(MODULE, 'fails')).rejects.toThrow('on purpose');
    await expect(runtime.run(MODULE, 'noSuchThing')).rejects.toThrow(
      'does not export a function noSuchThing',
    );
    await expect(runtime.run(MODULE, 'asksForMissingFile')).rejects.toThrow('missing.json');
    await expect(runtime.run(MODULE, 'asksForFileOutside')).rejects.toThrow();
  });
});

test('an error in the background of a page fails the run', async () => {
  await expect(runtimes.chromium.run(MODULE, 'failsInBackground')).rejects.toThrow('in the background');
  expect(consoleLines.filter((line) => !line.includes('404'))).toEqual([]);
});
