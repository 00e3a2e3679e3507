import { describe, expect, test } from 'vitest';
import * as e from '../../src/graph/expression.ts';
import { index, packIndexMap } from '../../src/graph/index-map.ts';
import { input, inputOp } from '../../src/graph/leaf.ts';
import { topologicalOrder } from '../../src/graph/node.ts';
import { reference } from '../../src/graph/reference.ts';
import { normalize2mom } from '../../src/nn/activation.ts';
import { type ConvolutionOptions, convolution } from '../../src/nn/convolution.ts';
import { tensorInput } from '../../src/nn/tensor.ts';
import { Irreps } from '../../src/o3/irreps.ts';
import { Layout } from '../../src/o3/layout.ts';
import { Random } from '../../src/o3/random.ts';
import { fullyConnectedTensorProduct } from '../../src/o3/tensor-product-rules.ts';
import { gradient } from '../../src/ops/index.ts';
import { multiply } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { directionalError } from '../support/differences.ts';
import { scaledError } from '../support/feeds.ts';
import { denseTensorProduct, layoutOf, rowsOf, trainable } from '../support/layers.ts';

const options: ConvolutionOptions = {
  irrepsNodeInput: '5x0e + 3x1o',
  irrepsNodeAttr: '2x0e',
  irrepsEdgeAttr: '0e + 1o + 2e',
  irrepsNodeOutput: '4x0e + 3x1o + 3x1e',
  fcNeurons: [3, 5],
  numNeighbors: 2.5,
};
const [nodes, capacity] = [4, 8];
const edges = { src: [1, 2, 0, 0, 2, 1], dst: [0, 0, 1, 2, 1, 1] };

/** The layer on a small graph, in e3nn's layout, with node 3 on its own. */
function build(change: Partial<ConvolutionOptions> = {}, padded = false) {
  const all = { ...options, ...change };
  const conv = convolution({
    ...all,
    layoutIn: layoutOf(Irreps.parse(all.irrepsNodeInput), padded),
    layoutOut: layoutOf(Irreps.parse(all.irrepsNodeOutput), padded),
  });
  const made = trainable(conv);
  const leaves = {
    x: tensorInput('x', nodes, conv.layoutIn),
    attr: tensorInput('attr', nodes, Layout.of(all.irrepsNodeAttr)),
    edgeAttr: tensorInput('edgeAttr', capacity, Layout.of(all.irrepsEdgeAttr)),
    scalars: input('scalars', capacity, 3),
  };
  const map = { src: index('src', capacity, nodes), dst: index('dst', capacity, nodes) };
  const out = conv.apply(made.weights, leaves.x, leaves.attr, map, leaves.edgeAttr, leaves.scalars);
  const random = new Random(4);
  const arrays = {
    x: random.normals(nodes * leaves.x.layout.irreps.dim),
    attr: random.normals(nodes * leaves.attr.layout.irreps.dim),
    edgeAttr: random.normals(capacity * leaves.edgeAttr.layout.irreps.dim),
    scalars: random.normals(capacity * 3),
  };
  const run = (given: Partial<typeof arrays> = {}, list = edges) => {
    const values = { ...arrays, ...given };
    const feeds = {
      x: conv.layoutIn.pack(values.x),
      attr: leaves.attr.layout.pack(values.attr),
      edgeAttr: values.edgeAttr,
      scalars: values.scalars,
      src: packIndexMap(list.src, capacity, nodes),
      dst: packIndexMap(list.dst, capacity, nodes),
      parameters: made.values,
    };
    const [value] = reference([out.node], feeds);
    return { value: conv.layoutOut.unpack(value), packed: value, feeds };
  };
  return { conv, ...made, leaves, arrays, run, out, all };
}

test("equals e3nn's formula, put together from dense products", () => {
  for (const padded of [false, true]) {
    const { conv, run, arrays: inputs, all, arrays } = build({}, padded);
    const weights = trainable(conv).arrays;
    const [nodeIn, attrs, nodeOut] = [all.irrepsNodeInput, all.irrepsNodeAttr, all.irrepsNodeOutput].map(
      (i) => Irreps.parse(i),
    );
    const mid = conv.tp.spec.irrepsOut;
    const product = (from: Irreps, to: Irreps, x: number[], attr: number[], name: string) =>
      denseTensorProduct(fullyConnectedTensorProduct(from, attrs, to), x, attr, weights[`${name}.weight`]);
    const [x, attr, edgeAttr, scalars] = [
      rowsOf(inputs.x, nodeIn.dim),
      rowsOf(inputs.attr, attrs.dim),
      rowsOf(inputs.edgeAttr, 9),
      rowsOf(inputs.scalars, 3),
    ];
    const hidden = x.map((row, n) => product(nodeIn, nodeIn, row, attr[n], 'lin1'));
    const collected = x.map(() => new Float64Array(mid.dim));
    const silu = normalize2mom('silu');
    const numel = conv.tp.spec.weightNumel;
    edges.src.forEach((src, edge) => {
      const first = Array.from({ length: 5 }, (_, w) => {
        const z = scalars[edge].reduce((s, v, u) => s + v * weights['fc.layer0.weight'][u * 5 + w], 0);
        return e.evaluate(silu, [z / Math.sqrt(3)]);
      });
      const radial = Array.from(
        { length: numel },
        (_, w) =>
          first.reduce((s, v, u) => s + v * weights['fc.layer1.weight'][u * numel + w], 0) / Math.sqrt(5),
      );
      // The spec's coefficients without the gain 1/sqrt(numNeighbors).
      const message = denseTensorProduct(conv.tp.spec, hidden[src], edgeAttr[edge], radial);
      message.forEach((v, k) => {
        collected[edges.dst[edge]][k] += v / Math.sqrt(all.numNeighbors);
      });
    });
    const mask = fullyConnectedTensorProduct(nodeIn, attrs, nodeOut).outputMask;
    const expected = x.flatMap((row, n) => {
      const own = product(nodeIn, nodeOut, row, attr[n], 'sc');
      const moved = product(mid, nodeOut, [...collected[n]], attr[n], 'lin2');
      const [alpha] = product(mid, Irreps.parse('0e'), [...collected[n]], attr[n], 'alpha');
      return Array.from(own, (s, k) => s + (1 - mask[k] + alpha * mask[k]) * moved[k]);
    });
    const { value, packed } = run();
    expect(scaledError(value, expected)).toBeLessThan(1e-12);
    expect(packed).toEqual(conv.layoutOut.pack(value));
    expect(arrays).toBe(inputs);
  }
});

test('the middle irreps are sorted, one block a path, and only those that the output or alpha can use', () => {
  const { conv } = build();
  expect(conv.tp.spec.irrepsOut.toString()).toBe('5x0e+3x0e+5x1o+3x1o+3x1o+3x1e');
});

test('parameters have the names of e3nn, and alpha starts at zero', () => {
  const { conv, parameters } = build();
  expect(conv.parameters.map((p) => [p.name, p.initial])).toEqual([
    ['sc.weight', 'normal'],
    ['lin1.weight', 'normal'],
    ['fc.layer0.weight', 'normal'],
    ['fc.layer1.weight', 'normal'],
    ['lin2.weight', 'normal'],
    ['alpha.weight', 'zeros'],
  ]);
  const initial = parameters.unpack(parameters.initial(new Random(1)));
  expect(initial['alpha.weight'].data.every((v) => v === 0)).toBe(true);
});

describe('the graph', () => {
  const { run, conv, arrays } = build();
  const dim = 4 + 9 + 9;

  test('the order of the edges does not matter', () => {
    const order = [3, 5, 0, 4, 2, 1];
    const permuted = (values: Float64Array, cols: number) =>
      Float64Array.from([...order, 6, 7].flatMap((k) => [...values.slice(k * cols, (k + 1) * cols)]));
    const { value } = run(
      { edgeAttr: permuted(arrays.edgeAttr, 9), scalars: permuted(arrays.scalars, 3) },
      { src: order.map((k) => edges.src[k]), dst: order.map((k) => edges.dst[k]) },
    );
    expect(scaledError(value, run().value)).toBeLessThan(1e-13);
  });

  test('rows beyond the number of edges do not matter', () => {
    const edgeAttr = arrays.edgeAttr.map((v, i) => (i >= 6 * 9 ? 1e6 : v));
    expect(run({ edgeAttr }).value).toEqual(run().value);
  });

  test('a node without neighbours, and a graph without edges, keep the self-connection', () => {
    const alone = run({}, { src: [], dst: [] }).value;
    expect(run().value.slice(3 * dim)).toEqual(alone.slice(3 * dim));
    expect(run().value.slice(0, dim)).not.toEqual(alone.slice(0, dim));
    // What the self-connection cannot reach is zero.
    const [pseudo] = [alone.slice(13, 22)];
    expect(conv.layoutOut.irreps.toString()).toBe('4x0e+3x1o+3x1e');
    expect(pseudo.every((v) => v === 0)).toBe(true);
  });
});

test('gradients, and gradients of gradients, equal central differences', () => {
  const { run, out } = build({}, true);
  const { feeds } = run();
  const loss = sum(multiply(out.node, out.node), 'all');
  const wrt = topologicalOrder([loss]).filter((n) => n.op === inputOp);
  expect(wrt.map((n) => n.attrs.name).sort()).toEqual(['attr', 'edgeAttr', 'parameters', 'scalars', 'x']);
  const first = gradient(loss, wrt);
  expect(directionalError(loss, wrt, first, feeds)).toBeLessThan(1e-9);
  const forces = wrt.findIndex((n) => n.attrs.name === 'edgeAttr');
  const second = sum(multiply(first[forces], first[forces]), 'all');
  expect(directionalError(second, wrt, gradient(second, wrt), feeds)).toBeLessThan(1e-8);
});

test('errors: other irreps than the layer was made for', () => {
  const { conv, weights, leaves } = build();
  const map = { src: index('src', capacity, nodes), dst: index('dst', capacity, nodes) };
  const wrong = tensorInput('wrong', nodes, Layout.of('5x0e + 3x1e'));
  expect(() => conv.apply(weights, wrong, leaves.attr, map, leaves.edgeAttr, leaves.scalars)).toThrow(
    'first input was made for irreps 5x0e+3x1o, but its input has 5x0e+3x1e',
  );
  expect(() => conv.apply(weights, leaves.x, leaves.attr, map, leaves.attr, leaves.scalars)).toThrow(
    'second input was made for irreps',
  );
  expect(() =>
    conv.apply(weights, leaves.x, leaves.attr, map, leaves.edgeAttr, input('s', capacity, 4)),
  ).toThrow('fullyConnectedNet takes 3 numbers a row, got 4');
  expect(() =>
    conv.apply(
      weights,
      leaves.x,
      leaves.attr,
      { ...map, src: index('src', 5, 5) },
      leaves.edgeAttr,
      leaves.scalars,
    ),
  ).toThrow('gather: index "src" points into 5 rows, but the source is 4x14');
});
