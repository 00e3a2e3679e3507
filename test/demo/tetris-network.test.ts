// The network of the Tetris page, on the f64 reference.
import { describe, expect, test } from 'vitest';
import { OrdinaryTrainer, widthFor } from '../../demo/shared/ordinary-trainer.ts';
import { type Parity, parities } from '../../demo/shared/parity.ts';
import { allShapes, batchOf, edgesOf, originalPoints, turn } from '../../demo/shared/tetris-batch.ts';
import { gatePoints, tetrisNetwork } from '../../demo/shared/tetris-network.ts';
import { TetrisTrainer } from '../../demo/shared/tetris-trainer.ts';
import { trainInF64 } from '../../demo/shared/training-f64.ts';
import {
  constant,
  filled,
  Parameters,
  Random,
  radiusGraph,
  randMatrix,
  reference,
  simpleNetwork,
  tensor,
} from '../../src/index.ts';

const small = (parity: Parity) => ({ recipe: gatePoints({ mul: 2, layers: 2, parity }), seed: 1 });
const inverted = originalPoints.map((v) => -v);

test('is simpleNetwork, number by number', () => {
  const plan = gatePoints({ mul: 2, layers: 1 });
  const own = tetrisNetwork({ mul: 2, layers: 1 });
  const simple = simpleNetwork({
    irrepsIn: '0e',
    irrepsOut: '0o + 6x0e',
    maxRadius: 1.5,
    numNeighbors: 2,
    numNodes: 4,
    mul: 2,
    layers: 1,
  });
  const { graph, feeds } = batchOf(allShapes, plan);
  const x = tensor(filled(graph.pos.rows, 1, 1), simple.layoutIn);
  const weightsOf = (network: typeof own | typeof simple) => {
    const parameters = new Parameters(network);
    return parameters.weights(constant(parameters.initial(new Random(5)), 1, parameters.length));
  };
  const [a, b] = reference(
    [own.apply(weightsOf(own), graph).node, simple.apply(weightsOf(simple), graph, x).node],
    feeds,
  );
  expect(Array.from(a)).toEqual(Array.from(b));
});

test('the edges of a batch are those of radiusGraph', () => {
  const batch = Array.from({ length: 32 }, (_, node) => Math.floor(node / 4));
  for (const [radius, inclusive] of [
    [1, false],
    [1, true],
    [1.5, false],
    [9, false],
  ] as const) {
    const { src, dst } = radiusGraph(originalPoints, radius, { batch, inclusive });
    expect(edgesOf(originalPoints, batch, radius, inclusive)).toEqual({ src, dst });
  }
});

describe.each(parities)('%s', (parity) => {
  test('does not see how a shape is turned, and sees a mirror image as its irreps say', async () => {
    const trainer = await TetrisTrainer.create(trainInF64, small(parity));
    for (let step = 0; step < 3; step++) await trainer.step();
    const still = await trainer.outputs(originalPoints);
    const turned = await trainer.outputs(turn(randMatrix(new Random(3)), originalPoints));
    for (const [i, value] of turned.entries()) expect(value).toBeCloseTo(still[i], 5);
    const mirrored = await trainer.outputs(inverted);
    const largest = (sign: number) =>
      Math.max(...allShapes.map((s) => Math.abs(mirrored[7 * s] - sign * still[7 * s])));
    // The first number: odd, even, or tied to nothing.
    if (parity === 'o3') expect(largest(-1)).toBeLessThan(1e-5);
    else expect(largest(1) < 1e-5).toBe(parity === 'even');
  });
});

test('the ordinary network has about as many parameters, learns the shapes as they are, and not turned', async () => {
  for (const wanted of [500, 25_218, 49_206, 486_552]) {
    const w = widthFor(wanted);
    expect(Math.abs(w * w + 21 * w - wanted) / wanted).toBeLessThan(0.05);
  }
  const trainer = await OrdinaryTrainer.create(trainInF64, { parameters: 4000, seed: 0, rotations: 0 });
  await trainer.training.step(60);
  expect(trainer.examplesPerStep).toBe(8);
  expect(await trainer.answers(originalPoints)).toEqual(allShapes);
  const random = new Random(9);
  const turned = Array.from({ length: 20 }, () => turn(randMatrix(random), originalPoints)).flat();
  const answers = await trainer.answers(turned);
  expect(answers).toHaveLength(160);
  expect(answers.filter((answer, i) => answer === i % 8).length / 160).toBeLessThan(0.4);
});

test('rotation augmentation shows other orientations at every step, the same ones for the same step', async () => {
  const losses = async () => {
    const trainer = await OrdinaryTrainer.create(trainInF64, { parameters: 500, seed: 4, rotations: 2 });
    const seen: number[] = [];
    for (let step = 0; step < 3; step++) seen.push((await trainer.training.step()).loss);
    return seen;
  };
  const first = await losses();
  expect(new Set(first).size).toBe(3);
  expect(await losses()).toEqual(first);
});
