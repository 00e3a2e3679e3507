import { compile, type Program } from '../compile.ts';
import type { Executable, GpuFeeds } from '../gpu/execute.ts';
import { type Live, writeAll } from './live.ts';

/** Predictions with the weights of a trainer, made by `Trainer.evaluator`. */
export class Evaluator {
  private readonly program: Program;
  private readonly perform: <T>(work: (live: Live) => Promise<T>) => Promise<T>;
  private readonly onDispose: (evaluator: Evaluator) => void;
  private compiled: Executable | null = null;
  private disposed = false;

  constructor(
    program: Program,
    perform: <T>(work: (live: Live) => Promise<T>) => Promise<T>,
    onDispose: (evaluator: Evaluator) => void,
  ) {
    this.program = program;
    this.perform = perform;
    this.onDispose = onDispose;
  }

  /**
   * The outputs for these numbers, row-major. The program is compiled at the first call.
   *
   * @throws Error if something that the program reads is missing.
   */
  run(feeds: GpuFeeds): Promise<Record<string, Float32Array>> {
    return this.perform(async ({ gpu, states }) => {
      if (this.disposed) throw new Error('the evaluator was disposed of');
      this.compiled ??= await compile(gpu, this.program, { states });
      writeAll(this.compiled, feeds);
      return this.compiled.runAndRead();
    });
  }

  /** The device is gone: compile again at the next call. */
  forget(): void {
    this.compiled?.dispose();
    this.compiled = null;
  }

  /** Frees what is on the GPU; the evaluator cannot be used any more. */
  dispose(): void {
    this.disposed = true;
    this.forget();
    this.onDispose(this);
  }
}
