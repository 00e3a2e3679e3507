import { expect, test } from 'vitest';
import { index } from '../../src/graph/index-map.ts';
import { constant, input, state } from '../../src/graph/leaf.ts';
import { printGraph } from '../../src/graph/print.ts';
import { convolution } from '../../src/nn/convolution.ts';
import { linear } from '../../src/nn/linear.ts';
import { Parameters } from '../../src/nn/parameters.ts';
import { tensor, tensorInput } from '../../src/nn/tensor.ts';
import { Layout } from '../../src/o3/layout.ts';
import { gradient } from '../../src/ops/index.ts';
import { filled, multiply } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';

/** Printed programs: what a model is, op by op. Update them with `npx vitest -u` after looking at what changed. */

const layer = linear('4x0e + 2x1o', '3x0e + 2x1o', { biases: true });
const parameters = new Parameters(layer);
const packed = input('parameters', 1, parameters.length);
const x = tensorInput('x', 5, layer.layoutIn);
const y = layer.apply(parameters.weights(packed), x);

test('a linear layer', () => {
  expect(printGraph({ y: y.node })).toMatchInlineSnapshot(`
    "%0 = input x : 5x10
    %1 = input parameters : 1x128
    %2 = slice[0:16](%1) : 1x16
    %3 = contract[o 2 blocks](%0, %2) : 5x9
    %4 = slice[64:67](%1) : 1x3
    %5 = concat[0](%4) : 1x9
    %6 = broadcast(%5) : 5x9
    %7 = map[(a + b)](%3, %6) : 5x9
    return y = %7"
  `);
});

test('its gradient', () => {
  const loss = sum(multiply(y.node, y.node), 'all');
  const [byParameters, byX] = gradient(loss, [packed, x.node]);
  expect(printGraph({ byParameters, byX })).toMatchInlineSnapshot(`
    "%0 = input x : 5x10
    %1 = input parameters : 1x128
    %2 = slice[0:16](%1) : 1x16
    %3 = contract[o 2 blocks](%0, %2) : 5x9
    %4 = slice[64:67](%1) : 1x3
    %5 = concat[0](%4) : 1x9
    %6 = broadcast(%5) : 5x9
    %7 = map[(a + b)](%3, %6) : 5x9
    %8 = map[(a + a)](%7) : 5x9
    %9 = contract[w 2 blocks](%0, %8) : 1x16
    %10 = sum[rows](%8) : 1x9
    %11 = slice[0:3](%10) : 1x3
    %12 = concat[0 64](%9, %11) : 1x128
    %13 = contract[a 2 blocks](%2, %8) : 5x10
    return byParameters = %12
    return byX = %13"
  `);
});

test('a convolution', () => {
  const conv = convolution({
    irrepsNodeInput: '2x0e + 2x1o',
    irrepsNodeAttr: '0e',
    irrepsEdgeAttr: '0e + 1o',
    irrepsNodeOutput: '2x0e + 2x1o',
    fcNeurons: [3, 4],
    numNeighbors: 2,
  });
  const parameters = new Parameters(conv);
  const out = conv.apply(
    parameters.weights(state('parameters', 1, parameters.length, new Float64Array(parameters.length))),
    tensorInput('x', 5, conv.layoutIn),
    tensor(filled(5, 1, 1), Layout.of('0e')),
    { src: index('src', 7, 5), dst: index('dst', 7, 5) },
    tensorInput('harmonics', 7, '0e + 1o'),
    input('scalars', 7, 3),
  );
  expect(printGraph({ out: out.node })).toMatchInlineSnapshot(`
    "%0 = input x : 5x8
    %1 = state parameters : 1x384
    %2 = slice[0:8](%1) : 1x8
    %3 = contract[o 2 blocks](%0, %2) : 5x8
    %4 = slice[64:72](%1) : 1x8
    %5 = contract[o 2 blocks](%0, %4) : 5x8
    %6 = index src 7->5 : 1x20
    %7 = gather[0:7](%5, %6) : 7x8
    %8 = input harmonics : 7x4
    %9 = input scalars : 7x3
    %10 = slice[128:140](%1) : 1x12
    %11 = contract[o 1 block](%9, %10) : 7x4
    %12 = map[(1.67918 * (a * sigmoid(a)))](%11) : 7x4
    %13 = slice[192:224](%1) : 1x32
    %14 = contract[o 1 block](%12, %13) : 7x8
    %15 = tensorProduct[z 4 paths](%7, %8, %14) : 7x16
    %16 = index dst 7->5 : 1x20
    %17 = segmentSum[0:7](%15, %16) : 5x16
    %18 = slice[256:272](%1) : 1x16
    %19 = contract[o 4 blocks](%17, %18) : 5x8
    %20 = slice[320:324](%1) : 1x4
    %21 = contract[o 2 blocks](%17, %20) : 5x1
    %22 = broadcast(%21) : 5x8
    %23 = map[(a + (c * b))](%3, %19, %22) : 5x8
    return out = %23"
  `);
});

test('leaves and several names', () => {
  const c = constant([1, 0.1]);
  const long = constant([1, 2, 3, 4, 5]);
  expect(printGraph({ a: c, b: multiply(c, c), c, d: long })).toMatchInlineSnapshot(`
    "%0 = constant [1 0.1] : 1x2
    %1 = map[(a * a)](%0) : 1x2
    %2 = constant 5 numbers : 1x5
    return a = %0
    return b = %1
    return c = %0
    return d = %2"
  `);
});
