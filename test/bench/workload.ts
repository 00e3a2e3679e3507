import type { Program } from '../../src/compile.ts';
import type { GpuFeeds } from '../../src/gpu/execute.ts';
import type { Node } from '../../src/graph/node.ts';

/** What is measured: a program with its numbers, and what it has to do. */
export interface Workload {
  readonly program: Program;
  readonly feeds: GpuFeeds;
  /** The outputs that are read after each step; none: it is only waited for. */
  readonly read: readonly string[];
  /** Operations of a step that are needed; see arithmetic.ts. */
  readonly flops: number;
  /** Bytes of a step that must be moved; null where nobody has counted them. */
  readonly bytes: number | null;
  /** The values that divide the program: dispatches for `forward` alone, and with `gradient`. */
  readonly parts: { readonly forward: readonly Node[]; readonly gradient: readonly Node[] };
  readonly sizes: Readonly<Record<string, number>>;
}

/** Which workload: the name of a family and its numbers. */
export type WorkloadSpec =
  | { readonly name: string; readonly kind: 'tetris'; readonly mul: number }
  | {
      readonly name: string;
      readonly kind: 'convolution';
      readonly edges: number;
      readonly lmax: number;
      readonly mul: number;
      readonly backward: boolean;
    }
  | { readonly name: string; readonly kind: 'forces'; readonly part: 'energy' | 'forces' | 'training' };

const convolution = (label: string, sizes: { edges: number; lmax?: number; mul?: number }): WorkloadSpec[] =>
  [false, true].map((backward) => ({
    name: `conv-${label}-${backward ? 'both' : 'forward'}`,
    kind: 'convolution',
    lmax: 2,
    mul: 32,
    ...sizes,
    backward,
  }));

/** All workloads, those that take longest last. */
export const workloads: readonly WorkloadSpec[] = [
  { name: 'tetris-50', kind: 'tetris', mul: 50 },
  { name: 'tetris-8', kind: 'tetris', mul: 8 },
  ...convolution('1e3', { edges: 1e3 }),
  ...convolution('1e4', { edges: 1e4 }),
  ...convolution('1e4-lmax1', { edges: 1e4, lmax: 1 }),
  ...convolution('1e4-lmax3', { edges: 1e4, lmax: 3 }),
  ...convolution('1e4-mul16', { edges: 1e4, mul: 16 }),
  ...convolution('1e4-mul128', { edges: 1e4, mul: 128 }),
  ...(['energy', 'forces', 'training'] as const).map(
    (part): WorkloadSpec => ({ name: `forces-${part}`, kind: 'forces', part }),
  ),
  ...convolution('1e5', { edges: 1e5 }),
  ...convolution('1e6', { edges: 1e6 }),
];
