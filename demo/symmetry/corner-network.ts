import { Irreps, simpleNetwork } from '../../src/index.ts';

/**
 * e3nn's SimpleNetwork for the lesson: at each corner the scalar 1 and an order parameter go in, a displacement (1o)
 * comes out. All corners see each other.
 */
export function cornerNetwork(order: Irreps) {
  return simpleNetwork({
    irrepsIn: Irreps.parse('0e').add(order),
    irrepsOut: '1o',
    maxRadius: 4,
    numNeighbors: 3,
    numNodes: 4,
    mul: 4,
    layers: 1,
    lmax: 2,
    numberOfBasis: 4,
    fcHidden: 16,
    poolNodes: false,
  });
}
