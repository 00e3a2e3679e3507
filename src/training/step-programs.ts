import type { Executable } from '../gpu/execute.ts';
import type { OptimizationChoice } from '../graph/optimizations.ts';

/** What is left out so that a step of a small batch compiles in less than half the time. */
export const QUICK: OptimizationChoice = { unrolled: false, tiles: false, gates: false };

/**
 * The training step on one device, compiled twice where its first steps are to come soon. Which steps run on which is fixed,
 * so that a training gives the same bits however it was interrupted. The quick one is freed once the other has taken over: who
 * goes back to the first steps (a reset, an early checkpoint) waits for it again, from pipelines that the device still has.
 */
export class StepPrograms {
  private readonly compile: (optimizations: OptimizationChoice) => Promise<Executable>;
  /** The first step that the fast kernels take. */
  private readonly quickStart: number;
  /** By whether they are the quick ones. */
  private readonly compiled = new Map<boolean, Promise<Executable>>();
  /** Those of them that are there. */
  private readonly held = new Set<Executable>();
  private latest: Executable | null = null;

  constructor(compile: StepPrograms['compile'], quickStart: number) {
    this.compile = compile;
    this.quickStart = quickStart;
  }

  /** What runs steps from `step` on, compiled if need be. */
  async at(step: number): Promise<Executable> {
    const quick = step < this.quickStart;
    this.latest = await this.program(quick);
    if (!quick) this.free(true);
    return this.latest;
  }

  /** The step from which on another program runs. */
  end(step: number): number {
    return step < this.quickStart ? this.quickStart : Number.POSITIVE_INFINITY;
  }

  /** Compiles meanwhile what later steps will run on; what it throws, `at` throws. */
  prepare(): void {
    if (!this.compiled.has(false)) this.program(false).catch(() => {});
  }

  /** What the latest `at` gave. */
  get current(): Executable {
    return this.latest!;
  }

  /** Bytes of the buffers of all programs that are compiled, states included once. */
  get bytes(): number {
    return [...this.held].reduce((sum, one) => sum + (one === this.latest ? one.bytes : one.ownBytes), 0);
  }

  dispose(): void {
    for (const quick of this.compiled.keys()) this.free(quick);
  }

  private free(quick: boolean): void {
    const program = this.compiled.get(quick);
    this.compiled.delete(quick);
    program?.then(
      (executable) => {
        this.held.delete(executable);
        executable.dispose();
      },
      () => {},
    );
  }

  private program(quick: boolean): Promise<Executable> {
    let program = this.compiled.get(quick);
    if (!program) {
      program = this.compile(quick ? QUICK : true).then((executable) => {
        this.held.add(executable);
        return executable;
      });
      this.compiled.set(quick, program);
    }
    return program;
  }
}
