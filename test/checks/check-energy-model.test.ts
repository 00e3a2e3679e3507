import { describe, expect, test } from 'vitest';
import { checkEnergyModel } from '../../src/checks/check-energy-model.ts';
import { apply, type Node } from '../../src/graph/node.ts';
import { type AtomicGraph, edgeVectors } from '../../src/models/atomic-graph.ts';
import { segmentSum } from '../../src/ops/gather.ts';
import { add, mapOp, multiply, scale } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { atoms, connected, type EnergyNetwork, smallEnergyNetwork } from '../support/energy-networks.ts';

const cell = [3.1, 0.2, 0, -0.4, 3.4, 0.3, 0.5, 0, 3.7];
const molecule = connected(atoms(3, 2), 3);
const crystal = connected({ ...atoms(2, 2, 3), cell }, 3);

/** Springs between neighbours, made with parts of one's own. */
function springs(square: (v: Node) => Node, more: (graph: AtomicGraph) => Node[] = () => []): EnergyNetwork {
  return {
    rMax: 3,
    nSpecies: 2,
    parameters: [],
    apply(_, graph) {
      const vectors = edgeVectors(graph);
      const spring = segmentSum(sum(square(vectors), 'cols'), graph.edges.src);
      const atomicEnergies = [spring, ...more(graph)].reduce(add);
      return { energy: segmentSum(atomicEnergies, graph.graphs), atomicEnergies, vectors };
    },
  };
}

describe('checkEnergyModel', () => {
  test('of a molecule and a crystal at once: all derivatives that training on forces takes', async () => {
    const report = await checkEnergyModel(null, smallEnergyNetwork({ nLayers: 1 }), [molecule, crystal]);
    expect(report.failure).toBeNull();
    expect(report.entries.map(({ leaf, order }) => `${leaf} ${order}`)).toEqual([
      'pos 1',
      'parameters 1',
      'pos 2',
      'parameters 2',
    ]);
  });

  test('a wrong derivative is found', async () => {
    const wrong = (v: Node) => {
      const right = multiply(v, v);
      const gradient: typeof mapOp.gradient = (_, cotangent) =>
        mapOp.gradient(right, cotangent).map((rule) => () => scale(rule!(), 1.01));
      return apply({ ...mapOp, name: 'wrong', gradient }, right.inputs, right.attrs);
    };
    const report = await checkEnergyModel(null, springs(wrong), [molecule]);
    expect(report.failure).toMatch(/^the derivative of order 1 by "pos" is wrong at row \d/);
    const right = await checkEnergyModel(
      null,
      springs((v) => multiply(v, v)),
      [molecule],
    );
    expect(right.failure).toBeNull();
  });

  test('an energy that sees the positions beside the vectors is refused', async () => {
    const outside = springs(
      (v) => multiply(v, v),
      ({ pos }) => [sum(multiply(pos, pos), 'cols')],
    );
    await expect(checkEnergyModel(null, outside, [molecule])).rejects.toThrow(
      /the force on atom 0 by the vectors of the edges has x = \S+, but -dE\/dpos is \S+; the energy must depend/,
    );
  });

  test('what is no model, and no systems', async () => {
    const refused = (model: unknown, systems: unknown) =>
      expect(checkEnergyModel(null, model as EnergyNetwork, systems as never)).rejects.toThrow(
        'it takes an energy model and a list of systems',
      );
    await refused(undefined, [molecule]);
    await refused(smallEnergyNetwork(), []);
    await refused(smallEnergyNetwork(), molecule);
    await expect(checkEnergyModel(null, smallEnergyNetwork(), [atoms(3, 2)])).rejects.toThrow(
      'the systems have no edges',
    );
    await expect(
      checkEnergyModel(null, smallEnergyNetwork({ nSpecies: 1, shifts: [0] }), [
        { ...molecule, species: [0, 1, 0] },
      ]),
    ).rejects.toThrow('system 0: atom 1 has species 1');
  });
});
