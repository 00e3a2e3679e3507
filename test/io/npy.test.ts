import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesIn, type StoredArray } from '../../src/io/dtype.ts';
import { FileError } from '../../src/io/file-error.ts';
import { readNpy } from '../../src/io/npy.ts';
import { runs } from '../support/property.ts';
import { bytesOf, damaged, joined, readOrRefuse } from './hostile.ts';

/** A file as numpy.save writes it. */
function npy(header: string, data: Uint8Array, version = 1): Uint8Array {
  const length = new Uint8Array(version === 1 ? 2 : 4);
  new DataView(length.buffer).setUint16(0, header.length, true);
  return joined(
    Uint8Array.of(0x93),
    bytesOf('NUMPY'),
    Uint8Array.of(version, 0),
    length,
    bytesOf(header),
    data,
  );
}
const header = (descr: string, fortran: string, shape: string) =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`.padStart(118);

test('every type, in every version, from little and big ends', () => {
  const cases: [string, string, StoredArray][] = [
    ['f8', 'F64', Float64Array.of(1.5, -0)],
    ['f4', 'F32', Float32Array.of(1.5, Number.NaN)],
    ['f2', 'F16', Uint16Array.of(0x3c00, 1)],
    ['i8', 'I64', BigInt64Array.of(-5n, 2n ** 60n)],
    ['u8', 'U64', BigUint64Array.of(5n, 2n ** 63n)],
    ['i4', 'I32', Int32Array.of(-5, 70000)],
    ['u4', 'U32', Uint32Array.of(5, 4e9)],
    ['i2', 'I16', Int16Array.of(-5, 300)],
    ['u2', 'U16', Uint16Array.of(5, 60000)],
    ['i1', 'I8', Int8Array.of(-5, 3)],
    ['u1', 'U8', Uint8Array.of(5, 250)],
    ['b1', 'BOOL', Uint8Array.of(0, 1)],
  ];
  for (const [type, dtype, data] of cases)
    for (const version of [1, 2, 3])
      for (const order of '<>|=') {
        const bytes = bytesIn(data.slice());
        if (order === '>') {
          bytes.reverse();
          bytes.set(joined(bytes.slice(bytes.length / 2), bytes.slice(0, bytes.length / 2)));
        }
        const read = readNpy(npy(header(order + type, 'False', '(2,)'), bytes, version));
        expect(read).toEqual({ dtype, shape: [2], data });
        expect(bytesIn(read.data)).toEqual(bytesIn(data));
      }
});

test("Fortran's order is converted", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 4 }), { maxLength: 4 }), (shape) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const data = new Uint32Array(size);
      // Entry [i, j, k] is its place in row-major order; in the file the first index runs fastest.
      for (let at = 0; at < size; at++) {
        let [rest, place] = [at, 0];
        const index = shape.map((n) => {
          const i = rest % n;
          rest = (rest - i) / n;
          return i;
        });
        for (let k = 0; k < shape.length; k++) place = place * shape[k] + index[k];
        data[at] = place;
      }
      const tuple = shape.length === 1 ? `(${shape},)` : `(${shape.join(', ')})`;
      const read = readNpy(npy(header('<u4', 'True', tuple), bytesIn(data)));
      expect(read).toEqual({ dtype: 'U32', shape, data: data.map((_, i) => i) });
    }),
    runs(200),
  );
});

test.each<[string, Uint8Array, string]>([
  ['nothing', new Uint8Array(), 'npy, byte 0: the file does not start as .npy files do'],
  ['another file', bytesOf('PK\x03\x04 and more of it'), 'save it with numpy.save'],
  ['version 9', npy(header('<f8', 'False', '()'), new Uint8Array(8), 9), 'byte 6: format version 9'],
  [
    'a header beyond the end',
    npy('{', new Uint8Array()).slice(0, 10),
    "the header's length is 1, but only 0 bytes follow",
  ],
  ['a long header', npy(' '.repeat(20000), new Uint8Array()), "the header's length is 20000; at most 10000"],
  ['no dictionary', npy('[]', new Uint8Array()), 'byte 10: { must stand here, not "[]"'],
  ['objects', npy(header('|O', 'False', '(1,)'), new Uint8Array(8)), 'the type is "|O"; <f8'],
  ['text', npy(header('<U8', 'False', '(1,)'), new Uint8Array(32)), 'the type is "<U8"'],
  ['complex', npy(header('<c16', 'False', '(1,)'), new Uint8Array(16)), 'the type is "<c16"'],
  [
    'a type from a prototype',
    npy(header('<constructor', 'False', '()'), new Uint8Array(8)),
    'the type is "<constructor"',
  ],
  [
    'records',
    npy("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }", new Uint8Array(4)),
    'a plain type such as <f8 (no record)',
  ],
  ['a key twice', npy("{'shape': (), 'shape': ()}", new Uint8Array()), "'shape' is there twice"],
  [
    'an unknown key',
    npy("{'x': 1}", new Uint8Array()),
    "'descr', 'fortran_order' or 'shape' must stand here",
  ],
  ['a key missing', npy("{'shape': ()}", new Uint8Array()), "the header must have 'descr'"],
  ['more after the dictionary', npy("{'shape': ()} x", new Uint8Array()), '"x" stands after the header'],
  [
    'a negative size',
    npy(header('<f8', 'False', '(-1,)'), new Uint8Array(8)),
    'a tuple of whole numbers must stand here',
  ],
  ['a size that is none', npy(header('<f8', 'False', '(1,,2)'), new Uint8Array(16)), 'the shape is (1,,2)'],
  [
    'a huge size',
    npy(header('<f8', 'False', '(99999999999999999999,)'), new Uint8Array(8)),
    'sizes of 2^53 and more',
  ],
  [
    'a product beyond 2^53',
    npy(header('<f8', 'False', '(4294967296, 4294967296)'), new Uint8Array(8)),
    'takes more than 2^53 bytes, but 8 follow the header',
  ],
  [
    'many dimensions',
    npy(header('|u1', 'False', `(${'1,'.repeat(70)})`), new Uint8Array(1)),
    'the shape has 70 dimensions',
  ],
  [
    'data cut off',
    npy(header('<f8', 'False', '(2,)'), new Uint8Array(12)),
    'byte 128: <f8 of shape (2) takes 16 bytes, but 12 follow',
  ],
  ['data to spare', npy(header('<f8', 'False', '(1,)'), new Uint8Array(12)), 'takes 8 bytes, but 12 follow'],
])('refused: %s', (_, bytes, message) => {
  expect(() => readNpy(bytes)).toThrow(FileError);
  expect(() => readNpy(bytes)).toThrow(message);
});

test('a damaged file is read or refused', () => {
  const valid = npy(header('<f4', 'True', '(2, 3)'), new Uint8Array(24).fill(7));
  let accepted = 0;
  fc.assert(
    fc.property(damaged(valid, 100), (bytes) => {
      const read = readOrRefuse(() => readNpy(bytes));
      if (!read) return;
      accepted++;
      expect(read.data.length).toBe(read.shape.reduce((a, b) => a * b, 1));
    }),
    runs(3000),
  );
  expect(accepted).toBeGreaterThan(10);
});
