/** What a run of the benchmark gives, and what `--json` writes. */
import type { RuntimeKind } from '../support/runtime.ts';
import type { BundleSize } from './bundle.ts';
import type { CeilingsResult } from './ceilings.ts';
import type { MeasureResult } from './measure.ts';
import type { PeerFigure } from './peers.ts';
import type { StartUp } from './start-up.ts';

/** Start-up of the demo's default network; null where it was not measured. */
export interface StartUps {
  readonly mul: number;
  readonly fresh: StartUp;
  /** With the caches that the fresh start left; null in Node, which keeps none. */
  readonly warm: StartUp | null;
}

/** The result of a run, as `--json` writes it. */
export interface BenchResult {
  readonly date: string;
  readonly runtime: RuntimeKind;
  readonly quick: boolean;
  readonly adapter: string;
  readonly software: boolean;
  /** Cores, and the load average of the last minute before and after: what else ran shows in the figures. */
  readonly machine: { readonly cores: number; readonly loadBefore: number; readonly loadAfter: number };
  readonly ceilings: CeilingsResult;
  readonly startUp: StartUps | null;
  readonly bundle: BundleSize | null;
  readonly workloads: Readonly<Record<string, MeasureResult>>;
  readonly peers: readonly PeerFigure[];
  readonly targets: readonly Target[];
}

/** A goal of the project, and how far it is. */
export interface Target {
  readonly name: string;
  /** What it must reach: the number, and whether the figure must be at least or at most that. */
  readonly target: number;
  readonly at: 'least' | 'most';
  readonly unit: string;
  /** What was measured; null where this run could not, and `why`. */
  readonly figure: number | null;
  readonly met: boolean | null;
  readonly why?: string;
}
