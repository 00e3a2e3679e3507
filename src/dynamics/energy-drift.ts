import type { GpuContext } from '../gpu/device.ts';
import { Random } from '../o3/random.ts';
import {
  type DynamicsSample,
  MolecularDynamics,
  type MolecularDynamicsOptions,
  type RunOptions,
} from './molecular-dynamics.ts';
import { maxwellBoltzmann } from './units.ts';

/** Options of `energyDrift`. */
export interface EnergyDriftOptions extends MolecularDynamicsOptions, RunOptions {
  /** Default 1,000. */
  readonly steps?: number;
  /** K of the velocities at the start, unless `velocities` are given; default 300. */
  readonly temperature?: number;
  /** Seed of the velocities; default 0. */
  readonly seed?: number;
}

/** How well the total energy is kept. */
export interface EnergyDrift {
  /** Largest |E - E_0|, meV per atom. */
  readonly drift: number;
  /** Slope of the straight line through E, meV per atom and ps. */
  readonly trend: number;
  /** Root mean square distance of E from that line, meV per atom. */
  readonly fluctuation: number;
  /** Mean temperature, K. From a relaxed structure it settles near half of that at the start. */
  readonly temperature: number;
  readonly samples: readonly DynamicsSample[];
}

/**
 * Runs molecular dynamics and measures how the total energy, which is conserved if forces are the derivative of a smooth
 * energy and the time step is short enough, changes. Velocity Verlet makes it fluctuate by about the square of
 * the time step, without a trend; a trend comes from forces that do not fit the energy.
 *
 * @param gpu a device, or null for the same in f64 on the host, slowly
 * @throws Error as `MolecularDynamics` does.
 * @example
 * ```ts
 * import { energyDrift, multiply, scale } from 'clebsch';
 * const { drift, samples } = await energyDrift(null, {
 *   positions: [1, 0, 0, 0, 1, 0], masses: [12, 16], steps: 100,
 *   potential: (pos) => ({ energy: scale(multiply(pos, pos), 0.5) }),
 * });
 * [drift < 1, samples.length]; // => [true, 11]
 * ```
 */
export async function energyDrift(gpu: GpuContext | null, options: EnergyDriftOptions): Promise<EnergyDrift> {
  const { masses, steps = 1000, temperature = 300, seed = 0 } = options;
  const velocities = options.velocities ?? maxwellBoltzmann(masses, temperature, new Random(seed));
  const dynamics = await MolecularDynamics.create(gpu, { ...options, velocities });
  try {
    const samples = await dynamics.run(steps, options);
    const energies = samples.map(({ total }) => ((total - samples[0].total) * 1000) / masses.length);
    const times = samples.map(({ time }) => time / 1000);
    const line = straightLine(times, energies);
    const residues = energies.map((e, i) => e - line.at(times[i]));
    return {
      drift: energies.reduce((most, e) => Math.max(most, Math.abs(e)), 0),
      trend: line.slope,
      fluctuation: Math.sqrt(mean(residues.map((r) => r * r))),
      temperature: mean(samples.map((s) => s.temperature)),
      samples,
    };
  } finally {
    dynamics.dispose();
  }
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Least squares; level through a single point. */
function straightLine(x: readonly number[], y: readonly number[]) {
  const [centre, height] = [mean(x), mean(y)];
  const spread = mean(x.map((v) => (v - centre) ** 2));
  const slope = spread === 0 ? 0 : mean(x.map((v, i) => (v - centre) * (y[i] - height))) / spread;
  return { slope, at: (v: number) => height + slope * (v - centre) };
}
