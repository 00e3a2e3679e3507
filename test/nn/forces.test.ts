import { describe, expect, test } from 'vitest';
import { input } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import { atomicGraph, edgeVectors } from '../../src/models/atomic-graph.ts';
import { energyDerivatives } from '../../src/nn/forces.ts';
import { filled } from '../../src/ops/map.ts';
import { slopeAlong, slopeError, unitVector } from '../support/differences.ts';
import { buildFor, energyNetworks } from '../support/energy-networks.ts';

describe.each(Object.entries(energyNetworks))('%s, in f64', (_, network) => {
  const built = buildFor(network(), 5);
  const feeds = built.feeds([built.system]);
  const coordinates = 3 * built.size.atoms;

  test('forces are minus the differences of the energy, to 1e-7', () => {
    const [forces] = reference([built.forces], feeds);
    expect(Math.hypot(...forces)).toBeGreaterThan(1e-3);
    for (const seed of [1, 2, 3]) {
      const direction = unitVector(coordinates, seed);
      const numeric = -slopeAlong(built.energy, 'pos', direction, feeds);
      expect(slopeError(numeric, forces, direction)).toBeLessThan(1e-7);
    }
  });

  test('the gradient of a loss on forces is that of its differences, to 1e-7', () => {
    const [byPos, byParameters] = reference(built.forceLossGradients, feeds);
    const inPos = unitVector(coordinates, 4);
    expect(slopeError(slopeAlong(built.forceLoss, 'pos', inPos, feeds), byPos, inPos)).toBeLessThan(1e-7);
    const inParameters = unitVector(byParameters.length, 5, built.within.parameters);
    const numeric = slopeAlong(built.forceLoss, 'parameters', inParameters, feeds);
    expect(slopeError(numeric, byParameters, inParameters)).toBeLessThan(1e-7);
  });
});

describe('what does not fit is refused', () => {
  const graph = atomicGraph({ atoms: 3, edges: 4, graphs: 2, species: 1 });

  test('an energy of another number of graphs', () => {
    expect(() => energyDerivatives(filled(3, 1, 0), graph, edgeVectors(graph))).toThrow(
      'the energy is 3x1, but there are 2 graphs',
    );
  });

  test('vectors of another number of edges', () => {
    expect(() => energyDerivatives(filled(2, 1, 0), graph, input('v', 5, 3))).toThrow(
      'the vectors are 5x3, but there are 4 edges',
    );
  });
});
