import { compile, type Program } from '../compile.ts';
import type { Executable, GpuFeeds } from '../gpu/execute.ts';
import type { Live } from './live.ts';
import { writeAll } from './live.ts';

/** Predictions with the weights of a trainer, made by `Trainer.evaluator`. */
export class Evaluator {
  private readonly program: Program;
  private readonly survive: <T>(work: (live: Live) => Promise<T>) => Promise<T>;
  private readonly onDispose: (evaluator: Evaluator) => void;
  private compiled: Promise<Executable> | null = null;

  constructor(
    program: Program,
    survive: <T>(work: (live: Live) => Promise<T>) => Promise<T>,
    onDispose: (evaluator: Evaluator) => void,
  ) {
    this.program = program;
    this.survive = survive;
    this.onDispose = onDispose;
  }

  /**
   * The outputs for these numbers, row-major. The program is compiled at the first call.
   *
   * @throws Error if something that the program reads is missing.
   */
  run(feeds: GpuFeeds): Promise<Record<string, Float32Array>> {
    return this.survive(async ({ gpu, states }) => {
      this.compiled ??= compile(gpu, this.program, { states });
      const executable = await this.compiled;
      writeAll(executable, feeds);
      return executable.runAndRead();
    });
  }

  /** The device is gone: compile again at the next call. */
  forget(): void {
    this.compiled?.then((executable) => executable.dispose()).catch(() => {});
    this.compiled = null;
  }

  dispose(): void {
    this.forget();
    this.onDispose(this);
  }
}
