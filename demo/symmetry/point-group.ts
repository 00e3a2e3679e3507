/** The symmetry that a set of atoms has: which of the 48 operations of a cube about its centre leave it as it is. */
import type { Irrep, Matrix3 } from '../../src/index.ts';

/** Atoms: n x 3 positions, and what each of them is. */
export interface Atoms {
  readonly species: readonly string[];
  readonly positions: readonly number[];
}

const permutations = [
  [0, 1, 2],
  [1, 2, 0],
  [2, 0, 1],
  [0, 2, 1],
  [2, 1, 0],
  [1, 0, 2],
] as const;

/** O_h: every permutation of the axes with every choice of signs, 48 matrices, the identity first. */
export const cubeGroup: readonly Matrix3[] = permutations.flatMap((order) =>
  [0, 1, 2, 3, 4, 5, 6, 7].map((signs) =>
    [0, 1, 2].flatMap((row) =>
      [0, 1, 2].map((col) => (order[row] === col ? ((signs >> row) & 1 ? -1 : 1) : 0)),
    ),
  ),
);

const NEAR = 1e-6;

function turned(matrix: Matrix3, p: ArrayLike<number>, i: number): number[] {
  return [0, 1, 2].map(
    (r) => matrix[3 * r] * p[3 * i] + matrix[3 * r + 1] * p[3 * i + 1] + matrix[3 * r + 2] * p[3 * i + 2],
  );
}

/** The atom at a place, or -1. */
function atomAt({ positions }: Atoms, [x, y, z]: readonly number[]): number {
  for (let j = 0; 3 * j < positions.length; j++)
    if (Math.hypot(positions[3 * j] - x, positions[3 * j + 1] - y, positions[3 * j + 2] - z) < NEAR) return j;
  return -1;
}

/** An operation that keeps the atoms, and where it sends each of them. */
export interface Operation {
  readonly matrix: Matrix3;
  readonly images: readonly number[];
}

/** The operations of the cube that send every atom to one of its species. */
export function operationsOf(atoms: Atoms): Operation[] {
  return cubeGroup.flatMap((matrix) => {
    const images = atoms.species.map((_, i) => atomAt(atoms, turned(matrix, atoms.positions, i)));
    const kept = images.every((j, i) => j >= 0 && atoms.species[j] === atoms.species[i]);
    return kept ? [{ matrix, images }] : [];
  });
}

/**
 * Sites: atoms that some operation sends to each other, first atom first. Their outputs must be the same but for that
 * operation.
 */
export function sitesOf(operations: readonly Operation[], count: number): number[][] {
  const sites: number[][] = [];
  const seen = new Set<number>();
  for (let i = 0; i < count; i++) {
    if (seen.has(i)) continue;
    const site = [...new Set(operations.map(({ images }) => images[i]))].sort((a, b) => a - b);
    for (const j of site) seen.add(j);
    sites.push(site);
  }
  return sites;
}

/** The operations that leave an atom in its place: its site symmetry. */
export function stabiliser(operations: readonly Operation[], atom: number): Operation[] {
  return operations.filter(({ images }) => images[atom] === atom);
}

/**
 * How many independent numbers of an irrep of O(3) are left unchanged by a group: (1/|G|) sum of its characters. The
 * character of an operation is the trace of its D.
 */
export function allowed(ir: Irrep, operations: readonly Operation[]): number {
  let sum = 0;
  for (const { matrix } of operations) {
    const d = ir.D({ matrix });
    for (let i = 0; i < ir.dim; i++) sum += d[i * ir.dim + i];
  }
  return Math.round(sum / operations.length) + 0; // no -0
}

const names: Readonly<Record<number, string>> = { 48: 'Oₕ', 1: 'C₁' };

/** The point group's name in Schoenflies notation, for those that the page's distortions lead to; else its order. */
export function nameOf(operations: readonly Operation[]): string {
  const order = operations.length;
  const inversion = operations.some(({ matrix }) => trace(matrix) === -3);
  if (order === 24 && !inversion)
    return operations.some(({ matrix }) => determinant(matrix) < 0) ? 'T_d' : 'O';
  if (order === 16) return 'D₄ₕ';
  if (order === 8) return inversion ? 'D₂ₕ' : isMirrored(operations) ? 'C₄ᵥ' : 'D₂d';
  if (order === 6) return 'C₃ᵥ';
  if (order === 4) return inversion ? 'C₂ₕ' : 'C₂ᵥ';
  if (order === 2) return inversion ? 'Cᵢ' : 'Cₛ';
  return names[order] ?? `a group of ${order}`;
}

const trace = (m: Matrix3) => m[0] + m[4] + m[8];

function determinant([a, b, c, d, e, f, g, h, i]: Matrix3): number {
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}

/** Whether a fourfold axis is a rotation (C4v) and no improper one (D2d): a proper operation of trace 1. */
function isMirrored(operations: readonly Operation[]): boolean {
  return operations.some(({ matrix }) => determinant(matrix) > 0 && trace(matrix) === 1);
}
