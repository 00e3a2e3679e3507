import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrayOf, bytesIn, type StoredTensor, storedTypes, toNumbers } from '../../src/io/dtype.ts';
import { FileError } from '../../src/io/file-error.ts';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { parseSafetensors } from '../support/fixture.ts';
import { runs } from '../support/property.ts';
import { bytesOf, damaged, isSame, joined, readOrRefuse } from './hostile.ts';

const fixtures = new URL('../fixtures/', import.meta.url);
const sizes = { F64: 8, I64: 8, U64: 8, F32: 4, I32: 4, U32: 4, F16: 2, BF16: 2, I16: 2, U16: 2 };
const sizeOf = (dtype: string) => sizes[dtype as keyof typeof sizes] ?? 1;

/** A file with this header, whatever it is. */
function file(header: string | Uint8Array, data: Uint8Array = new Uint8Array(), length?: bigint): Uint8Array {
  const json = typeof header === 'string' ? bytesOf(header) : header;
  const start = new Uint8Array(8);
  new DataView(start.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  return joined(start, json, data);
}

const name = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', '0', '', 'a.weight', '"\\\n\u0000', 'é😀'),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);
const tensor: fc.Arbitrary<StoredTensor> = fc
  .record({
    dtype: fc.constantFrom(...storedTypes),
    shape: fc.array(fc.nat({ max: 3 }), { maxLength: 3 }),
    seed: fc.infiniteStream(fc.nat({ max: 255 })),
  })
  .map(({ dtype, shape, seed }) => {
    const bytes = new Uint8Array(shape.reduce((a, b) => a * b, 1) * sizeOf(dtype));
    for (let i = 0; i < bytes.length; i++) bytes[i] = seed.next().value!;
    return { dtype, shape, data: arrayOf(dtype, bytes) };
  });
const contents = fc.record({
  tensors: fc
    .array(
      fc.tuple(
        name.filter((n) => n !== '__metadata__'),
        tensor,
      ),
      { maxLength: 5 },
    )
    .map((e) => new Map(e)),
  metadata: fc.array(fc.tuple(name, name), { maxLength: 3 }).map((entries) => new Map(entries)),
});

describe('safetensors', () => {
  test('a file byte by byte', () => {
    const header = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
    const bytes = file(`${header}  `, bytesIn(Float32Array.of(1.5, -0)));
    const { tensors, metadata } = readSafetensors(bytes);
    expect([...tensors]).toEqual([['a', { dtype: 'F32', shape: [2], data: Float32Array.of(1.5, -0) }]]);
    expect(metadata.size).toBe(0);
    expect(writeSafetensors({ tensors })).toEqual(bytes);
    // A Buffer is a view into a pool, and its slice() makes no copy.
    const pooled = Buffer.concat([Buffer.of(0), bytes]).subarray(1);
    expect([...readSafetensors(pooled).tensors]).toEqual([...tensors]);
    expect(writeSafetensors(readSafetensors(pooled))).toEqual(bytes);
  });

  test("e3nn's files: what the tests' own reader finds, and written back bit for bit", () => {
    const names = readdirSync(fixtures).filter((n) => n.endsWith('.safetensors'));
    expect(names.length).toBeGreaterThan(3);
    for (const n of names) {
      const bytes = new Uint8Array(readFileSync(new URL(n, fixtures)));
      const read = readSafetensors(bytes);
      const expected = parseSafetensors(bytes, n);
      expect([...read.tensors.keys()]).toEqual([...expected.keys()]);
      for (const [key, { shape, data }] of expected) {
        expect(read.tensors.get(key)!.shape).toEqual(shape);
        expect(isSame(bytesIn(toNumbers(read.tensors.get(key)!)), bytesIn(data))).toBe(true);
      }
      expect(read.metadata.get('format')).toBe('e3nn-golden/1');
      expect(isSame(writeSafetensors(read), bytes)).toBe(true);
    }
  });

  test('what is written is read: every type, any bits, any name; and the header is aligned', () => {
    fc.assert(
      fc.property(contents, (given) => {
        const bytes = writeSafetensors(given);
        const read = readSafetensors(bytes);
        expect([...read.tensors.keys()]).toEqual([...given.tensors.keys()]);
        expect([...read.metadata]).toEqual([...given.metadata]);
        for (const [key, { dtype, shape, data }] of given.tensors) {
          const found = read.tensors.get(key)!;
          expect([found.dtype, found.shape]).toEqual([dtype, shape]);
          expect(found.data.constructor).toBe(data.constructor);
          expect(bytesIn(found.data)).toEqual(bytesIn(data));
        }
        expect(writeSafetensors(read)).toEqual(bytes);
        const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
        expect(length % 8).toBe(0);
        const json = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
        for (const [key, { dtype }] of given.tensors)
          expect(
            Object.entries<{ data_offsets: number[] }>(json).find(([k]) => k === key)![1].data_offsets[0] %
              sizeOf(dtype),
          ).toBe(0);
      }),
      runs(300),
    );
  });

  test('a header is kept while it is true, and made anew when it is not', () => {
    const x = { dtype: 'U8' as const, shape: [2], data: Uint8Array.of(1, 2) };
    const y = { dtype: 'U8' as const, shape: [1], data: Uint8Array.of(3) };
    // Order of data is not that of the header, and blanks stand where nobody else puts them.
    const header =
      '{ "x" : {"data_offsets":[1,3], "shape":[2],"dtype":"U8"},\n"y":{"dtype":"U8","shape":[ 1 ],"data_offsets":[0,1]},"__metadata__":{"k":"v"} }';
    const bytes = file(header, Uint8Array.of(3, 1, 2));
    const read = readSafetensors(bytes);
    expect([...read.tensors]).toEqual([
      ['x', x],
      ['y', y],
    ]);
    expect(writeSafetensors(read)).toEqual(bytes);
    const changed = { ...read, tensors: new Map([...read.tensors, ['y', { ...y, data: Uint8Array.of(9) }]]) };
    expect(writeSafetensors(changed)).toEqual(file(header, Uint8Array.of(9, 1, 2)));
    for (const other of [
      { ...read, metadata: new Map([['k', 'w']]) },
      { ...read, metadata: new Map() },
      { ...read, tensors: new Map([['x', x]]) },
      { ...read, tensors: new Map([...read.tensors].reverse()) },
      { ...read, tensors: new Map([...read.tensors, ['x', { ...x, shape: [2, 1] }]]) },
    ]) {
      const again = readSafetensors(writeSafetensors(other));
      expect([...again.tensors]).toEqual([...other.tensors]);
      expect([...again.metadata]).toEqual([...other.metadata]);
    }
  });

  const entry = (fields: string) => `{"t":{${fields}}}`;
  const four = new Uint8Array(4);
  const hostile: [string, Uint8Array, string][] = [
    ['nothing', new Uint8Array(), 'byte 0: a file of 0 bytes has no room for the header'],
    ['seven bytes', new Uint8Array(7), 'byte 7: a file of 7 bytes'],
    ['a header beyond the end', file('{}', four, 7n), "the header's length is 7, but only 6 bytes follow"],
    [
      'a huge header',
      file('{}', four, 2n ** 64n - 1n),
      "the header's length is 18446744073709551615, and at most 100000000",
    ],
    ['a header of 2^63', file('{}', four, 2n ** 63n), 'at most 100000000 bytes'],
    ['no header', file(''), 'the header ends where { must stand'],
    ['an array', file('[]'), 'byte 8: there is "[" where { must stand'],
    ['null', file('null'), 'there is "n" where { must stand'],
    ['a byte order mark', file('\ufeff{}'), 'where { must stand'],
    ['deep nesting', file('['.repeat(1e6)), 'there is "[" where { must stand'],
    ['deep nesting inside', file(`{"t":${'{"dtype":'.repeat(1e5)}`), 'there is "{" where \\" must stand'],
    ['no end', file('{"t":{"dtype":"F32"'), 'the header ends where , or } must stand'],
    ['more after the end', file('{}{}'), "there is more after the header's last }, at byte 10 of 12"],
    ['no UTF-8', file(joined(bytesOf('{"'), Uint8Array.of(0xff), bytesOf('":1}'))), 'a string is not UTF-8'],
    ['half a surrogate pair', file('{"\\ud800":{}}'), 'has half a surrogate pair'],
    ['a wrong escape', file('{"\\x":{}}'), 'has a wrong escape'],
    ['a control character', file('{"\n":{}}'), 'the control character 10 stands in a string'],
    ['a string without end', file('{"t'), 'a string does not end'],
    ['an escape at the end', file('{"t\\'), 'a string does not end'],
    [
      'a tensor twice',
      file('{"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"t":{}}'),
      'byte 61: the header has the key "t" twice',
    ],
    [
      'a tensor twice, escaped',
      file('{"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0074":{}}'),
      'the key "t" twice',
    ],
    ['a field twice', file(entry('"dtype":"U8","dtype":"U8"')), 'tensor "t" has the key "dtype" twice'],
    ['metadata twice', file('{"__metadata__":{},"__metadata__":{}}'), 'the key "__metadata__" twice'],
    ['metadata of numbers', file('{"__metadata__":{"a":1}}'), 'there is "1" where \\" must stand'],
    [
      'an unknown field',
      file(entry('"dtype":"U8","stride":[1]')),
      'has the key "stride", which the format does not know',
    ],
    [
      'a field missing',
      file(entry('"dtype":"U8","shape":[1]')),
      'tensor "t" must have dtype, shape and two data_offsets',
    ],
    [
      '8-bit floats',
      file(entry('"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]'), Uint8Array.of(1)),
      'tensor "t": the number type "F8_E4M3" is not one that can be read (F64, F32',
    ],
    ['a type from a prototype', file(entry('"dtype":"constructor"')), 'the number type "constructor"'],
    ['a type that is none', file(entry('"dtype":7')), 'there is "7" where \\" must stand'],
    ['a negative size', file(entry('"dtype":"U8","shape":[-1],"data_offsets":[0,1]')), '"-1],'],
    [
      'a fraction',
      file(entry('"dtype":"U8","shape":[1.5],"data_offsets":[0,1]')),
      'there is "." where , or ] must stand',
    ],
    [
      'an exponent',
      file(entry('"dtype":"U8","shape":[1e3],"data_offsets":[0,1]')),
      'there is "e" where , or ] must stand',
    ],
    ['a leading zero', file(entry('"dtype":"U8","shape":[01]')), 'does not start with a whole number'],
    [
      'a size of 2^53',
      file(entry('"dtype":"U8","shape":[9007199254740992]')),
      'does not start with a whole number from 0 to 2^53 - 1',
    ],
    [
      'a size of a thousand digits',
      file(entry(`"dtype":"U8","shape":[${'9'.repeat(1000)}]`)),
      'does not start with a whole number',
    ],
    [
      'a product beyond 2^53',
      file(entry('"dtype":"U8","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,4]'), four),
      'takes more than 2^53 bytes, but its data_offsets are [0, 4]',
    ],
    [
      'a product that is 0 in 64 bits',
      file(entry('"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]')),
      'takes more than 2^53 bytes',
    ],
    [
      'a huge shape',
      file(entry('"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]'), four),
      'tensor "t": it ends at byte 4000000000000 of the data, which has 4; the file is cut off',
    ],
    [
      'thousands of dimensions',
      file(entry(`"dtype":"U8","shape":[${'1,'.repeat(5000)}1],"data_offsets":[0,1]`)),
      'there are more than 64 numbers in a list',
    ],
    [
      'three offsets',
      file(entry('"dtype":"U8","shape":[1],"data_offsets":[0,1,2]')),
      'there are more than 2 numbers in a list',
    ],
    [
      'one offset',
      file(entry('"dtype":"U8","shape":[0],"data_offsets":[0]')),
      'must have dtype, shape and two data_offsets',
    ],
    [
      'offsets the wrong way',
      file(entry('"dtype":"U8","shape":[0],"data_offsets":[4,0]'), four),
      'takes 0 bytes, but its data_offsets are [4, 0]',
    ],
    [
      'too few bytes for the shape',
      file(entry('"dtype":"F64","shape":[1],"data_offsets":[0,4]'), four),
      'F64 of shape [1] takes 8 bytes, but its data_offsets are [0, 4]',
    ],
    [
      'data cut off',
      file(entry('"dtype":"U8","shape":[5],"data_offsets":[0,5]'), four),
      'it ends at byte 5 of the data, which has 4',
    ],
    [
      'bytes of nobody',
      file(entry('"dtype":"U8","shape":[3],"data_offsets":[0,3]'), four),
      '1 bytes at the end belong to no tensor',
    ],
    [
      'a hole',
      file(entry('"dtype":"U8","shape":[3],"data_offsets":[1,4]'), four),
      'it starts at byte 1 of the data, and the one before ends at 0: there is a hole',
    ],
    [
      'an overlap',
      file(
        '{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}',
        four,
      ),
      'tensor "b": it starts at byte 2 of the data, and the one before ends at 3: they overlap',
    ],
    [
      'two at one place',
      file(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}',
        four,
      ),
      'they overlap',
    ],
    [
      'an empty tensor in the middle of another',
      file(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}',
        four,
      ),
      'tensor "b": it starts at byte 2',
    ],
  ];
  test.each(hostile)('refused: %s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(FileError);
    expect(() => readSafetensors(bytes)).toThrow(message.replaceAll('\\"', '"'));
  });

  test('names of prototypes are names like others', () => {
    const header =
      '{"__proto__":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"__metadata__":{"__proto__":"x"}}';
    const { tensors, metadata } = readSafetensors(file(header, Uint8Array.of(5)));
    expect(tensors.get('__proto__')!.data).toEqual(Uint8Array.of(5));
    expect(metadata.get('__proto__')).toBe('x');
  });

  test('a damaged file is read and written back, or refused', () => {
    const valid = writeSafetensors({
      tensors: new Map<string, StoredTensor>([
        ['layer.weight', { dtype: 'F32', shape: [2, 50], data: new Float32Array(100).fill(0.1) }],
        ['mask', { dtype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) }],
        ['none', { dtype: 'F64', shape: [0], data: new Float64Array() }],
      ]),
      metadata: new Map([['format', 'pt']]),
    });
    let accepted = 0;
    fc.assert(
      fc.property(damaged(valid, valid.length - 403), (bytes) => {
        const read = readOrRefuse(() => readSafetensors(bytes));
        if (!read) return;
        accepted++;
        expect(writeSafetensors(read)).toEqual(bytes);
      }),
      runs(3000),
    );
    // Damage to data alone makes another file that is valid: both ways are tested.
    expect(accepted).toBeGreaterThan(30);
    expect(accepted).toBeLessThan(2000);
  });

  test('headers of any numbers are read and written back, or refused', () => {
    const number = fc.constantFrom(
      '0',
      '1',
      '2',
      '3',
      '4',
      '8',
      '-1',
      '4294967296',
      '9007199254740991',
      '1e3',
      'null',
    );
    const list = fc.array(number, { maxLength: 3 }).map((items) => `[${items}]`);
    const fields = fc.record({
      dtype: fc.constantFrom('"U8"', '"F32"', '"BF16"', '"F4"', '{}'),
      shape: list,
      data_offsets: fc.oneof(
        fc.tuple(number, number).map((pair) => `[${pair}]`),
        list,
      ),
    });
    const member = fc
      .tuple(fc.constantFrom('a', 'b', '__proto__', '__metadata__'), fields)
      .map(([key, f]) => `"${key}":{${Object.entries(f).map(([k, v]) => `"${k}":${v}`)}}`);
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(member, { maxLength: 3 }), fc.nat({ max: 8 }), (members, length) => {
        const bytes = file(`{${members}}`, new Uint8Array(length));
        const read = readOrRefuse(() => readSafetensors(bytes));
        if (read) {
          accepted++;
          expect(writeSafetensors(read)).toEqual(bytes);
        }
      }),
      runs(5000),
    );
    expect(accepted).toBeGreaterThan(20);
  });

  test('what cannot be written is said before anything is', () => {
    const write = (key: string, tensor: StoredTensor) => () =>
      writeSafetensors({ tensors: new Map([[key, tensor]]) });
    const data = Float32Array.of(1);
    expect(write('t', { dtype: 'F32', shape: [2], data })).toThrow(
      'tensor "t" of shape [2] has 2 numbers, but 1 were given',
    );
    expect(write('t', { dtype: 'F64', shape: [1], data })).toThrow(
      'tensor "t" is F64, but its data a Float32Array',
    );
    expect(write('t', { dtype: 'F32', shape: [-1], data })).toThrow('has the shape [-1]');
    expect(write('__metadata__', { dtype: 'F32', shape: [1], data })).toThrow(
      'no tensor can be named "__metadata__"',
    );
    expect(write('\ud800', { dtype: 'F32', shape: [1], data })).toThrow('half a surrogate pair');
  });
});

describe('toNumbers', () => {
  test('half precision: every number of both kinds', () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const half = toNumbers({ dtype: 'F16', shape: [65536], data: bits });
    // The definition of IEEE 754 binary16.
    bits.forEach((b, i) => {
      const [sign, e, f] = [b & 0x8000 ? -1 : 1, (b >> 10) & 31, b & 1023];
      const expected =
        e === 31
          ? f
            ? Number.NaN
            : sign * Number.POSITIVE_INFINITY
          : e
            ? sign * 2 ** (e - 15) * (1 + f / 1024)
            : sign * 2 ** -14 * (f / 1024);
      if (!Object.is(half[i], expected)) expect(half[i]).toBe(expected);
    });
    const brain = toNumbers({ dtype: 'BF16', shape: [65536], data: bits });
    const view = new DataView(new ArrayBuffer(4));
    bits.forEach((b, i) => {
      view.setUint16(0, b);
      if (!Object.is(brain[i], view.getFloat32(0))) expect(brain[i]).toBe(view.getFloat32(0));
    });
  });

  test('64-bit integers beyond 2^53 are refused', () => {
    const data = BigInt64Array.of(1n, -(2n ** 53n) + 1n, 2n ** 53n);
    expect(() => toNumbers({ dtype: 'I64', shape: [3], data })).toThrow('number 2 is 9007199254740992');
    expect(toNumbers({ dtype: 'I64', shape: [2], data: data.slice(0, 2) })).toEqual(
      Float64Array.of(1, -(2 ** 53) + 1),
    );
  });
});
