import { radiusGraph } from '../../src/data/radius-graph.ts';
import type { MolecularDynamicsOptions } from '../../src/dynamics/molecular-dynamics.ts';
import { maxwellBoltzmann } from '../../src/dynamics/units.ts';
import * as e from '../../src/graph/expression.ts';
import { index, packIndexMap } from '../../src/graph/index-map.ts';
import type { Node } from '../../src/graph/node.ts';
import { Random } from '../../src/o3/random.ts';
import { gather } from '../../src/ops/gather.ts';
import { map, multiply, scale, subtract } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';

/** Argon: eV and Å. */
const [epsilon, sigma] = [0.0104, 3.4];
export const cutoff = 7;

/** Atoms on a cubic grid, a little displaced: about as far from each other as the minimum of the energy. */
export function argon(side: number, temperature: number, seed = 1) {
  const random = new Random(seed);
  const positions: number[] = [];
  for (let x = 0; x < side; x++)
    for (let y = 0; y < side; y++)
      for (let z = 0; z < side; z++)
        positions.push(...[x, y, z].map((v) => 3.82 * v + 0.05 * random.normal()));
  const masses = new Array<number>(positions.length / 3).fill(39.95);
  return { positions, masses, velocities: maxwellBoltzmann(masses, temperature, random) };
}

/**
 * 4 eps [(s/r)^12 - (s/r)^6] (1 - r^2/rc^2)^3 within the cutoff, half for each of the two edges of a pair; all edges that
 * are within `skin` more, or all there are.
 */
export function lennardJones(
  atoms: number,
  skin?: number,
): Pick<MolecularDynamicsOptions, 'potential'> & { feeds(positions: ArrayLike<number>): Feeds } {
  const capacity = atoms * (atoms - 1);
  const [src, dst] = [index('src', capacity, atoms), index('dst', capacity, atoms)];
  const r2 = e.argument(0);
  const s6 = e.power(e.div(e.number(sigma ** 2), r2), 3);
  const inside = e.max(e.sub(e.number(1), e.mul(r2, e.number(cutoff ** -2))), e.number(0));
  const pair = e.mul(e.mul(e.number(2 * epsilon), e.sub(e.mul(s6, s6), s6)), e.power(inside, 3));
  return {
    potential(pos: Node) {
      const vectors = subtract(gather(pos, dst), gather(pos, src));
      const squares = sum(multiply(vectors, vectors), 'cols');
      // Edges that are not in use have length 0.
      return { energy: map(e.select(r2, pair, e.number(0)), squares) };
    },
    feeds(positions) {
      const edges = radiusGraph(positions, skin === undefined ? 1e3 : cutoff + skin);
      return {
        src: packIndexMap(edges.src, capacity, atoms),
        dst: packIndexMap(edges.dst, capacity, atoms),
      };
    },
  };
}

type Feeds = Readonly<Record<string, Uint32Array>>;

/** Springs of k eV/Å^2 to the origin. */
export const well = (k: number) => (pos: Node) => ({ energy: scale(multiply(pos, pos), k / 2) });
