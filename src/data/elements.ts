/**
 * Chemical symbols by atomic number, 1 to 118 (IUPAC); the first entry is not an element.
 *
 * @example
 * ```ts
 * import { chemicalSymbols } from 'clebsch';
 * chemicalSymbols[8]; // => "O"
 * ```
 */
export const chemicalSymbols: readonly string[] = `X
  H He
  Li Be B C N O F Ne
  Na Mg Al Si P S Cl Ar
  K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr
  Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe
  Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn
  Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og`.split(
  /\s+/,
);

const numbers = new Map(chemicalSymbols.map((symbol, z) => [symbol, z]));

/**
 * The atomic number of a chemical symbol, in capitals or not; null where there is no such element.
 *
 * @example
 * ```ts
 * import { atomicNumber } from 'clebsch';
 * [atomicNumber('Cl'), atomicNumber('CL'), atomicNumber('Xy')]; // => [17, 17, null]
 * ```
 */
export function atomicNumber(symbol: string): number | null {
  return numbers.get(symbol.slice(0, 1).toUpperCase() + symbol.slice(1).toLowerCase()) || null;
}
