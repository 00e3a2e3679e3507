// The two nouns of the runners: a case, and the table entry of a family.
import type { GpuContext } from '../../src/gpu/device.ts';
import type { OptimizationChoice } from '../../src/graph/optimizations.ts';
import type { Family, Json, ReadFile } from '../support/fixture.ts';
import type { Measure } from './measure.ts';

/** A device, and how programs are compiled for it. */
export type CaseGpu = GpuContext & { readonly optimizations?: OptimizationChoice };

/** One case of a fixture file: compares one configuration, in f64 and on the GPU where there is one. */
export interface Case {
  readonly name: string;
  run(measure: Measure, gpu: GpuContext | null): void | Promise<void>;
}

/** How a family's fixture file becomes cases. */
export interface FamilyRunner {
  /** Pure mathematics does not touch the GPU. */
  readonly gpu: boolean;
  cases(family: Family, readFile: ReadFile): Case[] | Promise<Case[]>;
  /** Cases of the file that need what this version has not: how many, by what they need. They are not run, but reported. */
  notCovered?(family: Family): Readonly<Record<string, number>>;
}

/** Cases from a list of the file; a list that is not there (another set may lack it) gives none. */
export function each<T = Json>(
  list: readonly T[] | undefined,
  name: (item: T, index: number) => string,
  run: (item: T, measure: Measure, gpu: GpuContext | null) => void | Promise<void>,
): Case[] {
  return (list ?? []).map((item, index) => ({
    name: name(item, index),
    run: (measure, gpu) => run(item, measure, gpu),
  }));
}
