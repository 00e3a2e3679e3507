// Functions that runtime.test.ts runs in Chromium and in Node.
import type { RunContext } from './runtime.ts';

export async function everything({ arg, post, readFile }: RunContext<{ numbers: number[]; file: string }>) {
  const adapter = await navigator.gpu.requestAdapter();
  post({ step: 1 });
  post({ step: 2, values: Float32Array.of(0.5, -1) });
  const bytes = await readFile(arg.file);
  return {
    hasAdapter: adapter !== null,
    sum: arg.numbers.reduce((a, b) => a + b, 0),
    first: String.fromCharCode(bytes[0]),
    length: bytes.length,
    floats: Float32Array.of(1, 2.5),
    special: [Number.NaN, Number.POSITIVE_INFINITY, -0],
  };
}

export async function fails(): Promise<void> {
  throw new RangeError('on purpose');
}

export async function asksForMissingFile({ readFile }: RunContext): Promise<void> {
  await readFile('missing.json');
}

export async function asksForFileOutside({ readFile }: RunContext): Promise<void> {
  await readFile('../../package.json');
}

export async function failsInBackground(): Promise<void> {
  setTimeout(() => {
    throw new Error('in the background');
  });
  await new Promise((done) => setTimeout(done, 5000));
}
