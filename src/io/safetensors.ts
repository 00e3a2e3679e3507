import { arrayOf, bytesIn, bytesOf, fits, type StoredTensor, sizeOf } from './dtype.ts';
import { FileError, quoted } from './file-error.ts';
import { type Header, MAX_DIMENSIONS, parseHeader } from './safetensors-header.ts';

/** The tensors of a safetensors file. */
export interface SafetensorsFile {
  /** By name, in the header's order. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** The header's `__metadata__`; empty where there is none. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The header's bytes, blanks at the end included, so that the file can be written back bit for bit. */
  readonly header: Uint8Array;
}

/** The reference implementation's limit of the header's size, in bytes. */
export const MAX_HEADER = 100_000_000;

/**
 * Reads a safetensors file (https://github.com/huggingface/safetensors, section "Format"): an 8-byte little-endian
 * header length, a JSON header, and data that the tensors fill without holes or overlaps. Tensors are copies; what
 * they hold is not looked at, NaN included. Any bytes may be given: they are a file or an error, and no more memory
 * is taken than a small multiple of the file's size.
 *
 * @throws FileError if the bytes are not such a file, a number type is none of `StoredType` (8 bits and less), a
 * shape has more than 64 dimensions, or the header is longer than 100,000,000 bytes.
 * @example
 * ```ts
 * import { readSafetensors, writeSafetensors } from 'clebsch';
 * const x = { dtype: 'F32' as const, shape: [2], data: Float32Array.of(1, -0.5) };
 * const file = readSafetensors(writeSafetensors({ tensors: new Map([['x', x]]) }));
 * file.tensors.get('x')?.data; // => [1, -0.5]
 * ```
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  const fail = (where: string, what: string): never => {
    throw new FileError('safetensors', where, what);
  };
  if (bytes.length < 8)
    fail(
      `byte ${bytes.length}`,
      `a file of ${bytes.length} bytes has no room for the header's length (8 bytes); it is cut off or no safetensors file`,
    );
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER))
    fail(
      'byte 0',
      `the header's length is ${length}, and at most ${MAX_HEADER} bytes are read; this is likely no safetensors file`,
    );
  const start = 8 + Number(length);
  if (start > bytes.length)
    fail(
      'byte 0',
      `the header's length is ${length}, but only ${bytes.length - 8} bytes follow; the file is cut off or no safetensors file`,
    );
  const { entries, metadata } = parseHeader(bytes, 8, start);
  const dataLength = bytes.length - start;
  for (const [name, { dtype, shape, begin, end }] of entries) {
    const size = sizeOf(shape) * bytesOf(dtype);
    if (end - begin !== size)
      fail(
        `tensor ${quoted(name)}`,
        `${dtype} of shape [${shape}] takes ${size <= Number.MAX_SAFE_INTEGER ? size : 'more than 2^53'} bytes, but its data_offsets are [${begin}, ${end}]; get the file again`,
      );
    if (end > dataLength)
      fail(
        `tensor ${quoted(name)}`,
        `it ends at byte ${end} of the data, which has ${dataLength}; the file is cut off`,
      );
  }
  let reached = 0;
  for (const [name, { begin, end }] of [...entries].sort(
    ([, a], [, b]) => a.begin - b.begin || a.end - b.end,
  )) {
    if (begin !== reached)
      fail(
        `tensor ${quoted(name)}`,
        `it starts at byte ${begin} of the data, and the one before ends at ${reached}: ${begin < reached ? 'they overlap' : 'there is a hole'}; get the file again`,
      );
    reached = end;
  }
  if (reached !== dataLength)
    fail(
      `byte ${start + reached}`,
      `${dataLength - reached} bytes at the end belong to no tensor; get the file again`,
    );
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { dtype, shape, begin, end }] of entries)
    tensors.set(name, { dtype, shape, data: arrayOf(dtype, bytes.subarray(start + begin, start + end)) });
  return { tensors, metadata, header: new Uint8Array(bytes.subarray(8, start)) };
}

/**
 * Writes a safetensors file. With the `header` of a file that was read it comes out with the same bytes where
 * nothing has changed: a header that still describes the tensors and the metadata is kept as it is. A new header
 * lists the tensors in their order; their data is ordered by the size of the number types, the largest first, so
 * that all are aligned.
 *
 * @throws Error if a tensor's numbers do not fit its shape or type, or a name cannot be written.
 * @example
 * ```ts
 * import { readSafetensors, writeSafetensors } from 'clebsch';
 * const data = Float64Array.of(1, 2);
 * const tensors = new Map([['a', { dtype: 'F64' as const, shape: [2, 1], data }]]);
 * const bytes = writeSafetensors({ tensors, metadata: new Map([['format', 'pt']]) });
 * writeSafetensors(readSafetensors(bytes)).every((byte, i) => byte === bytes[i]); // => true
 * ```
 */
export function writeSafetensors(
  file: Pick<SafetensorsFile, 'tensors'> & Partial<SafetensorsFile>,
): Uint8Array<ArrayBuffer> {
  const { tensors, metadata = new Map<string, string>() } = file;
  for (const [name, tensor] of tensors) check(name, tensor);
  for (const text of [...tensors.keys(), ...metadata].flat())
    if (/\p{Surrogate}/u.test(text))
      throw new Error(`safetensors: ${quoted(text)} has half a surrogate pair, which has no UTF-8`);
  const old = file.header && parseHeader(file.header, 0, file.header.length);
  const keep = old && describes(old, tensors, metadata);
  const { header, begins } = keep
    ? { header: file.header!, begins: new Map([...old.entries].map(([name, { begin }]) => [name, begin])) }
    : newHeader(tensors, metadata);
  if (header.length > MAX_HEADER)
    throw new Error(
      `safetensors: the header takes ${header.length} bytes, and readers take at most ${MAX_HEADER}; shorten the metadata`,
    );
  const start = 8 + header.length;
  let length = start;
  for (const { data } of tensors.values()) length += data.byteLength;
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  for (const [name, { data }] of tensors) bytes.set(bytesIn(data), start + begins.get(name)!);
  return bytes;
}

function check(name: string, { dtype, shape, data }: StoredTensor): void {
  if (name === '__metadata__') throw new Error('safetensors: no tensor can be named "__metadata__"');
  if (shape.length > MAX_DIMENSIONS || !shape.every((n) => Number.isSafeInteger(n) && n >= 0))
    throw new Error(
      `safetensors: tensor ${quoted(name)} has the shape [${shape}]; up to ${MAX_DIMENSIONS} whole numbers are needed`,
    );
  if (!fits(dtype, data))
    throw new Error(
      `safetensors: tensor ${quoted(name)} is ${dtype}, but its data a ${data.constructor.name}`,
    );
  if (sizeOf(shape) !== data.length)
    throw new Error(
      `safetensors: tensor ${quoted(name)} of shape [${shape}] has ${sizeOf(shape)} numbers, but ${data.length} were given`,
    );
}

/** Whether a header says just this, tensors in the same order. */
function describes(
  header: Header,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: ReadonlyMap<string, string>,
): boolean {
  const names = [...header.entries.keys()];
  return (
    header.metadata.size === metadata.size &&
    [...metadata].every(([key, value]) => header.metadata.get(key) === value) &&
    names.length === tensors.size &&
    [...tensors].every(([name, { dtype, shape }], i) => {
      const entry = header.entries.get(name);
      return name === names[i] && entry?.dtype === dtype && String(entry.shape) === String(shape);
    })
  );
}

function newHeader(tensors: ReadonlyMap<string, StoredTensor>, metadata: ReadonlyMap<string, string>) {
  const begins = new Map<string, number>();
  let reached = 0;
  for (const [name, { data }] of [...tensors].sort(([, a], [, b]) => bytesOf(b.dtype) - bytesOf(a.dtype))) {
    begins.set(name, reached);
    reached += data.byteLength;
  }
  // Written member by member: an object would put names that are numbers first.
  const members = [...tensors].map(([name, { dtype, shape, data }]) => {
    const begin = begins.get(name)!;
    const entry = { dtype, shape, data_offsets: [begin, begin + data.byteLength] };
    return `${JSON.stringify(name)}:${JSON.stringify(entry)}`;
  });
  if (metadata.size > 0) {
    const pairs = [...metadata].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
    members.unshift(`"__metadata__":{${pairs.join(',')}}`);
  }
  const json = new TextEncoder().encode(`{${members.join(',')}}`);
  // Blanks up to a multiple of 8, so that the data is aligned.
  const header = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
  header.set(json);
  return { header, begins };
}
