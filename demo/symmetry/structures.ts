import type { Atoms } from './point-group.ts';

/** The structures of the lesson; distances in ångström are those of the molecules, rounded. */
export const structureNames = ['octahedron', 'perovskite', 'tetrahedron'] as const;
export type StructureName = (typeof structureNames)[number];

/** How the structure may be disturbed; `amount` is in ångström. */
export const distortionNames = ['none', 'stretch', 'shift', 'shake'] as const;
export type DistortionName = (typeof distortionNames)[number];

const axes = [
  [1, 0, 0],
  [-1, 0, 0],
  [0, 1, 0],
  [0, -1, 0],
  [0, 0, 1],
  [0, 0, -1],
];
const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((k) => [1, 2, 4].map((bit) => (k & bit ? -1 : 1)));

function atoms(groups: readonly [species: string, distance: number, directions: number[][]][]): Atoms {
  return {
    species: groups.flatMap(([name, , directions]) => directions.map(() => name)),
    positions: groups.flatMap(([, distance, directions]) =>
      directions.flatMap((d) => d.map((v) => (v * distance) / Math.hypot(...d) || 0)),
    ),
  };
}

const centre = [[0, 0, 0]];

/** SF6 (O_h); one cell of SrTiO3 about its titanium (Pm-3m, site m-3m = O_h); CH4 (T_d). */
export const structures: Readonly<Record<StructureName, Atoms & { readonly title: string }>> = {
  octahedron: {
    title: 'SF₆',
    ...atoms([
      ['S', 0, centre],
      ['F', 1.56, axes],
    ]),
  },
  perovskite: {
    title: 'SrTiO₃, one cell',
    ...atoms([
      ['Ti', 0, centre],
      ['O', 1.95, axes],
      ['Sr', 1.95 * Math.sqrt(3), corners],
    ]),
  },
  tetrahedron: {
    title: 'CH₄',
    ...atoms([
      ['C', 0, centre],
      ['H', 1.09, corners.filter(([x, y, z]) => x * y * z > 0)],
    ]),
  },
};

/** Numbers in (-1, 1) that look random and are always the same. */
const scattered = (i: number) => (Math.sin(12.9898 * (i + 1)) * 43758.5453) % 1 || 0;

/** Stretched along z, the centre pushed along z, or every coordinate moved by a number of its own. */
export function distorted(structure: Atoms, kind: DistortionName, amount: number): Atoms {
  const positions = structure.positions.map((v, i) => {
    if (kind === 'stretch') return i % 3 === 2 ? v * (1 + amount) : v;
    if (kind === 'shift') return i === 2 ? v + amount : v;
    return kind === 'shake' ? v + amount * scattered(i) : v;
  });
  return { species: structure.species, positions };
}
