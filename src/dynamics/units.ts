/**
 * Units of molecular dynamics here: eV, Å, fs and unified atomic mass units (amu), with CODATA 2018
 * (E. Tiesinga, P. J. Mohr, D. B. Newell, B. N. Taylor, Rev. Mod. Phys. 93 (2021) 025010).
 */

import type { Random } from '../o3/random.ts';

/**
 * Acceleration of 1 amu by 1 eV/Å, in Å/fs^2: e V / amu with e = 1.602176634e-19 C and amu = 1.66053906660e-27 kg is
 * 9.648533e7 m^2/s^2 = 9.648533e-3 Å^2/fs^2.
 *
 * @example
 * ```ts
 * import { ACCELERATION } from 'clebsch';
 * ACCELERATION; // => 9.648533212e-3
 * ```
 */
export const ACCELERATION = (1.602176634e-19 / 1.6605390666e-27) * 1e-10;

/**
 * Boltzmann's constant in eV/K: 1.380649e-23 / 1.602176634e-19.
 *
 * @example
 * ```ts
 * import { BOLTZMANN } from 'clebsch';
 * BOLTZMANN; // => 8.617333262e-5
 * ```
 */
export const BOLTZMANN = 1.380649e-23 / 1.602176634e-19;

/**
 * Kinetic energy, sum of m v^2 / 2, in eV.
 *
 * @param masses amu, one an atom
 * @param velocities Å/fs, row-major n x 3
 * @example
 * ```ts
 * import { ACCELERATION, kineticEnergy } from 'clebsch';
 * kineticEnergy([2], [3, 0, 0]) * ACCELERATION; // => 9
 * ```
 */
export function kineticEnergy(masses: ArrayLike<number>, velocities: ArrayLike<number>): number {
  let twice = 0;
  for (let i = 0; i < velocities.length; i++) twice += masses[Math.floor(i / 3)] * velocities[i] ** 2;
  return twice / (2 * ACCELERATION);
}

/**
 * Temperature of a kinetic energy: 2 E / (k f), with f = 3n - 3 degrees of freedom, because the total momentum is kept
 * (3 for a single atom). In K.
 *
 * @param energy eV
 * @example
 * ```ts
 * import { BOLTZMANN, temperatureOf } from 'clebsch';
 * temperatureOf(BOLTZMANN * 300, 2); // => 200
 * ```
 */
export function temperatureOf(energy: number, atoms: number): number {
  return (2 * energy) / (BOLTZMANN * (atoms > 1 ? 3 * atoms - 3 : 3));
}

/**
 * Velocities drawn from the Maxwell-Boltzmann distribution, row-major n x 3 in Å/fs: normal with variance k T / m; then
 * the velocity of the centre of mass is taken off, so that the total momentum is zero (for more than one atom). On
 * average `temperatureOf` gives T; a small system's own temperature scatters around it.
 *
 * @param masses amu, one an atom
 * @param temperature K
 * @throws Error if the temperature is negative or not finite.
 * @example
 * ```ts
 * import { maxwellBoltzmann, Random } from 'clebsch';
 * const [x1, , , x2] = maxwellBoltzmann([1, 3], 300, new Random(0));
 * 1 * x1 + 3 * x2; // => 0
 * ```
 */
export function maxwellBoltzmann(
  masses: ArrayLike<number>,
  temperature: number,
  random: Random,
): Float64Array {
  if (!(temperature >= 0 && Number.isFinite(temperature)))
    throw new Error(`dynamics: the temperature is ${temperature} K, but must be 0 or more`);
  const n = masses.length;
  const velocities = random
    .normals(3 * n)
    .map((v, i) => v * Math.sqrt((BOLTZMANN * temperature * ACCELERATION) / masses[Math.floor(i / 3)]));
  if (n < 2) return velocities;
  let mass = 0;
  for (let i = 0; i < n; i++) mass += masses[i];
  for (let c = 0; c < 3; c++) {
    let momentum = 0;
    for (let i = 0; i < n; i++) momentum += masses[i] * velocities[3 * i + c];
    for (let i = 0; i < n; i++) velocities[3 * i + c] -= momentum / mass;
  }
  return velocities;
}
