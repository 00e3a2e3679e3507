import { tetrisGate, tetrisPolynomial } from '../../src/index.ts';
import type { Recipe } from './tetris-batch.ts';
import { gatePoints } from './tetris-network.ts';

export const modelNames = ['gate-points', 'gate', 'polynomial'] as const;
export type ModelName = (typeof modelNames)[number];

export interface TetrisOptions {
  readonly model: ModelName;
  /** Copies of each hidden irrep (gate-points; the other two are scaled by mul/50 of their example's sizes). */
  readonly mul: number;
}

/** The three models with the settings of e3nn's examples. */
export function recipe({ model, mul }: TetrisOptions): Recipe {
  const scaled = (n: number) => Math.max(1, Math.round((n * mul) / 50));
  if (model === 'gate-points') return gatePoints({ mul });
  if (model === 'gate') {
    const [n, g] = [scaled(16), scaled(8)];
    const network = tetrisGate({
      irrepsScalars: `${n}x0e + ${n}x0o`,
      irrepsGates: `${g}x0e + ${g}x0o + ${g}x0e + ${g}x0o`,
      irrepsGated: `${2 * g}x1o + ${2 * g}x1e`,
    });
    return { module: network, apply: network.apply, radius: 2.5, inclusive: true, learningRate: 1e-3 };
  }
  const network = tetrisPolynomial({
    irrepsMid: `${scaled(64)}x0e + ${scaled(24)}x1e + ${scaled(24)}x1o + ${scaled(16)}x2e + ${scaled(16)}x2o`,
  });
  return { module: network, apply: network.apply, radius: 1.1, inclusive: true, learningRate: 1e-2 };
}
