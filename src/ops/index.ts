/** Every op, one record each: what the law tests run over, and what programs are made of. */

import { reverse } from '../graph/gradient.ts';
import type { Node, Op } from '../graph/node.ts';
import { accumulateOp } from './accumulate.ts';
import { contractOp } from './contract.ts';
import { addEdgeProductOp, edgeProductOp } from './edge-product.ts';
import { fusedOp } from './fused.ts';
import { addSegmentsOp, gatherOp, segmentSumOp } from './gather.ts';
import { add, filled, mapOp } from './map.ts';
import { maximumOp } from './maximum.ts';
import { neighbourBinsOp } from './neighbour-bins.ts';
import { neighbourFrameOp } from './neighbour-frame.ts';
import { neighbourIndexOp } from './neighbour-index.ts';
import { neighbourCountsOp, neighbourEdgesOp } from './neighbour-search.ts';
import { optimizerStepOp } from './optimizer-step.ts';
import { packIndicesOp } from './pack-indices.ts';
import { radialBasisOp } from './radial-basis.ts';
import { randomUniformOp } from './random-uniform.ts';
import { rowsOp, stackOp } from './rows.ts';
import { runningSumOp } from './running-sum.ts';
import { segmentMaximumOp } from './segment-maximum.ts';
import { concatOp, place, sliceOp } from './slice.ts';
import { solidHarmonicsOp } from './spherical-harmonics.ts';
import { broadcastOp, sumOp } from './sum.ts';
import { tensorProductOp } from './tensor-product.ts';
import { unpackBitsOp } from './unpack-bits.ts';

/**
 * Every op, one record each: what the law tests run over, and what programs are made of (leaves aside).
 *
 * @example
 * ```ts
 * import { ops } from 'clebsch';
 * ops.find(({ name }) => name === 'gather')!.linear; // => "each"
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: each record has attributes of its own.
export const ops: readonly Op<any>[] = [
  mapOp,
  broadcastOp,
  sumOp,
  maximumOp,
  sliceOp,
  concatOp,
  rowsOp,
  stackOp,
  accumulateOp,
  gatherOp,
  segmentSumOp,
  addSegmentsOp,
  segmentMaximumOp,
  contractOp,
  tensorProductOp,
  solidHarmonicsOp,
  radialBasisOp,
  randomUniformOp,
  optimizerStepOp,
  neighbourFrameOp,
  neighbourBinsOp,
  packIndicesOp,
  neighbourCountsOp,
  runningSumOp,
  neighbourEdgesOp,
  neighbourIndexOp,
  unpackBitsOp,
  fusedOp,
  edgeProductOp,
  addEdgeProductOp,
];

/**
 * Adds values of one shape. Values that stand side by side in a wider one (the gradients of slices, such as those
 * of the packed parameters) are not added but laid out.
 */
function total(nodes: readonly Node[]): Node {
  const parts: { x: Node; offset: number }[] = [];
  for (const node of nodes) {
    if (node.op !== concatOp) return nodes.reduce(add);
    node.inputs.forEach((x, i) => {
      parts.push({ x, offset: node.attrs.offsets[i] });
    });
  }
  parts.sort((a, b) => a.offset - b.offset);
  const overlap = parts.some(
    ({ x, offset }, i) => i + 1 < parts.length && offset + x.cols > parts[i + 1].offset,
  );
  if (overlap) return nodes.reduce(add);
  return place(
    parts.map(({ x }) => x),
    parts.map(({ offset }) => offset),
    nodes[0].cols,
  );
}

/**
 * The gradient of a 1 x 1 value by each node of `wrt`, as nodes of the same shapes: differentiate the result
 * again for second derivatives (training on forces), and so on to any order. With a cotangent it is the
 * vector-Jacobian product. A node on which the output does not depend gets zeros.
 *
 * @param cotangent of the output's shape, which then need not be 1 x 1
 * @throws Error if the output is not 1 x 1 and no cotangent of its shape is given.
 * @example
 * ```ts
 * import { gradient, input, multiply, reference } from 'clebsch';
 * const x = input('x', 1, 1);
 * const [slope] = gradient(multiply(x, multiply(x, x)), [x]); // 3 x^2
 * const [curvature] = gradient(slope, [x]); // 6 x
 * reference([slope, curvature], { x: [1] }); // => [[3], [6]]
 * ```
 */
export function gradient(output: Node, wrt: readonly Node[], cotangent?: Node): Node[] {
  return reverse({ sum: total, filled }, output, wrt, cotangent);
}
