import { arrayOf, bytesOf, type StoredTensor, type StoredType, sizeOf } from './dtype.ts';
import { FileError, quoted } from './file-error.ts';

/** numpy's type strings without the byte order, and what they are stored as. */
const TYPES: Readonly<Record<string, StoredType>> = {
  f8: 'F64',
  f4: 'F32',
  f2: 'F16',
  i8: 'I64',
  i4: 'I32',
  i2: 'I16',
  i1: 'I8',
  u8: 'U64',
  u4: 'U32',
  u2: 'U16',
  u1: 'U8',
  b1: 'BOOL',
};
/** numpy's own limit for the header, in bytes. */
const MAX_HEADER = 10_000;
const MAX_DIMENSIONS = 64;

/**
 * Reads a `.npy` file (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html), versions 1 to 3.
 * Big-endian numbers and Fortran's order are converted: the result is row-major. `toNumbers` makes 64-bit
 * floating point of it.
 *
 * @throws FileError if the bytes are no such file, its size is not that of its shape, or its type is no plain number
 * (text, objects, records).
 * @example
 * ```ts
 * import { readNpy } from 'clebsch';
 * const header = "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }\n";
 * const bytes = new Uint8Array(10 + header.length + 8);
 * bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]); // \x93NUMPY, version 1.0
 * bytes.set(new TextEncoder().encode(header), 10);
 * bytes[10 + header.length] = 7;
 * readNpy(bytes); // => { dtype: "I32", shape: [2], data: [7, 0] }
 * ```
 */
export function readNpy(bytes: Uint8Array): StoredTensor {
  const fail = (where: number, what: string): never => {
    throw new FileError('npy', `byte ${where}`, what);
  };
  const magic = [0x93, ...new TextEncoder().encode('NUMPY')];
  if (bytes.length < 10 || !magic.every((b, i) => bytes[i] === b))
    fail(0, 'the file does not start as .npy files do (\\x93NUMPY); save it with numpy.save');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = bytes[6];
  if (version < 1 || version > 3) fail(6, `format version ${version}; 1, 2 and 3 are read`);
  const first = version === 1 ? 10 : 12;
  if (bytes.length < first) fail(8, 'the file is cut off in the length of its header');
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER) fail(8, `the header's length is ${length}; at most ${MAX_HEADER} bytes are read`);
  const start = first + length;
  if (start > bytes.length)
    fail(
      8,
      `the header's length is ${length}, but only ${bytes.length - first} bytes follow; the file is cut off`,
    );
  const { descr, fortran, shape } = parseHeader(
    String.fromCharCode(...bytes.subarray(first, start)),
    (at, what) => fail(first + at, what),
  );
  const order = descr[0];
  const dtype = Object.hasOwn(TYPES, descr.slice(1)) ? TYPES[descr.slice(1)] : undefined;
  if (!'<>|='.includes(order) || !dtype)
    return fail(
      first,
      `the type is ${quoted(descr)}; <f8, <f4, <f2, <i8 to |i1, <u8 to |u1 and |b1 are read: convert it with astype`,
    );
  const size = sizeOf(shape) * bytesOf(dtype);
  if (size !== bytes.length - start)
    fail(
      start,
      `${descr} of shape (${shape}) takes ${Number.isFinite(size) ? size : 'more than 2^53'} bytes, but ${bytes.length - start} follow the header`,
    );
  let data = bytes.subarray(start);
  if (order === '>') data = swapped(data, bytesOf(dtype));
  if (fortran) data = rowMajor(data, shape, bytesOf(dtype));
  return { dtype, shape, data: arrayOf(dtype, data) };
}

/** The header is a Python literal: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), } */
function parseHeader(
  text: string,
  fail: (at: number, what: string) => never,
): { descr: string; fortran: boolean; shape: number[] } {
  let at = 0;
  const take = (pattern: RegExp, what: string): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) return fail(at, `${what} must stand here, not ${quoted(text.slice(at, at + 20))}`);
    at = pattern.lastIndex;
    return found[1];
  };
  let descr: string | undefined;
  let fortran: boolean | undefined;
  let shape: number[] | undefined;
  take(/\s*(\{)/y, '{');
  while (!/\s*\}/y.test(text.slice(at))) {
    const start = at;
    const key = take(/\s*['"](descr|fortran_order|shape)['"]\s*:/y, "'descr', 'fortran_order' or 'shape'");
    if ({ descr, fortran_order: fortran, shape }[key] !== undefined) fail(start, `'${key}' is there twice`);
    if (key === 'descr') descr = take(/\s*['"]([^'"]+)['"]/y, 'a plain type such as <f8 (no record)');
    else if (key === 'fortran_order') fortran = take(/\s*(True|False)/y, 'True or False') === 'True';
    else {
      const list = take(/\s*\(([\d\s,]*)\)/y, 'a tuple of whole numbers')
        .trim()
        .replace(/,$/, '');
      const sizes = list === '' ? [] : list.split(',');
      shape = sizes.map((word) =>
        /^\s*\d+\s*$/.test(word) ? Number(word) : fail(start, `the shape is (${list})`),
      );
      if (shape.length > MAX_DIMENSIONS || !shape.every(Number.isSafeInteger))
        fail(start, `the shape has ${shape.length} dimensions or sizes of 2^53 and more`);
    }
    if (!/\s*\}/y.test(text.slice(at))) take(/\s*(,)/y, ', or }');
  }
  take(/\s*(\})/y, '}');
  if (text.slice(at).trim() !== '') fail(at, `${quoted(text.slice(at).trim())} stands after the header's }`);
  if (descr === undefined || fortran === undefined || shape === undefined)
    return fail(0, "the header must have 'descr', 'fortran_order' and 'shape'");
  return { descr, fortran, shape };
}

/** Every `size` bytes in the other order. */
function swapped(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i - (i % size) + size - 1 - (i % size)] = bytes[i];
  return out;
}

/** From the order of Fortran, where the first index runs fastest. */
function rowMajor(bytes: Uint8Array, shape: readonly number[], size: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes.length);
  const strides = shape.map((_, k) => shape.slice(0, k).reduce((a, b) => a * b, size));
  const index = shape.map(() => 0);
  for (let at = 0, from = 0; at < bytes.length; at += size) {
    for (let i = 0; i < size; i++) out[at + i] = bytes[from + i];
    for (let k = shape.length - 1; k >= 0; k--) {
      index[k]++;
      from += strides[k];
      if (index[k] < shape[k]) break;
      from -= strides[k] * index[k];
      index[k] = 0;
    }
  }
  return out;
}
