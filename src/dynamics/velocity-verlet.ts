import type { Program } from '../compile.ts';
import * as e from '../graph/expression.ts';
import { constant, input, state } from '../graph/leaf.ts';
import { type Node, shapeOf } from '../graph/node.ts';
import { gradient } from '../ops/index.ts';
import { add, map, multiply, scale } from '../ops/map.ts';
import { maximum } from '../ops/maximum.ts';
import { broadcast, sum } from '../ops/sum.ts';
import { ACCELERATION } from './units.ts';

/** The energy of atoms as nodes. */
export interface Potential {
  /** eV, of any shape: numbers that add up to the potential energy (one an atom, say: the sum is then taken in f64). */
  readonly energy: Node;
  /** eV/Å, atoms x 3; by default minus the gradient of the energy. */
  readonly forces?: Node;
  /** Where the potential finds its neighbours itself (`neighbourList`): how many there are, 1 x 1, and may be. */
  readonly neighbours?: { readonly count: Node; readonly capacity: number };
}

/** Two programs over the same states: the forces at the start, and one step. */
export interface VelocityVerlet {
  readonly start: Program;
  readonly step: Program;
  /** Of the potential's own neighbour list; 0 without one. */
  readonly capacity: number;
}

/** Names of the leaves. Positions are origin + displacement, so that small steps do not get lost in large coordinates. */
export const leaves = {
  origin: 'dynamics.origin',
  displacement: 'dynamics.displacement',
  velocities: 'dynamics.velocities',
  forces: 'dynamics.forces',
  moved: 'dynamics.moved',
  neighbours: 'dynamics.neighbours',
} as const;

/**
 * Velocity Verlet (W. C. Swope, H. C. Andersen, P. H. Berens, K. R. Wilson, J. Chem. Phys. 76 (1982) 637) as updates of
 * states: v' = v + dt F(x) / 2m, x <- x + dt v', v <- v' + dt F(x) / 2m, with the forces kept from step to step. The
 * state "dynamics.moved" is the largest squared displacement so far, "dynamics.neighbours" the largest number of neighbours.
 *
 * @throws Error if the forces are not atoms x 3.
 */
export function velocityVerlet(
  potential: (pos: Node) => Potential,
  masses: ArrayLike<number>,
  timeStep: number,
): VelocityVerlet {
  const atoms = masses.length;
  const zeros = new Float64Array(3 * atoms);
  const origin = input(leaves.origin, atoms, 3);
  const displacement = state(leaves.displacement, atoms, 3, zeros);
  const velocities = state(leaves.velocities, atoms, 3, zeros);
  const forces = state(leaves.forces, atoms, 3, zeros);
  const [moved, counted] = [leaves.moved, leaves.neighbours].map((name) => state(name, 1, 1, [0]));
  const at = (d: Node) => {
    const pos = add(origin, d);
    const { energy, forces, neighbours } = potential(pos);
    const force = forces ?? scale(gradient(sum(energy, 'all'), [pos])[0], -1);
    if (force.rows !== atoms || force.cols !== 3)
      throw new Error(`dynamics: the forces on ${atoms} atoms must be ${atoms}x3, got ${shapeOf(force)}`);
    return { energy, force, count: neighbours?.count ?? constant(0), capacity: neighbours?.capacity ?? 0 };
  };
  const halves = Array.from(masses, (m) => (timeStep * ACCELERATION) / (2 * m));
  const perMass = broadcast(constant(halves, atoms), atoms, 3);
  const [a, b, c] = [0, 1, 2].map(e.argument);
  const kicked = (v: Node, force: Node) => map(e.add(a, e.mul(b, c)), v, force, perMass);
  const larger = (x: Node, y: Node) => map(e.max(a, b), x, y);
  const start = at(displacement);
  const half = kicked(velocities, forces);
  const moves = map(e.add(a, e.mul(e.number(timeStep), b)), displacement, half);
  const end = at(moves);
  const next = {
    displacement: moves,
    velocities: kicked(half, end.force),
    moved: larger(moved, maximum(sum(multiply(moves, moves), 'cols'), 'all')),
    neighbours: larger(counted, end.count),
  };
  return {
    start: {
      outputs: { energy: start.energy, neighbours: start.count },
      updates: [{ state: forces, next: start.force }],
    },
    step: {
      outputs: { energy: end.energy, ...next },
      updates: [
        { state: displacement, next: next.displacement },
        { state: velocities, next: next.velocities },
        { state: forces, next: end.force },
        { state: moved, next: next.moved },
        { state: counted, next: next.neighbours },
      ],
    },
    capacity: start.capacity,
  };
}
