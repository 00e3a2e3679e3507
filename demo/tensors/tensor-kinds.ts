import { type Irreps, reducedTensorProducts } from '../../src/index.ts';

/** A kind of geometric tensor: how each of its indices turns, and which symmetries they have. */
export interface TensorKind {
  readonly name: string;
  /** What physics has of it. */
  readonly such: string;
  /** Index symmetries, as e3nn's `ReducedTensorProducts` and `CartesianTensor` write them. */
  readonly formula: string;
  /** The irrep of every index. */
  readonly index: '0e' | '0o' | '1o' | '1e';
  readonly examples: Readonly<Record<string, readonly number[]>>;
}

/** Stiffness in Voigt's notation (xx, yy, zz, yz, xz, xy) of a crystal with axes x, y, z, in GPa. */
interface Elasticity {
  readonly c11: number;
  readonly c12: number;
  readonly c44: number;
  /** Hexagonal crystals, whose axis is z here; cubic ones have c33 = c11, c13 = c12 and c66 = c44. */
  readonly c33?: number;
  readonly c13?: number;
  readonly c66?: number;
}

const VOIGT = [
  [0, 5, 4],
  [5, 1, 3],
  [4, 3, 2],
] as const;

/** The 81 components C_ijkl, row-major, of a 6 x 6 matrix in Voigt's notation (Nye, "Physical properties of crystals"). */
export function fromVoigt(matrix: readonly (readonly number[])[]): number[] {
  const axes = [0, 1, 2];
  return axes.flatMap((i) =>
    axes.flatMap((j) => axes.flatMap((k) => axes.map((l) => matrix[VOIGT[i][j]][VOIGT[k][l]]))),
  );
}

/** The 6 x 6 matrix of a stiffness tensor, row-major. */
export function toVoigt(components: ArrayLike<number>): number[] {
  const pairs = [
    [0, 0],
    [1, 1],
    [2, 2],
    [1, 2],
    [0, 2],
    [0, 1],
  ];
  return pairs.flatMap(([i, j]) => pairs.map(([k, l]) => components[27 * i + 9 * j + 3 * k + l]));
}

function stiffness({ c11, c12, c44, c33 = c11, c13 = c12, c66 = c44 }: Elasticity): number[] {
  return fromVoigt([
    [c11, c12, c13, 0, 0, 0],
    [c12, c11, c13, 0, 0, 0],
    [c13, c13, c33, 0, 0, 0],
    [0, 0, 0, c44, 0, 0],
    [0, 0, 0, 0, c44, 0],
    [0, 0, 0, 0, 0, c66],
  ]);
}

export const tensorKinds = {
  scalar: {
    name: 'scalar',
    such: 'energy, mass, temperature',
    formula: 'i',
    index: '0e',
    examples: { 'an energy of 2': [2] },
  },
  pseudoscalar: {
    name: 'pseudoscalar',
    such: 'handedness, helicity, a volume a · (b × c)',
    formula: 'i',
    index: '0o',
    examples: { 'a handedness of 2': [2] },
  },
  vector: {
    name: 'vector',
    such: 'force, velocity, polarisation',
    formula: 'i',
    index: '1o',
    examples: { '(2, 1, 2), of length 3': [2, 1, 2], 'along y': [0, 2, 0] },
  },
  pseudovector: {
    name: 'pseudovector',
    such: 'angular momentum, torque, magnetic field',
    formula: 'i',
    index: '1e',
    examples: { '(2, 1, 2), of length 3': [2, 1, 2], 'along y': [0, 2, 0] },
  },
  matrix: {
    name: '3×3 matrix',
    such: 'the gradient of a velocity or of a displacement',
    formula: 'ij',
    index: '1o',
    examples: {
      'shear: dvx/dy = 2': [0, 2, 0, 0, 0, 0, 0, 0, 0],
      'all three parts': [2, 1, 0, -1, 1, 1, 0, 1, 0],
      'the same in all directions': [1, 0, 0, 0, 1, 0, 0, 0, 1],
      'only a turn about z': [0, -1, 0, 1, 0, 0, 0, 0, 0],
    },
  },
  symmetric: {
    name: 'symmetric matrix',
    such: 'moment of inertia, polarisability, stress',
    formula: 'ij=ji',
    index: '1o',
    examples: {
      'inertia of a rod along x': [0, 0, 0, 0, 2, 0, 0, 0, 2],
      'a quadrupole': [-1, 0, 0, 0, -1, 0, 0, 0, 2],
      'with shear': [1, 1, 0, 1, 2, 0, 0, 0, 0],
    },
  },
  elasticity: {
    name: 'elasticity, rank 4',
    such: 'stress from strain, σ = C ε, of crystals in GPa',
    formula: 'ijkl=jikl=klij',
    index: '1o',
    // Cubic crystals: Kittel, "Introduction to solid state physics", chapter 3, table 11, 300 K; zinc: Alers,
    // Neighbours, J. Phys. Chem. Solids 7 (1958) 58. In GPa.
    examples: {
      copper: stiffness({ c11: 168.4, c12: 121.4, c44: 75.4 }),
      tungsten: stiffness({ c11: 523.3, c12: 204.5, c44: 160.7 }),
      zinc: stiffness({ c11: 163.7, c12: 36.4, c13: 53, c33: 63.5, c44: 38.8, c66: (163.7 - 36.4) / 2 }),
      'the same in all directions': stiffness({ c11: 300, c12: 100, c44: 100 }),
    },
  },
} as const satisfies Readonly<Record<string, TensorKind>>;

export type KindName = keyof typeof tensorKinds;
export const kindNames = Object.keys(tensorKinds) as KindName[];

/** A kind with its change of basis (e3nn `ReducedTensorProducts`). */
export interface ReducedKind extends TensorKind {
  readonly rank: number;
  /** Components of an index: 3, or 1. */
  readonly width: number;
  /** Cartesian components. */
  readonly size: number;
  readonly irreps: Irreps;
  /** irreps.dim x size, rows orthonormal. */
  readonly basis: Float64Array;
}

const reduced = new Map<KindName, ReducedKind>();

export function reduceKind(name: KindName): ReducedKind {
  let kind = reduced.get(name);
  if (!kind) {
    const { formula, index, ...rest } = tensorKinds[name] as TensorKind;
    const letters = formula.split('=')[0];
    // Without symmetries every index says for itself how it turns.
    const irreps = Object.fromEntries(
      [...(formula.includes('=') ? 'i' : letters)].map((letter) => [letter, index]),
    );
    const { irrepsOut, irrepsIn, changeOfBasis } = reducedTensorProducts(formula, irreps);
    const width = irrepsIn[0].dim;
    kind = {
      ...rest,
      formula,
      index,
      rank: letters.length,
      width,
      size: width ** letters.length,
      irreps: irrepsOut,
      basis: changeOfBasis,
    };
    reduced.set(name, kind);
  }
  return kind;
}

/**
 * Of a tensor of even rank the function n -> t_ij.. n_i n_j .. of the direction, as coefficients of harmonics with
 * |Y^l| = 1: [25, irreps.dim], row-major; l = 0..4. What is antisymmetric in some indices does not reach it.
 */
export function directionalPart({ irreps, basis, rank, size, width }: ReducedKind): Float64Array {
  const out = new Float64Array(25 * irreps.dim);
  if (rank === 0 || rank % 2 !== 0 || width !== 3) return out;
  // Along y, number 1 of each index, only m = 0 is not zero, and it is 1.
  const alongY = (size - 1) / 2;
  irreps.slices().forEach(({ start }, i) => {
    const { mul, ir } = irreps.blocks[i];
    for (let u = 0; u < mul; u++) {
      const first = start + u * ir.dim;
      const factor = basis[(first + ir.l) * size + alongY];
      for (let k = 0; k < ir.dim; k++) out[(ir.l * ir.l + k) * irreps.dim + first + k] = factor;
    }
  });
  return out;
}
