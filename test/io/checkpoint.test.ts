import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../../src/io/checkpoint.ts';
import { conventions, describedModel, type ModelDescription } from '../../src/io/conventions.ts';
import { bytesIn, type StoredArray, type StoredTensor } from '../../src/io/dtype.ts';
import { FileError } from '../../src/io/file-error.ts';
import type { Json } from '../../src/io/json.ts';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { simpleNetwork } from '../../src/models/gate-points-networks.ts';
import { batchNorm } from '../../src/nn/batch-norm.ts';
import { fullyConnectedNet } from '../../src/nn/fully-connected-net.ts';
import { linear } from '../../src/nn/linear.ts';
import { Parameters, prefixed } from '../../src/nn/parameters.ts';
import { wigner3j } from '../../src/o3/clebsch-gordan.ts';
import { loadFamily, parseSafetensors } from '../support/fixture.ts';
import { trainable } from '../support/layers.ts';
import { runs } from '../support/property.ts';
import { damaged, isSame, readOrRefuse } from './hostile.ts';

type Numbers = Record<string, [readonly number[], ArrayLike<number>]>;
type Floats = 'F64' | 'F32';

const tensorsOf = (numbers: Numbers, dtype: Floats = 'F64'): Map<string, StoredTensor> =>
  new Map(
    Object.entries(numbers).map(([name, [shape, data]]) => [
      name,
      { dtype, shape, data: dtype === 'F64' ? Float64Array.from(data) : Float32Array.from(data) },
    ]),
  );

/** A linear layer with padding, biases, and a radial network: 12 + 4 weights, 2 biases. */
const module = {
  parameters: [
    ...prefixed('lin', linear('3x0e + 2x1o', '2x0e + 3x1o', { biases: true })),
    ...prefixed('fc', fullyConnectedNet([1, 2, 1], 'silu')),
  ],
};
const parameters = new Parameters(module);

/** Finite 32-bit numbers of every kind: denormals, -0, the largest. */
const float = fc
  .oneof(
    fc.constantFrom(0, 0x80000000, 1, 0x807fffff, 0x7f7fffff, 0x3f800001),
    fc.integer({ min: 0, max: 0xffffffff }),
  )
  .map((bits) => new Float32Array(Uint32Array.of(bits).buffer)[0])
  .filter(Number.isFinite);

/** A packed row with any numbers, and zeros in padding. */
const row = fc.array(float, { minLength: parameters.count, maxLength: parameters.count }).map((values) => {
  let at = 0;
  return Float32Array.from(
    parameters.pack(
      Object.fromEntries(
        parameters.list.map(({ name, shape }) => {
          const size = shape.reduce((a, b) => a * b, 1);
          at += size;
          return [name, { shape, data: values.slice(at - size, at) }];
        }),
      ),
    ),
  );
});

function sameBits(a: StoredArray, b: StoredArray): void {
  expect(a.constructor).toBe(b.constructor);
  expect(isSame(bytesIn(a), bytesIn(b))).toBe(true);
}

describe('e3nn state dicts', () => {
  const cases = [
    ['network', 'tetris_small', 'F64'],
    ['network_full', 'tetris_full', 'F32'],
  ] as const;
  test.each(cases)('%s: loads, and is written back bit for bit', (family, name, dtype) => {
    const { json, tensor } = loadFamily(family);
    const found = json.cases.find((c: { name: string }) => c.name === name);
    const stored = parseSafetensors(
      process
        .getBuiltinModule('node:fs')
        .readFileSync(new URL(`../fixtures/${family}.safetensors`, import.meta.url)),
    );
    const numbers: Numbers = Object.fromEntries(
      Object.entries<number[]>(found.state_dict_shapes).map(([key, shape]) => {
        const size = shape.reduce((a, b) => a * b, 1);
        const mask = found.output_masks?.[key];
        const ones = new Float64Array(size).fill(1);
        const data = key.endsWith('output_mask')
          ? mask
            ? tensor(mask).data
            : ones
          : (stored.get(`cases/${name}/parameters/${key}`)?.data ?? new Float64Array());
        return [key, [shape, data]];
      }),
    );
    const bytes = writeSafetensors({ tensors: tensorsOf(numbers, dtype) });
    const { args } = found;
    const all = new Parameters(
      simpleNetwork({
        irrepsIn: args.irreps_in,
        irrepsOut: args.irreps_out,
        maxRadius: args.max_radius,
        numNeighbors: args.num_neighbors,
        numNodes: args.num_nodes,
        mul: args.mul,
        layers: args.layers,
        lmax: args.lmax,
      }),
    );
    const { values, origin } = decodeCheckpoint(bytes, { parameters: all });
    const back = all.unpack(values);
    for (const { name: key } of all.list)
      sameBits(Float32Array.from(back[key].data), Float32Array.from(numbers[key][1]));
    expect(isSame(encodeCheckpoint({ values, origin }, { parameters: all }), bytes)).toBe(true);

    // One number changed: its place, and nothing else.
    const changed = values.slice();
    changed[0] += 1;
    const other = encodeCheckpoint({ values: changed, origin }, { parameters: all });
    expect(other.length).toBe(bytes.length);
    const size = dtype === 'F64' ? 8 : 4;
    const start = readSafetensors(other).header.length + 8;
    expect(isSame(other.subarray(start + size), bytes.subarray(start + size))).toBe(true);
    expect(isSame(other.subarray(0, start), bytes.subarray(0, start))).toBe(true);
    expect(decodeCheckpoint(other, { parameters: all }).values[0]).toBe(changed[0]);
  });

  const small = new Parameters(fullyConnectedNet([1, 2], 'silu'));
  const load = (tensors: Map<string, StoredTensor>, metadata?: Map<string, string>) =>
    decodeCheckpoint(writeSafetensors({ tensors, metadata }), { parameters: small });

  test('64-bit numbers keep their digits until they change', () => {
    const bytes = writeSafetensors({
      tensors: tensorsOf({
        'layer0.weight': [
          [1, 2],
          [0.1, 0.2],
        ],
      }),
    });
    const { values, origin } = decodeCheckpoint(bytes, { parameters: small });
    expect(values.slice(0, 2)).toEqual(Float32Array.of(0.1, 0.2));
    values[1] = 0.3;
    const after = readSafetensors(encodeCheckpoint({ values, origin }, { parameters: small }));
    expect(after.tensors.get('layer0.weight')!.data).toEqual(Float64Array.of(0.1, Math.fround(0.3)));
    // -0 is not 0: 1e-60 is 0 in 32 bits.
    const tiny = writeSafetensors({
      tensors: tensorsOf({
        'layer0.weight': [
          [1, 2],
          [1e-60, 1e-60],
        ],
      }),
    });
    const zero = decodeCheckpoint(tiny, { parameters: small });
    zero.values[1] = -0;
    const signed = readSafetensors(encodeCheckpoint(zero, { parameters: small }));
    expect(signed.tensors.get('layer0.weight')!.data).toEqual(Float64Array.of(1e-60, -0));
  });

  test('half precision is kept while it holds the numbers, and becomes F32 when it does not', () => {
    for (const [dtype, bits] of [
      ['F16', 0x3555],
      ['BF16', 0x3eab],
    ] as const) {
      const weight = { dtype, shape: [1, 2], data: Uint16Array.of(bits, 0) };
      const bytes = writeSafetensors({ tensors: new Map([['layer0.weight', weight]]) });
      const { values, origin } = decodeCheckpoint(bytes, { parameters: small });
      expect(values[0]).toBeCloseTo(1 / 3, 2);
      expect(encodeCheckpoint({ values, origin }, { parameters: small })).toEqual(bytes);
      values[1] = 0.1;
      const after = readSafetensors(encodeCheckpoint({ values, origin }, { parameters: small }));
      expect(after.tensors.get('layer0.weight')).toEqual({
        dtype: 'F32',
        shape: [1, 2],
        data: values.slice(0, 2),
      });
    }
  });

  test('what modules of e3nn keep besides is checked and kept; anything else is refused', () => {
    const weight = tensorsOf({
      'layer0.weight': [
        [1, 2],
        [1, 2],
      ],
    });
    const w3j: [readonly number[], ArrayLike<number>] = [[3, 3, 1], wigner3j(1, 1, 0)];
    const extra = (numbers: Numbers) => new Map([...tensorsOf(numbers), ...weight]);
    const good = extra({
      'tp.weight': [[0], []],
      'tp.output_mask': [[3], [1, 0, 1]],
      'tp.code._w3j_1_1_0': w3j,
    });
    const file = load(good);
    expect([...file.origin.tensors]).toEqual([...good]);
    expect([...readSafetensors(encodeCheckpoint(file, { parameters: small })).tensors]).toEqual([...good]);
    const mask = { dtype: 'I64' as const, shape: [1], data: BigInt64Array.of(2n ** 60n) };
    expect(() => load(new Map([...weight, ['a.output_mask', mask]]))).toThrow('zeros and ones');
    expect(() => load(extra({ 'a.output_mask': [[2], [1, 0.5]] }))).toThrow(
      'checkpoint, tensor "a.output_mask": an output mask is a vector of zeros and ones; its shape is [2]',
    );
    const negative = wigner3j(1, 1, 0).map((v) => -v);
    expect(() => load(extra({ _w3j_1_1_0: [[3, 3, 1], negative] }))).toThrow(
      /entry 0 of the Wigner 3j symbol is -0.577\d+ in the file and 0.577\d+ here: it was saved under other conventions/,
    );
    expect(() => load(extra({ _w3j_1_1_3: [[3, 3, 7], new Float64Array(63)], b: [[1], [1]] }))).toThrow(
      'checkpoint, tensors: the model has no "_w3j_1_1_3", "b"; load it into the model that it was saved from',
    );
    expect(() => load(tensorsOf({ 'layer1.weight': [[1], [1]] }))).toThrow(
      'the file lacks "layer0.weight", and the model has no "layer1.weight"',
    );
    // torch's wrappers put something in front of all names.
    const wrapped = (prefix: string) => new Map([...good].map(([name, one]) => [prefix + name, one]));
    for (const prefix of ['module.', 'model.net.'])
      expect(() => load(wrapped(prefix))).toThrow(
        `all names of the file start with "${prefix}", which the model's do not: take it off them`,
      );
    expect(() => load(new Map([...wrapped('module.'), ['b', weight.get('layer0.weight')!]]))).toThrow(
      'load it into the model that it was saved from',
    );
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`x${i}`, [[1], [1]]])) as Numbers;
    expect(() => load(extra(many))).toThrow('"x9", ... (1000 in all)');
  });

  test('a parameter without numbers may be missing', () => {
    const both = new Parameters({
      parameters: [...prefixed('none', linear('0e', '1o')), ...fullyConnectedNet([1, 2], 'silu').parameters],
    });
    expect(both.list.map(({ shape }) => shape)).toEqual([[0], [1, 2]]);
    const bytes = writeSafetensors({
      tensors: tensorsOf({
        'layer0.weight': [
          [1, 2],
          [1, 2],
        ],
      }),
    });
    const file = decodeCheckpoint(bytes, { parameters: both });
    expect(encodeCheckpoint(file, { parameters: both })).toEqual(bytes);
    const trained = { ...file, rows: { ema: file.values } };
    const again = decodeCheckpoint(encodeCheckpoint(trained, { parameters: both }), { parameters: both });
    expect(again.rows.ema).toEqual(file.values);
  });

  test('shapes, types and numbers that cannot be parameters are refused', () => {
    const weight =
      (dtype: 'F64' | 'I32', shape: number[], ...numbers: number[]) =>
      () =>
        load(
          new Map([
            [
              'layer0.weight',
              { dtype, shape, data: dtype === 'F64' ? Float64Array.from(numbers) : Int32Array.from(numbers) },
            ],
          ]),
        );
    expect(weight('F64', [2, 1], 1, 2)).toThrow(
      'checkpoint, tensor "layer0.weight": its shape is [2,1], and the model has [1,2] there',
    );
    expect(weight('I32', [1, 2], 1, 2)).toThrow(
      'its number type is I32, and parameters are F64, F32, F16 or BF16',
    );
    expect(weight('F64', [1, 2], 1, Number.NaN)).toThrow('number 1 is NaN, and all must be finite');
    expect(weight('F64', [1, 2], 1e300, 1)).toThrow('number 0 is 1e+300, and all must be finite in 32-bit');
  });

  test('running statistics travel as e3nn names them', () => {
    const layer = { parameters: prefixed('bn', batchNorm('3x0e + 2x1o')) };
    const all = new Parameters(layer);
    const numbers: Numbers = Object.fromEntries(
      layer.parameters.map(({ name, shape }, i) => [
        name,
        [shape, Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, j) => 0.1 + i + j)],
      ]),
    );
    expect(all.buffers.map(({ name }) => name)).toEqual(['bn.running_mean', 'bn.running_var']);
    const bytes = writeSafetensors({ tensors: tensorsOf(numbers) });
    const file = decodeCheckpoint(bytes, { parameters: all });
    expect(all.unpackBuffers(file.buffers)['bn.running_mean'].data).toEqual(
      Float64Array.from(numbers['bn.running_mean'][1], Math.fround),
    );
    expect(isSame(encodeCheckpoint(file, { parameters: all }), bytes)).toBe(true);
    file.buffers['bn.running_var'][0] = 9;
    const after = decodeCheckpoint(encodeCheckpoint(file, { parameters: all }), { parameters: all });
    expect(after.buffers['bn.running_var'][0]).toBe(9);
  });
});

describe('checkpoints of training', () => {
  const json = fc.jsonValue({ maxDepth: 3, noUnicodeString: false }) as fc.Arbitrary<Json>;
  const key = fc.oneof(
    fc.constantFrom('ema', 'adam.exp_avg', '__proto__', 'constructor'),
    fc.string({ maxLength: 5 }),
  );
  const checkpoints: fc.Arbitrary<Checkpoint> = fc.record({
    values: row,
    rows: fc.dictionary(
      key.filter((k) => k !== '' && k !== 'state' && !k.includes('/')),
      row,
      { maxKeys: 3 },
    ),
    states: fc.dictionary(
      key,
      fc.oneof(
        fc.array(float, { maxLength: 3 }).map((v) => Float32Array.from(v)),
        fc.uint32Array({ maxLength: 5 }),
        fc.bigUint64Array({ maxLength: 2 }),
        fc
          .array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 3 })
          .map((v) => Float64Array.from(v)),
      ),
      { maxKeys: 3 },
    ),
    training: json,
  });

  test('every number comes back in the same bits, and the same file is written again', () => {
    fc.assert(
      fc.property(checkpoints, (given) => {
        const bytes = encodeCheckpoint(given, { parameters });
        const back = decodeCheckpoint(bytes, { parameters });
        sameBits(back.values, given.values as Float32Array);
        expect(Object.keys(back.rows).sort()).toEqual(Object.keys(given.rows!).sort());
        for (const [name, r] of Object.entries(given.rows!)) sameBits(back.rows[name], r as Float32Array);
        expect(Object.keys(back.states).sort()).toEqual(Object.keys(given.states!).sort());
        for (const [name, s] of Object.entries(given.states!)) sameBits(back.states[name], s);
        expect(back.training).toEqual(given.training);
        expect(isSame(encodeCheckpoint(back, { parameters }), bytes)).toBe(true);
      }),
      runs(200),
    );
  });

  const values = trainable(module).values;
  const description: ModelDescription = {
    name: 'tiny',
    options: { mul: 3, irreps: ['0e', '1o'], nested: { a: 1, b: null } },
    irreps: { in: '3x0e + 2x1o' },
  };
  const full: Checkpoint = {
    values,
    rows: { 'adam.exp_avg': values, ema: values },
    states: { 'adam.step': Float32Array.of(12) },
    training: { epoch: 2, random: [1, 2, 3, 4] },
  };

  test("torch finds e3nn's state dict under its own names", () => {
    const found = parseSafetensors(encodeCheckpoint(full, { parameters, description }));
    const names = [...found.keys()].filter((name) => !name.includes('/'));
    expect(names).toEqual(parameters.list.map(({ name }) => name));
    const expected = parameters.unpack(Float32Array.from(values));
    for (const name of names) {
      expect(found.get(name)!.shape).toEqual(expected[name].shape);
      expect(found.get(name)!.data).toEqual(expected[name].data);
      expect(found.get(`ema/${name}`)).toEqual(found.get(name));
    }
    expect([...found.keys()].filter((name) => name.startsWith('state/'))).toEqual(['state/adam.step']);
  });

  test('a state dict that was trained keeps its form, and takes the training along', () => {
    const bytes = writeSafetensors({
      tensors: new Map([
        ...tensorsOf({ 'lin.output_mask': [[1], [1]] }),
        ...[
          ...tensorsOf(
            Object.fromEntries(
              parameters.list.map(({ name, shape }) => [name, [shape, parameters.unpack(values)[name].data]]),
            ),
          ),
        ].reverse(),
      ]),
      metadata: new Map([['format', 'pt']]),
    });
    const bare = decodeCheckpoint(bytes, { parameters });
    const saved = encodeCheckpoint(
      { ...full, values: bare.values, origin: bare.origin },
      { parameters, description },
    );
    const file = readSafetensors(saved);
    expect([...file.tensors].slice(0, bare.origin.tensors.size)).toEqual([...bare.origin.tensors]);
    expect(file.metadata.get('format')).toBe('pt');
    expect(file.metadata.get('layout')).toBe('mul_ir');
    // And without training it is the state dict again; what described it stays.
    const resumed = decodeCheckpoint(saved, { parameters, description });
    const plain = readSafetensors(
      encodeCheckpoint({ values: resumed.values, origin: resumed.origin }, { parameters }),
    );
    expect([...plain.tensors]).toEqual([...bare.origin.tensors]);
    expect(plain.metadata.has('clebsch.training')).toBe(false);
  });

  test('the metadata say what the numbers mean, and a file that says otherwise is refused by both names', () => {
    const { metadata } = readSafetensors(encodeCheckpoint({ values }, { parameters, description }));
    expect(Object.fromEntries(metadata)).toEqual({
      'clebsch.format': '1',
      axis_order: 'xyz, polar axis y',
      irrep_normalization: 'component',
      path_normalization: 'element',
      harmonics_normalization: 'component',
      layout: 'mul_ir',
      e3nn: '0.6',
      'clebsch.model': 'tiny',
      'clebsch.options': '{"irreps":["0e","1o"],"mul":3,"nested":{"a":1,"b":null}}',
      'clebsch.irreps': '{"in":"3x0e+2x1o"}',
    });
    expect(describedModel(metadata)).toEqual({ ...description, irreps: { in: '3x0e+2x1o' } });
    const bytes = encodeCheckpoint({ values }, { parameters, description });
    const file = readSafetensors(bytes);
    const load = (changes: Record<string, string>, wanted: ModelDescription | undefined = description) =>
      decodeCheckpoint(
        writeSafetensors({ ...file, metadata: new Map([...file.metadata, ...Object.entries(changes)]) }),
        {
          parameters,
          description: wanted,
        },
      );
    expect(load({}).values).toEqual(Float32Array.from(values));
    expect(load({ 'clebsch.irreps': '{"in":"3x0e + 2x1o"}' }).training).toBe(null);
    const stated: [string, string, string][] = [
      ['clebsch.format', '2', '"2", and "1" is wanted'],
      ['axis_order', 'yzx', 'metadata "axis_order": the file has "yzx", and "xyz, polar axis y" is wanted'],
      ['irrep_normalization', 'norm', '"norm", and "component"'],
      ['path_normalization', 'path', '"path", and "element"'],
      ['harmonics_normalization', 'integral', '"integral", and "component"'],
      ['layout', 'ir_mul', '"ir_mul", and "mul_ir"'],
      ['e3nn', '0.3', '"0.3", and "0.6"'],
      ['clebsch.model', 'other', '"other", and "tiny"'],
      [
        'clebsch.options',
        '{"irreps":["0e","1o"],"mul":4,"nested":{"a":1,"b":null}}',
        'options.mul: the file has 4, and the model that it is to be loaded into 3',
      ],
      [
        'clebsch.options',
        '{"irreps":["0e","1e"],"mul":3,"nested":{"a":1,"b":null}}',
        'options.irreps[1]: the file has "1e", and the model that it is to be loaded into "1o"',
      ],
      [
        'clebsch.options',
        '{"mul":3}',
        'options.irreps: the file has not given, and the model that it is to be loaded into ["0e","1o"]',
      ],
      ['clebsch.options', '[', 'metadata "clebsch.options": not JSON'],
      ['clebsch.options', '['.repeat(100), 'JSON more than 64 levels deep'],
      ['clebsch.options', ' '.repeat(1_000_001), '1000001 characters of JSON; at most 1000000 are read'],
      [
        'clebsch.irreps',
        '{"in":"3x0e+2x1e"}',
        'irreps.in: the file has "3x0e+2x1e", and the model that it is to be loaded into "3x0e+2x1o"',
      ],
      ['clebsch.irreps', '{"in":"3x"}', 'metadata "clebsch.irreps": "3x" is not a list of irreps'],
      ['clebsch.irreps', '{"in":7}', 'irreps must be text'],
      ['clebsch.irreps', '7', 'it must be a JSON object'],
      ['clebsch.training', '{', 'metadata "clebsch.training": not JSON'],
    ];
    for (const [key, value, message] of stated) {
      expect(() => load({ [key]: value }), `${key} ${value.slice(0, 50)}`).toThrow(FileError);
      expect(() => load({ [key]: value })).toThrow(message);
    }
    // Another convention may be the model's own.
    const own = { ...conventions, path_normalization: 'path' };
    const other = encodeCheckpoint({ values }, { parameters, conventions: own });
    expect(decodeCheckpoint(other, { parameters, conventions: own }).values).toEqual(
      Float32Array.from(values),
    );
    expect(() => decodeCheckpoint(other, { parameters })).toThrow('"path", and "element"');
    expect(decodeCheckpoint(other, { parameters, conventions: own, description }).training).toBe(null);
  });

  test('what could not be resumed from is not written', () => {
    const encode = (changes: Partial<Checkpoint>) => () =>
      encodeCheckpoint({ ...full, ...changes }, { parameters });
    const changed = (i: number, v: number) => values.map((old, j) => (j === i ? v : old));
    const padding = values.indexOf(0);
    expect(encode({ values: values.slice(1) })).toThrow(
      `values: ${values.length - 1} numbers, but the packed row has ${values.length}`,
    );
    expect(encode({ values: changed(0, Number.NaN) })).toThrow(
      'values: number 0 is NaN; all must be finite in 32 bits. Nothing was written',
    );
    expect(encode({ rows: { ema: changed(0, 1e300) } })).toThrow('row "ema": number 0 is 1e+300');
    expect(encode({ values: changed(padding, 3) })).toThrow(
      `values: column ${padding} is padding and holds 3; padding must be zero`,
    );
    expect(encode({ values: changed(padding, -0) })).not.toThrow();
    expect(encode({ rows: { 'a/b': values } })).toThrow('a row cannot be named "a/b"');
    expect(encode({ rows: { state: values } })).toThrow('a row cannot be named "state"');
    expect(encode({ states: { x: Float32Array.of(1, Infinity) } })).toThrow(
      'state "x": number 1 is Infinity; all must be finite',
    );
    expect(encode({ states: { x: [1] as unknown as Float32Array } })).toThrow('state "x" is no typed array');
    expect(encode({ training: { loss: [1, Number.NaN] } })).toThrow(
      'training.loss[1] is NaN; JSON has finite numbers',
    );
    expect(encode({ training: { at: new Date(0) } as unknown as Json })).toThrow(
      'training.at is Thu Jan 01 1970',
    );
    expect(encode({ training: ' '.repeat(1e6) })).toThrow(
      'at most 1000000 are allowed; put long arrays into states',
    );
  });

  test('rows that are not those of the model are refused', () => {
    const file = readSafetensors(encodeCheckpoint(full, { parameters }));
    const load = (change: (tensors: Map<string, StoredTensor>) => void) => () => {
      const tensors = new Map(file.tensors);
      change(tensors);
      return decodeCheckpoint(writeSafetensors({ ...file, tensors }), { parameters });
    };
    expect(load((t) => t.delete('ema/lin.weight'))).toThrow(
      'row "ema": there is nothing of the parameter "lin.weight"',
    );
    expect(load((t) => t.set('ema/other', t.get('ema/lin.bias')!))).toThrow(
      'row "ema": the model has no parameter "other"',
    );
    expect(load((t) => t.set('/lin.bias', t.get('ema/lin.bias')!))).toThrow('its row has no name');
    const nan = { dtype: 'F32' as const, shape: [1], data: Float32Array.of(Number.NaN) };
    expect(load((t) => t.set('state/x', nan))).toThrow('tensor "state/x": number 0 is NaN');
    expect(load((t) => t.set('ema/lin.bias', nan))).toThrow(
      'tensor "ema/lin.bias": its shape is [1], and the model has [2]',
    );
  });

  test('a damaged checkpoint is read and written back, or refused', () => {
    const valid = encodeCheckpoint(full, { parameters, description });
    const header = readSafetensors(valid).header.length + 8;
    let accepted = 0;
    fc.assert(
      fc.property(damaged(valid, header), (bytes) => {
        const back = readOrRefuse(() => decodeCheckpoint(bytes, { parameters, description }));
        if (!back) return;
        accepted++;
        const again = decodeCheckpoint(encodeCheckpoint(back, { parameters, description }), { parameters });
        sameBits(again.values, back.values);
        expect(again.training).toEqual(back.training);
      }),
      runs(1500),
    );
    expect(accepted).toBeGreaterThan(3);
  });

  test('parameters have no slashes in their names', () => {
    const slashed = new Parameters({ parameters: prefixed('a/b', fullyConnectedNet([1, 1], 'silu')) });
    expect(() =>
      encodeCheckpoint({ values: new Float32Array(slashed.length) }, { parameters: slashed }),
    ).toThrow('parameter "a/b.layer0.weight" has a slash in its name');
  });
});
