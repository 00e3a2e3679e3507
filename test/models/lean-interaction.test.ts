import { expect, test } from 'vitest';
import { prepare } from '../../src/compile.ts';
import { constant, input } from '../../src/graph/leaf.ts';
import { reference } from '../../src/graph/reference.ts';
import { atomicGraph, atomicGraphFeeds, edgeVectors } from '../../src/models/atomic-graph.ts';
import { energyModel } from '../../src/models/energy-model.ts';
import { activation } from '../../src/nn/activation.ts';
import { linear } from '../../src/nn/linear.ts';
import { type Module, Parameters, prefixed } from '../../src/nn/parameters.ts';
import { envelopedBasis } from '../../src/nn/radial.ts';
import { norm, sphericalHarmonics } from '../../src/nn/spherical-harmonics.ts';
import { tensor } from '../../src/nn/tensor.ts';
import { Irreps } from '../../src/o3/irreps.ts';
import { Layout } from '../../src/o3/layout.ts';
import { Random } from '../../src/o3/random.ts';
import { gather } from '../../src/ops/gather.ts';
import { gradient } from '../../src/ops/index.ts';
import { sum } from '../../src/ops/sum.ts';
import { atoms, connected } from '../support/energy-networks.ts';
import { scaledError } from '../support/feeds.ts';

/** Models whose layers have more than the energy needs, of several kinds. */
const models = {
  'both parities, three layers': { hidden: '4x0e + 2x0o + 3x1o + 1x1e + 2x2e + 2x2o', lmax: 2, nLayers: 3 },
  'scalars apart, blocks of one irrep apart': {
    hidden: '2x0e + 2x1o + 1x0e + 3x1o + 2x1e',
    lmax: 1,
    nLayers: 3,
  },
  'irreps above the harmonics': { hidden: '3x0e + 2x1o + 2x2e + 2x3o', lmax: 1, nLayers: 4 },
  'multiples of four': { hidden: '8x0e + 4x0o + 4x1o + 4x1e', lmax: 2, nLayers: 2 },
};

test.each(Object.entries(models))('%s: energy and gradients are those of the whole layers', (_, irreps) => {
  const options = {
    ...irreps,
    nSpecies: 2,
    rMax: 3,
    numNeighbors: 3,
    nBasis: 3,
    fcHidden: [4, 5],
    readout: '3x0e',
  };
  const model = energyModel(options);
  const system = connected(atoms(5, 2, 2), 3);
  const size = { atoms: 5, edges: system.edges.src.length, graphs: 1, species: 2 };
  const graph = atomicGraph(size);
  const vectors = edgeVectors(graph);

  // The model by its formula, all of every layer.
  const attr = Irreps.parse('2x0e');
  const embedded = Irreps.parse([[Irreps.parse(irreps.hidden).count('0e'), '0e']]);
  const embed = linear(attr, embedded, {
    layoutIn: Layout.of(attr),
    layoutOut: Layout.forFeatures(embedded),
  });
  const last = model.layers.at(-1)!.gate;
  const out1 = linear(last.irrepsOut, '3x0e', { layoutIn: last.layoutOut });
  const out2 = linear('3x0e', '0e', { layoutIn: Layout.of('3x0e') });
  const whole: Module = {
    parameters: [
      ...prefixed('embed', embed),
      ...model.layers.flatMap((layer, n) => prefixed(`layers.${n}`, layer)),
      ...prefixed('out1', out1),
      ...prefixed('out2', out2),
    ],
  };
  const parameters = { lean: new Parameters(model), whole: new Parameters(whole) };
  const rows = {
    lean: input('lean', 1, parameters.lean.length),
    whole: input('whole', 1, parameters.whole.length),
  };
  const weights = parameters.whole.weights(rows.whole);
  const species = tensor(gather(constant([1, 0, 0, 1], 2), graph.species), Layout.of(attr));
  const sh = sphericalHarmonics(Irreps.sphericalHarmonics(irreps.lmax), vectors, {
    normalize: true,
    normalization: 'component',
  });
  const radial = envelopedBasis(norm(vectors), { end: 3, number: 3, basis: 'bessel' }, 6);
  let h = embed.apply(weights.at('embed'), species);
  model.layers.forEach((layer, n) => {
    h = layer.apply(weights.at(`layers.${n}`), h, species, graph.edges, sh, radial);
  });
  const read = activation('3x0e', ['silu']).apply(out1.apply(weights.at('out1'), h));
  const expected = sum(out2.apply(weights.at('out2'), read).node, 'all');

  const { energy } = model.apply(parameters.lean.weights(rows.lean), graph);
  const random = new Random(4);
  const arrays = Object.fromEntries(
    model.parameters.map(({ name, shape }) => [
      name,
      { shape, data: random.normals(shape.reduce((a, b) => a * b, 1)) },
    ]),
  );
  const feeds = {
    ...atomicGraphFeeds(size, [system]),
    lean: parameters.lean.pack(arrays),
    whole: parameters.whole.pack(arrays),
  };
  expect(parameters.lean.unpack(feeds.lean)).toEqual(arrays);
  expect(model.parameters.map(({ name, shape }) => [name, shape])).toEqual(
    whole.parameters.map(({ name, shape }) => [name, shape]),
  );
  const [own, slope, byPos] = reference([energy, ...gradient(energy, [rows.lean, graph.pos])], feeds);
  const [all, wholeSlope, wholeByPos] = reference(
    [expected, ...gradient(expected, [rows.whole, graph.pos])],
    feeds,
  );
  expect(scaledError(own, all)).toBeLessThan(1e-12);
  expect(scaledError(byPos, wholeByPos)).toBeLessThan(1e-12);
  const gradients = { lean: parameters.lean.unpack(slope), whole: parameters.whole.unpack(wholeSlope) };
  for (const { name } of model.parameters)
    expect(scaledError(gradients.lean[name].data, gradients.whole[name].data), name).toBeLessThan(1e-12);
  // It is for speed: numbers that are computed.
  const numbers = (node: typeof energy) =>
    prepare({ outputs: { node } }).plan.steps.reduce((total, step) => total + step.rows * step.cols, 0);
  expect(numbers(energy)).toBeLessThan(numbers(expected));
});
