import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { input } from '../../src/graph/leaf.ts';
import { ALIGNMENT } from '../../src/graph/memory.ts';
import { reference } from '../../src/graph/reference.ts';
import { fullyConnectedNet } from '../../src/nn/fully-connected-net.ts';
import { linear } from '../../src/nn/linear.ts';
import { type Module, Parameters, prefixed } from '../../src/nn/parameters.ts';
import { inLayout, tensor, tensorInput } from '../../src/nn/tensor.ts';
import { Layout } from '../../src/o3/layout.ts';
import { Random } from '../../src/o3/random.ts';
import { irrepsUpTo, layoutOf, trainable } from '../support/layers.ts';
import { runs } from '../support/property.ts';

const modules: fc.Arbitrary<Module> = fc
  .record({
    irrepsIn: irrepsUpTo(2, 6),
    irrepsOut: irrepsUpTo(2, 6),
    hs: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 3 }),
    padded: fc.boolean(),
  })
  .map(({ irrepsIn, irrepsOut, hs, padded }) => ({
    parameters: [
      ...prefixed(
        'linear',
        linear(irrepsIn, irrepsOut, {
          biases: true,
          layoutIn: layoutOf(irrepsIn, padded),
          layoutOut: layoutOf(irrepsOut, padded),
        }),
      ),
      ...prefixed('fc', fullyConnectedNet(hs, 'silu')),
    ],
  }));

describe('Parameters', () => {
  test('unpack undoes pack', () => {
    fc.assert(
      fc.property(modules, (module) => {
        const { parameters, arrays, values } = trainable(module);
        const back = parameters.unpack(values);
        expect(Object.keys(back)).toEqual(module.parameters.map((p) => p.name));
        for (const { name, shape } of module.parameters) {
          expect(back[name].data).toEqual(arrays[name]);
          expect(back[name].shape).toEqual(shape);
        }
        expect(parameters.pack(back)).toEqual(values);
      }),
      runs(100),
    );
  });

  test('every number has a place of its own, and what is between is zero', () => {
    fc.assert(
      fc.property(modules, (module) => {
        const { parameters } = trainable(module);
        const ones = module.parameters.map(({ name, shape }) => {
          const size = shape.reduce((a, b) => a * b, 1);
          return [name, { shape, data: new Float64Array(size).fill(1) }];
        });
        const packed = parameters.pack(Object.fromEntries(ones));
        expect(packed.reduce((s, v) => s + v, 0)).toBe(parameters.count);
        expect(packed.length).toBe(parameters.length);
      }),
      runs(100),
    );
  });

  test('each parameter is the part of the row where it was packed, and can be bound there', () => {
    const module: Module = {
      parameters: [
        ...prefixed('a', linear('5x0e + 2x1o', '3x0e + 2x1o', { biases: true })),
        ...prefixed('b', fullyConnectedNet([3, 5, 2], 'silu')),
      ],
    };
    const { parameters, weights, values } = trainable(module);
    for (const { name, packedLength } of module.parameters) {
      const node = weights.get(name);
      expect([node.rows, node.cols]).toEqual([1, packedLength]);
      expect((node.attrs.start ?? 0) % ALIGNMENT).toBe(0);
      expect(weights.at(name.split('.')[0]).get(name.split('.').slice(1).join('.'))).toBe(node);
      const marked = parameters.pack(
        Object.fromEntries(
          module.parameters.map((p) => {
            const size = p.shape.reduce((a, b) => a * b, 1);
            return [p.name, { shape: p.shape, data: new Float64Array(size).fill(p.name === name ? 1 : 0) }];
          }),
        ),
      );
      const [part] = reference([node], { parameters: marked });
      const size = module.parameters.find((p) => p.name === name)!.shape.reduce((a, b) => a * b, 1);
      expect(part.reduce((s, v) => s + v, 0)).toBe(size);
    }
    expect(values.length % ALIGNMENT).toBe(0);
  });

  test('one seed gives one set of initial values', () => {
    const parameters = new Parameters(fullyConnectedNet([5, 6, 7], 'silu'));
    expect(parameters.initial(new Random(3))).toEqual(parameters.initial(new Random(3)));
    expect(parameters.initial(new Random(3))).not.toEqual(parameters.initial(new Random(4)));
  });

  test('initial values do not depend on padding', () => {
    const layers = [false, true].map((padded) =>
      linear('5x0e', '6x0e', {
        layoutIn: Layout.of('5x0e', padded ? 4 : 1),
        layoutOut: Layout.of('6x0e', padded ? 4 : 1),
      }),
    );
    const [a, b] = layers.map((layer) => {
      const parameters = new Parameters(layer);
      return parameters.unpack(parameters.initial(new Random(1))).weight.data;
    });
    expect(a).toEqual(b);
  });

  test('errors name the parameter', () => {
    const net = fullyConnectedNet([2, 3], 'silu');
    const parameters = new Parameters(net);
    expect(() => parameters.pack({})).toThrow('parameter "layer0.weight" is missing (shape [2,3])');
    expect(() => parameters.pack({ 'layer0.weight': { shape: [3], data: [1, 2, 3] } })).toThrow(
      'parameter "layer0.weight" has shape [2,3], 6 numbers, but [3], 3 numbers, were given',
    );
    const array = { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] };
    expect(() => parameters.pack({ 'layer0.weight': array, 'layer1.weight': array })).toThrow(
      'there is no parameter "layer1.weight" here; known are layer0.weight',
    );
    expect(() => new Parameters({ parameters: [...net.parameters, ...net.parameters] })).toThrow(
      'two parameters are named "layer0.weight"',
    );
    const { weights } = trainable({ parameters: prefixed('net', net) });
    expect(() => weights.at('net').get('layer7.weight')).toThrow(
      'there are no weights named "net.layer7.weight"',
    );
  });
});

describe('Layout', () => {
  const layouts = fc
    .tuple(fc.array(fc.tuple(irrepsUpTo(3, 6), fc.boolean()), { minLength: 1, maxLength: 3 }))
    .map(([parts]) => Layout.concat(parts.map(([irreps, padded]) => layoutOf(irreps, padded))));

  test('unpack undoes pack, row by row', () => {
    fc.assert(
      fc.property(layouts, fc.nat({ max: 3 }), (layout, rows) => {
        const x = new Random(1).normals(rows * layout.irreps.dim);
        const packed = layout.pack(x);
        if (layout.cols > 0) expect(packed.length).toBe(rows * layout.cols);
        expect(layout.unpack(packed)).toEqual(x);
        expect(packed.filter((v) => v !== 0).length).toBe(x.length);
      }),
      runs(200),
    );
  });

  test('component k of copy u of a block stands at offset + k stride + u', () => {
    fc.assert(
      fc.property(layouts, (layout) => {
        const columns = layout.columns();
        let at = 0;
        for (const { ir, mul, offset, stride, padded } of layout.blocks) {
          expect(stride).toBeGreaterThanOrEqual(mul);
          expect(padded).toBeGreaterThanOrEqual(mul);
          for (let u = 0; u < mul; u++)
            for (let k = 0; k < ir.dim; k++) expect(columns[at++]).toBe(offset + k * stride + u);
        }
        expect(new Set(columns).size).toBe(layout.irreps.dim);
      }),
      runs(100),
    );
  });

  test('padded layouts start each block, and each component, at a multiple of four', () => {
    fc.assert(
      fc.property(irrepsUpTo(3, 9), (irreps) => {
        for (const { offset, stride, padded } of Layout.of(irreps, 4).blocks)
          expect([offset % 4, stride % 4, padded % 4]).toEqual([0, 0, 0]);
        expect(Layout.of(irreps).cols).toBe(irreps.dim);
        expect(Layout.of(irreps).isPadded).toBe(false);
      }),
      runs(100),
    );
  });

  test('hidden features are padded where that does not cost much', () => {
    const padded = (irreps: string) => Layout.forFeatures(irreps).isPadded;
    expect(['50x0e + 50x1o', '3x0e', '8x0e', '1x0e', '7x0e + 2x1o'].map(padded)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test('errors: no whole number of rows', () => {
    expect(() => Layout.of('2x0e + 1o').pack([1, 2, 3])).toThrow(
      '3 numbers are no whole number of rows of 5',
    );
  });
});

describe('GeometricTensor', () => {
  test('a value must have the columns of its layout', () => {
    expect(() => tensor(input('x', 2, 5), Layout.of('2x1o'))).toThrow(
      'a value of irreps 2x1o has 6 columns, got 2x5',
    );
  });
  test('tensorInput makes the leaf', () => {
    const x = tensorInput('x', 3, '2x0e + 1o');
    expect([x.node.rows, x.node.cols, x.layout.irreps.toString()]).toEqual([3, 5, '2x0e+1x1o']);
    expect(() => tensorInput('x', 3, '2x0e +')).toThrow('"2x0e +" is not a list of irreps');
  });
  test('inLayout names the layer, and moves what is padded otherwise', () => {
    const x = tensorInput('x', 3, Layout.of('5x0e'));
    expect(() => inLayout('my layer', x, Layout.of('5x0o'))).toThrow(
      'my layer was made for irreps 5x0o, but its input has 5x0e',
    );
    expect(inLayout('my layer', x, x.layout)).toBe(x.node);
    const [loose, tight] = [Layout.of('5x0e + 3x1o', 4), Layout.of('5x0e + 3x1o')];
    const numbers = Array.from({ length: 28 }, (_, i) => i + 1);
    const y = tensorInput('y', 2, tight);
    const moved = tensor(inLayout('my layer', y, loose), loose);
    const feeds = { y: tight.pack(numbers) };
    const [there, back] = reference([moved.node, inLayout('my layer', moved, tight)], feeds);
    expect(Array.from(there)).toEqual(Array.from(loose.pack(numbers)));
    expect(Array.from(back)).toEqual(Array.from(feeds.y));
  });
});

describe('buffers', () => {
  const buffer = (
    name: string,
    length: number,
    initial: 'zeros' | 'ones',
    positions: number[] | null = null,
  ) => ({
    ...{ name, shape: [length], packedLength: positions ? 4 : length, initial, buffer: true as const },
    positions: positions && Int32Array.from(positions),
  });
  const part: Module = {
    parameters: [
      { name: 'weight', shape: [3], packedLength: 3, positions: null, initial: 'ones' },
      buffer('running_mean', 2, 'zeros'),
      buffer('running_var', 3, 'ones', [0, 2, 3]),
      buffer('nothing', 0, 'zeros'),
    ],
  };
  const model: Module = { parameters: [...prefixed('a', part), ...prefixed('b', part)] };

  test('are carried by parts, and are not trained', () => {
    const parameters = new Parameters(model);
    expect(parameters.list.map((p) => p.name)).toEqual(['a.weight', 'b.weight']);
    expect(parameters.buffers.map((p) => p.name)).toEqual(
      ['a', 'b'].flatMap((p) => ['running_mean', 'running_var', 'nothing'].map((name) => `${p}.${name}`)),
    );
    expect(parameters.count).toBe(6);
    expect(parameters.length).toBe(2 * ALIGNMENT);
    const initial = parameters.initial(new Random(1));
    expect([...parameters.unpack(initial)['b.weight'].data]).toEqual([1, 1, 1]);
  });

  test('are states, the same ones however often the weights are asked for', () => {
    const parameters = new Parameters(model);
    const row = input('row', 1, parameters.length);
    const [once, again] = [parameters.weights(row), parameters.weights(row)];
    const variance = once.at('b').get('running_var');
    expect(again.at('b').get('running_var')).toBe(variance);
    expect(variance.op.name).toBe('state');
    const [mean, spread] = reference([once.at('a').get('running_mean'), variance]);
    expect([[...mean], [...spread]]).toEqual([
      [0, 0],
      [1, 0, 1, 1],
    ]);
  });

  test('are packed for their states and unpacked from them; what no program has made yet is as it starts', () => {
    const parameters = new Parameters(part);
    const arrays = {
      running_mean: { shape: [2], data: [5, 6] },
      running_var: { shape: [3], data: [7, 8, 9] },
      nothing: { shape: [0], data: [] },
    };
    const states = parameters.packBuffers(arrays);
    expect([...states.running_var]).toEqual([7, 0, 8, 9]);
    const back = parameters.unpackBuffers({ ...states, step: [3] });
    expect(Object.keys(back)).toEqual(['running_mean', 'running_var', 'nothing']);
    expect([...back.running_mean.data, ...back.running_var.data]).toEqual([5, 6, 7, 8, 9]);
    expect([...parameters.unpackBuffers({}).running_var.data]).toEqual([1, 1, 1]);
    const { nothing: _, ...missing } = arrays;
    expect(() => parameters.packBuffers(missing)).toThrow('buffer "nothing" is missing (shape [0])');
    expect(() => parameters.packBuffers({ ...arrays, weight: { shape: [3], data: [1, 2, 3] } })).toThrow(
      'there is no buffer "weight" here; known are running_mean, running_var, nothing',
    );
    expect(() => parameters.packBuffers({ ...arrays, running_mean: { shape: [1], data: [1] } })).toThrow(
      'buffer "running_mean" has shape [2], 2 numbers, but [1], 1 numbers, were given',
    );
    expect(() => parameters.pack(arrays)).toThrow(
      'there is no parameter "running_mean" here; known are weight',
    );
  });
});
