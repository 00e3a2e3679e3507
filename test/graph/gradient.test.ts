import { describe, expect, test } from 'vitest';
import * as e from '../../src/graph/expression.ts';
import { type Algebra, reverse } from '../../src/graph/gradient.ts';
import { index } from '../../src/graph/index-map.ts';
import { constant, input } from '../../src/graph/leaf.ts';
import { apply, type Node, type Op } from '../../src/graph/node.ts';
import { reference } from '../../src/graph/reference.ts';
import { contract } from '../../src/ops/contract.ts';
import { gather, segmentSum } from '../../src/ops/gather.ts';
import { gradient } from '../../src/ops/index.ts';
import { add, filled, map, multiply, subtract } from '../../src/ops/map.ts';
import { radialBasis } from '../../src/ops/radial-basis.ts';
import { concat, slice } from '../../src/ops/slice.ts';
import { solidHarmonics } from '../../src/ops/spherical-harmonics.ts';
import { sum } from '../../src/ops/sum.ts';
import { tensorProduct } from '../../src/ops/tensor-product.ts';
import { directionalError } from '../support/differences.ts';
import { randomFeeds } from '../support/feeds.ts';

/**
 * A convolution by hand: features of the sources times harmonics of the edges with radial weights, summed over the
 * edges of each node, mixed by weights, squared. Every family of ops is in it.
 */
function network(): { loss: Node; wrt: Node[] } {
  const [nodes, edges] = [4, 7];
  const pos = input('pos', nodes, 3);
  const x = input('x', nodes, 8); // 2x0e + 2x1o
  const weights = input('weights', 1, 10);
  const radial = input('radial', 1, 12);
  const [src, dst] = [index('src', edges, nodes), index('dst', edges, nodes)];
  const vector = subtract(gather(pos, src), gather(pos, dst));
  const harmonics = solidHarmonics(vector, [0, 1, 2], [1, 0.7, 0.3]);
  const square = sum(multiply(vector, vector), 'cols');
  const distance = map(e.sqrt(e.add(e.argument(0), e.number(0.5))), square);
  const basis = radialBasis(
    distance,
    e.exp(e.neg(e.mul(e.argument(1), e.mul(e.argument(0), e.argument(0))))),
    [0.2, 0.6],
  );
  const dense = {
    a: 0,
    aStride: 2,
    o: 0,
    oStride: 6,
    w: 0,
    mulIn: 2,
    mulOut: 6,
    dim: 1,
    coefficient: 0.8,
  };
  const w = contract({ blocks: [dense], aCols: 2, wCols: 12, oCols: 6, perSample: false }, basis, radial);
  const block = (offset: number, mul: number, l: number) => ({ offset, stride: mul, mul, l });
  const scalars = block(0, 2, 0);
  const vectors = block(2, 2, 1);
  const path = { mode: 'uvu' as const, coefficient: 0.6 };
  const spec = {
    paths: [
      { ...path, x: scalars, y: block(0, 1, 0), z: block(0, 2, 0), w: 0 },
      { ...path, x: vectors, y: block(1, 1, 1), z: block(2, 2, 0), w: 2 },
      { ...path, x: vectors, y: block(4, 1, 2), z: block(4, 2, 1), w: 4 },
    ],
    cols: { x: 8, y: 9, w: 6, z: 10 },
  };
  const messages = tensorProduct(spec, gather(x, src), harmonics, w);
  const collected = segmentSum(messages, dst);
  const mix = { mulIn: 2, mulOut: 1, coefficient: 0.5 };
  const mixed = contract(
    {
      blocks: [
        { ...mix, a: 0, aStride: 2, o: 0, oStride: 1, w: 0, dim: 1 },
        { ...mix, a: 2, aStride: 2, o: 0, oStride: 1, w: 2, dim: 1 },
        { ...mix, a: 4, aStride: 2, o: 1, oStride: 1, w: 4, dim: 3 },
      ],
      aCols: 10,
      wCols: 6,
      oCols: 4,
      perSample: false,
    },
    collected,
    slice(weights, 0, 6),
  );
  const scaled = multiply(mixed, concat([1, 2, 3, 4].map((k) => filled(nodes, 1, k / 4))));
  const bent = map(e.add(e.tanh(e.argument(0)), e.mul(e.argument(0), e.argument(0))), scaled);
  return { loss: sum(bent, 'all'), wrt: [pos, x, weights, radial] };
}

/** <gradients, random constants>: a scalar whose gradient needs one order more. */
function project(grads: readonly Node[], name: string): { value: Node; directions: Node[] } {
  const directions = grads.map((g, i) => input(`${name}${i}`, g.rows, g.cols));
  const value = grads.map((g, i) => sum(multiply(g, directions[i]), 'all')).reduce(add);
  return { value, directions };
}

describe('a network of every family of ops', () => {
  const { loss, wrt } = network();
  const first = gradient(loss, wrt);
  const once = project(first, 'v');
  const second = gradient(once.value, wrt);
  const twice = project(second, 'u');
  const third = gradient(twice.value, wrt);
  const feeds = randomFeeds([twice.value], 3);

  test('the gradient equals central differences', () => {
    expect(directionalError(loss, wrt, first, feeds)).toBeLessThan(1e-9);
  });
  test('the gradient of the gradient equals central differences', () => {
    expect(directionalError(once.value, wrt, second, feeds)).toBeLessThan(1e-9);
  });
  test('the gradient of the gradient of the gradient equals central differences', () => {
    expect(directionalError(twice.value, wrt, third, feeds)).toBeLessThan(1e-8);
  });
  test('the second derivative is symmetric: <u, H v> = <v, H u>', () => {
    const swapped = Object.fromEntries(
      Object.entries(feeds).map(([name]) => {
        const other = name.replace(/^([uv])(?=\d)/, (letter) => (letter === 'u' ? 'v' : 'u'));
        return [name, feeds[other]];
      }),
    );
    const [[a], [b]] = [reference([twice.value], feeds), reference([twice.value], swapped)];
    expect(Math.abs(a[0] - b[0])).toBeLessThan(1e-12 * Math.max(1, Math.abs(a[0])));
  });
  test('the gradient by the direction is what the direction multiplies', () => {
    const values = reference([...gradient(once.value, once.directions), ...first], feeds);
    first.forEach((_, i) => {
      expect(values[i]).toEqual(values[first.length + i]);
    });
  });
});

describe('which nodes', () => {
  const x = input('x', 2, 3);
  const y = input('y', 2, 3);
  const feeds = randomFeeds([x, y]);

  test('a node that the output does not reach gets zeros', () => {
    const [gx, gy] = gradient(sum(multiply(x, x), 'all'), [x, y]);
    expect([gy.rows, gy.cols]).toEqual([2, 3]);
    const [dx, dy] = reference([gx, gy], feeds);
    expect([...dy]).toEqual([0, 0, 0, 0, 0, 0]);
    expect([...dx]).toEqual([...feeds.x].map((v) => 2 * v));
  });

  test('the gradient by the output itself is its cotangent', () => {
    const loss = sum(x, 'all');
    expect([...reference(gradient(loss, [loss]), feeds)[0]]).toEqual([1]);
  });

  test('a value in between counts like a leaf, and leaves keep their whole gradient', () => {
    const middle = map(e.sin(e.argument(0)), x);
    const loss = sum(multiply(middle, middle), 'all');
    const [byMiddle, byX] = reference(gradient(loss, [middle, x]), feeds);
    const value = [...feeds.x];
    expect([...byMiddle]).toEqual(value.map((v) => 2 * Math.sin(v)));
    byX.forEach((g, i) => {
      expect(g).toBeCloseTo(Math.sin(2 * value[i]), 14);
    });
  });

  test('several uses of a value add up', () => {
    const loss = sum(concat([x, multiply(x, y), slice(x, 1, 2)]), 'all');
    const [dx] = reference(gradient(loss, [x]), feeds);
    expect([...dx]).toEqual([...feeds.y].map((v, i) => 1 + v + (i % 3 > 0 ? 1 : 0)));
  });

  test('with a cotangent it is the vector-Jacobian product of any value', () => {
    const c = input('c', 2, 3);
    const values = reference(gradient(multiply(x, y), [x], c), { ...feeds, c: [1, 2, 3, 4, 5, 6] });
    expect([...values[0]]).toEqual([...feeds.y].map((v, i) => v * (i + 1)));
  });

  test('gradients of slices of one row are laid side by side, not added', () => {
    const packed = input('packed', 1, 200);
    const loss = sum(multiply(slice(packed, 0, 60), slice(packed, 128, 60)), 'all');
    const [g] = gradient(loss, [packed]);
    expect(g.op.name).toBe('concat');
    const values = randomFeeds([packed]).packed;
    const [dp] = reference([g], { packed: values });
    expect([...dp]).toEqual(
      Array.from(values, (_, i) => (i < 60 ? values[i + 128] : i >= 128 && i < 188 ? values[i - 128] : 0)),
    );
  });

  test('gradients of overlapping slices are added', () => {
    const packed = input('packed', 1, 4);
    const loss = sum(multiply(slice(packed, 0, 3), slice(packed, 1, 3)), 'all');
    const [dp] = reference(gradient(loss, [packed]), { packed: [1, 2, 3, 4] });
    // d/dp of p0 p1 + p1 p2 + p2 p3
    expect([...dp]).toEqual([2, 4, 6, 3]);
  });

  test('a map of as many inputs as a kernel can read is differentiable, twice', () => {
    const inputs = Array.from({ length: 7 }, (_, i) => input(`x${i}`, 1, 2));
    const product = inputs.map((_, i) => e.argument(i)).reduce(e.mul);
    const loss = sum(map(e.sin(product), ...inputs), 'all');
    const { value } = project(gradient(loss, inputs), 'v');
    const all = randomFeeds([value]);
    expect(directionalError(loss, inputs, gradient(loss, inputs), all)).toBeLessThan(1e-9);
    expect(directionalError(value, inputs, gradient(value, inputs), all)).toBeLessThan(1e-9);
  });

  test('a chain of 20,000 ops does not overflow the stack', () => {
    let chain = x;
    for (let i = 0; i < 20_000; i++) chain = map(e.sub(e.number(1), e.argument(0)), chain);
    const [dx] = reference(gradient(sum(chain, 'all'), [x]), feeds);
    expect([...dx]).toEqual([1, 1, 1, 1, 1, 1]);
  });
});

describe('errors', () => {
  test('an output that is no scalar needs a cotangent of its shape', () => {
    const x = input('x', 2, 3);
    expect(() => gradient(x, [x])).toThrow(
      'gradient: the output is 2x3, its cotangent 1x1; differentiate a 1x1 value (sum it first) or pass a ' +
        'cotangent of its shape',
    );
    expect(() => gradient(x, [x], constant(1))).toThrow('the output is 2x3, its cotangent 1x1');
  });

  test('a gradient rule that gives another shape is named', () => {
    const broken: Op<null> = {
      name: 'broken',
      shape: ([x]) => x,
      reference: ([x]) => x,
      gradient: (_, cotangent) => [() => sum(cotangent, 'rows')],
      kernel: null,
      examples: () => [],
    };
    const x = input('x', 2, 3);
    expect(() => gradient(sum(apply(broken, [x], null), 'all'), [x])).toThrow(
      'broken: its gradient rule gave 1x3 for input 0, which is 2x3',
    );
  });

  test('reverse mode knows no op: another algebra will do', () => {
    const made: string[] = [];
    const algebra: Algebra = {
      sum: (nodes) => {
        made.push(`sum of ${nodes.length}`);
        return nodes.reduce(add);
      },
      filled: (rows, cols, value) => {
        made.push(`${rows}x${cols} of ${value}`);
        return filled(rows, cols, value);
      },
    };
    const x = input('x', 2, 3);
    reverse(algebra, sum(add(x, slice(concat([x, x]), 0, 3)), 'all'), [x, input('y', 4, 4)]);
    expect(made).toEqual(['1x1 of 1', 'sum of 3', '4x4 of 0']);
  });
});
