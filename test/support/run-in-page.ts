// Served to the runtime's blank page: calls a function there (see runtime.ts).

declare global {
  interface Window {
    /** Set by runtime.ts with Playwright's exposeFunction. */
    clebschPost(run: number, message: unknown): Promise<void>;
  }
}

/** What a function run by a runtime is given; the same in a browser page and in Node. */
export interface RunContext<A = unknown> {
  arg: A;
  /** Sends progress to the `onMessage` of `run`: JSON values and typed arrays. */
  post(message: unknown): void;
  /** The bytes of a file of the folder `files` of the runtime's options. */
  readFile(name: string): Promise<Uint8Array<ArrayBuffer>>;
}

// biome-ignore lint/suspicious/noExplicitAny: the argument is the caller's business, on both sides of a wire.
export type RunFunction = (context: RunContext<any>) => unknown;

export async function runInPage(run: number, task: RunFunction, arg: unknown): Promise<unknown> {
  const posts: Promise<void>[] = [];
  const result = await task({
    arg,
    post: (message) => void posts.push(window.clebschPost(run, message)),
    readFile,
  });
  await Promise.all(posts); // every message has arrived before the result does
  return result;
}

async function readFile(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(`/__files__/${encodeURIComponent(name)}`);
  if (!response.ok) throw new Error(`readFile: ${await response.text()}`);
  return new Uint8Array(await response.arrayBuffer());
}
