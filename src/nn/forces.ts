import * as e from '../graph/expression.ts';
import type { IndexNode } from '../graph/index-map.ts';
import { type Node, shapeOf } from '../graph/node.ts';
import { segmentSum } from '../ops/gather.ts';
import { gradient } from '../ops/index.ts';
import { filled, map, multiply, subtract } from '../ops/map.ts';
import { concat, slice } from '../ops/slice.ts';
import type { Edges } from './radial-convolution.ts';

/** Derivatives of an energy; a part that no output of a program needs costs nothing. */
export interface EnergyDerivatives {
  /** -dE/dpos, atoms x 3: energy per length. */
  readonly forces: Node;
  /** dE/dstrain of each graph, graphs x 9, a symmetric matrix row-major: energy. The stress is virial / volume. */
  readonly virial: Node;
}

/**
 * Forces and virial of an energy that depends on the positions by the vectors of the edges alone,
 * vec = pos[dst] - pos[src] + constant, by one reverse pass: with g = dE/dvec the force on an atom is the sum of g over
 * the edges that start there minus that over the edges that point there, and the virial the sum of
 * (vec g^T + g vec^T)/2 over the edges of a graph, because a strain eps takes each vec to vec (1 + (eps + eps^T)/2).
 * The results are nodes like others: a loss on them has gradients by every parameter.
 *
 * @param energy graphs x 1
 * @param graph edges, and the graph of each atom
 * @param vectors edges x 3, the value that `energy` was made of
 * @throws Error if the shapes do not fit.
 * @example
 * ```ts
 * import {
 *   atomicGraph, atomicGraphFeeds, edgeVectors, energyDerivatives, gather, multiply, reference, scale, segmentSum, sum,
 * } from 'clebsch';
 * const size = { atoms: 2, edges: 1, graphs: 1, species: 1 };
 * const graph = atomicGraph(size);
 * const vectors = edgeVectors(graph);
 * const spring = scale(sum(multiply(vectors, vectors), 'cols'), 0.5); // r^2 / 2
 * const energy = segmentSum(segmentSum(spring, graph.edges.src), graph.graphs);
 * const { forces, virial } = energyDerivatives(energy, graph, vectors);
 * const pos = [0, 0, 0, 0, 0, 3];
 * const feeds = atomicGraphFeeds(size, [{ pos, species: [0, 0], edges: { src: [0], dst: [1] } }]);
 * reference([forces], feeds); // => [[0, 0, 3, 0, 0, -3]]
 * reference([virial], feeds); // => [[0, 0, 0, 0, 0, 0, 0, 0, 9]]
 * ```
 */
export function energyDerivatives(
  energy: Node,
  graph: { readonly edges: Edges; readonly graphs: IndexNode },
  vectors: Node,
): EnergyDerivatives {
  const { edges, graphs } = graph;
  if (energy.cols !== 1 || energy.rows !== graphs.attrs.segments)
    throw new Error(
      `energyDerivatives: the energy is ${shapeOf(energy)}, but there are ${graphs.attrs.segments} graphs`,
    );
  if (vectors.cols !== 3 || vectors.rows !== edges.src.attrs.capacity)
    throw new Error(
      `energyDerivatives: the vectors are ${shapeOf(vectors)}, but there are ${edges.src.attrs.capacity} edges`,
    );
  const [g] = gradient(energy, [vectors], filled(energy.rows, 1, 1));
  const forces = subtract(segmentSum(g, edges.src), segmentSum(g, edges.dst));
  return { forces, virial: virialOf(vectors, g, (x) => segmentSum(segmentSum(x, edges.src), graphs)) };
}

/** The sum of (v g^T + g v^T)/2, row-major; `total` sums rows. */
function virialOf(v: Node, g: Node, total: (x: Node) => Node): Node {
  // Without repeating columns, so that the derivatives need no sums: xx yy zz, then xy yz zx.
  const turned = (x: Node) => concat([slice(x, 1, 2), slice(x, 0, 1)]);
  const [a, b, c, d] = [0, 1, 2, 3].map(e.argument);
  const mixed = e.mul(e.number(0.5), e.add(e.mul(a, b), e.mul(c, d)));
  const six = total(concat([multiply(v, g), map(mixed, v, turned(g), turned(v), g)]));
  const [xx, yy, zz, xy, yz, zx] = [0, 1, 2, 3, 4, 5].map((i) => slice(six, i, 1));
  return concat([xx, xy, zx, xy, yy, yz, zx, yz, zz]);
}
