/** Functions of one degree that are worth turning, as coefficients for m = -l..l of length 1. */
export const mixtureNames = ['one m', 'zonal', 'all alike', 'cubic'] as const;
export type MixtureName = (typeof mixtureNames)[number];

/** sqrt2 Re: which m > 0, and how much of it beside m = 0, makes the function that a cube's 48 symmetries leave alone. */
const cubic: Readonly<Record<number, readonly [zero: number, m: number, of: number]>> = {
  4: [Math.sqrt(7 / 12), 4, Math.sqrt(5 / 12)],
  6: [Math.sqrt(1 / 8), 4, -Math.sqrt(7 / 8)],
};

/** Whether there is such a function of degree l: cubic ones exist for l = 4 and 6 (Altmann, Cracknell, Rev. Mod. Phys. 37 (1965) 19). */
export function hasMixture(name: MixtureName, l: number): boolean {
  return name !== 'cubic' || l in cubic;
}

/** The coefficients of a mixture; `m` is for the one that has a single harmonic. */
export function mixture(name: MixtureName, l: number, m: number): number[] {
  const c = new Array<number>(2 * l + 1).fill(0);
  if (name === 'all alike') return c.fill(1 / Math.sqrt(2 * l + 1));
  if (name === 'cubic' && l in cubic) {
    const [zero, other, of] = cubic[l];
    c[l] = zero;
    c[l + other] = of;
    return c;
  }
  c[l + (name === 'zonal' ? 0 : m)] = 1;
  return c;
}
