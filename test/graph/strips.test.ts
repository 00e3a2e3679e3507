import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { prepare } from '../../src/compile.ts';
import { index } from '../../src/graph/index-map.ts';
import { input, isLeaf } from '../../src/graph/leaf.ts';
import { type Node, topologicalOrder } from '../../src/graph/node.ts';
import { reference } from '../../src/graph/reference.ts';
import { gather, segmentSum } from '../../src/ops/gather.ts';
import { gradient } from '../../src/ops/index.ts';
import { add, multiply, scale } from '../../src/ops/map.ts';
import { concat } from '../../src/ops/slice.ts';
import { sum } from '../../src/ops/sum.ts';
import { convolutionWorkload } from '../bench/convolution-workload.ts';
import { randomFeeds, scaledError } from '../support/feeds.ts';
import { runs } from '../support/property.ts';
import { graphOps, graphs } from '../support/random-graph.ts';
import { Simulation } from '../support/simulate.ts';

const ROWS = 64;

/** Runs the plan twice on simulated buffers and compares with the reference. */
function check(
  outputs: Readonly<Record<string, Node>>,
  strips: { rows?: number; stored?: number } = { rows: ROWS },
) {
  const prepared = prepare({ outputs }, { strips });
  const simulation = new Simulation(prepared.plan);
  const nodes = Object.values(outputs);
  for (let time = 1; time <= 2; time++) {
    const feeds = randomFeeds(nodes, time);
    simulation.run(feeds);
    const expected = reference(nodes, feeds);
    Object.keys(outputs).forEach((name, i) => {
      const error = scaledError(simulation.read(prepared.outputs[name]), expected[i]);
      expect(error, `output ${name} of run ${time}`).toBeLessThan(1e-9);
    });
  }
  return prepared;
}

const inStrips = (node: Node): boolean => node.op.name === 'addSegments' || node.op.name === 'accumulate';

describe('random programs in strips equal the reference', () => {
  const many = 150;
  let split = 0;
  const property = (stored: number, differentiated: boolean) =>
    fc.property(graphs(graphOps, 10, many), fc.array(fc.nat(), { maxLength: 3 }), (pool, chosen) => {
      const outputs: Record<string, Node> = {};
      for (const k of chosen) outputs[`out${k}`] = pool[k % pool.length];
      // All that is made of many rows is summed.
      const sums = pool.filter((node) => node.rows === many).map((node) => sum(node, 'rows'));
      const loss = sums.map((node) => sum(multiply(node, node), 'all')).reduce(add);
      outputs.loss = loss;
      if (differentiated) {
        const wrt = pool.slice(0, 2);
        const first = gradient(loss, wrt);
        // Once more: what training on forces asks for.
        const slope = first.map((g) => sum(multiply(g, g), 'all')).reduce(add);
        [...first, ...gradient(slope, wrt)].forEach((g, i) => {
          outputs[`gradient${i}`] = g;
        });
      }
      const { plan } = check(outputs, { rows: ROWS, stored });
      if (plan.steps.some(inStrips)) split++;
    });
  test.each([
    ['computing again', 0, false],
    ['computing again, with gradients of gradients', 0, true],
    ['storing what fits', 2 ** 20, true],
  ])('%s', (_, stored, differentiated) => {
    split = 0;
    fc.assert(property(stored, differentiated), runs(60));
    expect(split).toBeGreaterThan(20);
  });
});

const edges = 200;
const x = input('x', 5, 6);
const [src, dst] = [index('src', edges, 5), index('dst', edges, 5)];
const weights = input('weights', edges, 6);
const messages = multiply(gather(x, src), weights);
const nodesOf = (plan: { steps: readonly Node[] }) => plan.steps.map(({ op, rows }) => `${op.name} ${rows}`);

test('what lies between a row and a sum takes the room of a strip', () => {
  const { plan } = check({ y: segmentSum(messages, dst) });
  expect(plan.buffers.filter(({ leaf }) => !leaf).every(({ size }) => size <= ROWS * 6)).toBe(true);
  const strip = (rows: number, last: string) => [`gather ${rows}`, `fused ${rows}`, last];
  expect(nodesOf(plan)).toEqual([
    ...strip(64, 'segmentSum 5'),
    ...[64, 64, 8].flatMap((rows) => strip(rows, 'addSegments 5')),
  ]);
});

test('a value that is wanted whole is computed where it stands', () => {
  const { plan, outputs } = check({ y: segmentSum(messages, dst), messages });
  expect(plan.places.get(outputs.messages)).toMatchObject({ offset: 0 });
  expect(plan.buffers.filter(({ leaf, size }) => !leaf && size >= edges * 6)).toHaveLength(1);
  expect(nodesOf(plan)).not.toContain('fused 200');
});

test('a sum that other strips read is complete before they run', () => {
  const sums = segmentSum(messages, dst);
  const back = segmentSum(multiply(gather(sums, dst), gather(x, src)), src);
  const { plan } = check({ back, loss: sum(multiply(sums, sums), 'all') });
  const steps = plan.steps.map(({ op }) => op.name);
  const firstUse = plan.steps.findIndex(
    ({ op, inputs: [source] }) => op.name === 'gather' && inStrips(source),
  );
  expect(steps.slice(0, firstUse).filter((name) => name === 'addSegments')).toHaveLength(3);
});

test('products are stored for a later loop where there is room, and computed again where there is none', () => {
  const { program } = convolutionWorkload({
    name: 'small',
    kind: 'convolution',
    edges,
    lmax: 1,
    mul: 4,
    backward: true,
  });
  const products = (stored: number) =>
    prepare(program, { strips: { rows: ROWS, stored } }).plan.steps.filter(
      ({ op, cols, attrs }) => op.name === 'contract' && attrs.open === 'o' && cols === 16,
    ).length;
  expect(products(0)).toBe(8);
  expect(products(2 ** 20)).toBe(4);
});

test('few rows, rows that are not summed, and strips that are switched off: nothing changes', () => {
  const y = { y: segmentSum(messages, dst) };
  const plain = nodesOf(prepare({ outputs: y }, { optimizations: { strips: false } }).plan);
  expect(plain).toEqual(['gather 200', 'map 200', 'segmentSum 5']);
  expect(nodesOf(prepare({ outputs: y }).plan)).toEqual(plain);
  expect(nodesOf(prepare({ outputs: y }, { strips: { rows: 128 } }).plan)).toEqual(plain);
  const wide = { y: concat([scale(weights, 2), messages]) };
  expect(nodesOf(prepare({ outputs: wide }, { strips: { rows: 64 } }).plan)).toEqual(
    nodesOf(prepare({ outputs: wide }, { optimizations: { strips: false } }).plan),
  );
});

test('a convolution over a million edges, with its gradient, keeps no value of an edge but the radial hidden layer', () => {
  const { program } = convolutionWorkload({
    name: 'large',
    kind: 'convolution',
    edges: 1e6,
    lmax: 2,
    mul: 32,
    backward: true,
  });
  const { plan, outputs } = prepare(program);
  expect(plan.buffers.reduce((total, { size }) => total + 4 * size, 0)).toBeLessThan(0.8e9);
  expect(plan.steps.every(({ rows }) => rows <= 16384)).toBe(true);
  const stored = plan.buffers.filter(({ leaf, size }) => !leaf && size >= 1e6);
  expect(stored.filter(({ size }) => size >= 20e6).map(({ size }) => size)).toEqual([64e6]);
  expect(topologicalOrder(Object.values(outputs)).filter((n) => !isLeaf(n) && n.rows >= 1e6)).toHaveLength(1);
});
