// Reads reference numbers in the format `e3nn-golden/1` (test/fixtures/README.md, section 1), in Node and in
// browsers alike: nothing of Node is imported.

// biome-ignore lint/suspicious/noExplicitAny: every family has its own shape, described in the README only.
export type Json = any;

export interface Tensor {
  shape: number[];
  /** Row-major. Integers too: those of the fixtures are far below 2^53. */
  data: Float64Array<ArrayBuffer>;
}

export interface Family {
  /** The parsed file; the tensors in it are to be read with `tensor`. */
  json: Json;
  /** A tensor object of `json`, whichever of its three forms it has. */
  tensor(object: Json): Tensor;
}

export type ReadFile = (name: string) => Promise<Uint8Array>;

/**
 * Loads `NAME.json` of a folder, and its safetensors files when a tensor of them is asked for. Node only;
 * elsewhere `fetchFamily` or `loadFamilyWith`.
 */
export function loadFamily(name: string, folder: string | URL = fixturesUrl()): Family {
  const fs = process.getBuiltinModule('node:fs');
  const base = typeof folder === 'string' ? folder.replace(/[/\\]?$/, '/') : folder;
  const read = (file: string) =>
    fs.readFileSync(typeof base === 'string' ? base + file : new URL(file, base));
  return family(name, parseJson(`${name}.json`, read(`${name}.json`)), read);
}

/** `loadFamily` with a way to read the files: the RunContext's `readFile`, say. Reads all of them at once. */
export async function loadFamilyWith(readFile: ReadFile, name: string): Promise<Family> {
  const json = parseJson(`${name}.json`, await readFile(`${name}.json`));
  const names = [...referencedFiles(json)];
  const files = new Map(await Promise.all(names.map(async (file) => [file, await readFile(file)] as const)));
  return family(name, json, (file) => files.get(file)!);
}

/** The family of test/fixtures wherever the test runs: from disk in Node, over HTTP in a page. */
export function fetchFamily(name: string): Promise<Family> {
  const base = fixturesUrl();
  if (base.protocol === 'file:') return Promise.resolve(loadFamily(name, base));
  return loadFamilyWith(async (file) => {
    const response = await fetch(new URL(file, base));
    if (!response.ok) throw new Error(`${file}: ${response.status} ${response.statusText}`);
    return new Uint8Array(await response.arrayBuffer());
  }, name);
}

/** A JSON number, which is a string where it is not finite: "NaN", "Infinity", "-Infinity". */
export function number(value: Json): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  throw new Error(`not a number: ${JSON.stringify(value)}`);
}

/**
 * The tensors of a safetensors file: an 8-byte little-endian header length, a JSON header, raw data.
 * Refuses a file whose header does not describe its data exactly.
 */
export function parseSafetensors(bytes: Uint8Array, file = 'safetensors'): Map<string, Tensor> {
  const refuse = (why: string): never => {
    throw new Error(`${file}: ${why}`);
  };
  if (bytes.length < 8) refuse(`${bytes.length} bytes are too few for a header length`);
  const headerLength = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  const dataLength = bytes.length - 8 - headerLength;
  if (dataLength < 0) refuse(`the header's length ${headerLength} reaches past the end of the file`);
  const header = parseJson(`${file} (header)`, bytes.subarray(8, 8 + headerLength));
  if (!isObject(header)) refuse('the header is not an object');

  const entries = Object.entries<Json>(header).filter(([key]) => key !== '__metadata__');
  const tensors = new Map<string, Tensor>();
  const ranges: [number, number][] = [];
  for (const [key, entry] of entries) {
    const { dtype, shape, data_offsets: offsets } = isObject(entry) ? entry : {};
    const read = READERS[dtype as keyof typeof READERS] ?? refuse(`${key}: dtype ${dtype} is not known`);
    if (!Array.isArray(shape) || !shape.every(isCount)) refuse(`${key}: shape ${JSON.stringify(shape)}`);
    if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
      refuse(`${key}: data_offsets ${JSON.stringify(offsets)}`);
    }
    const [begin, end] = offsets;
    const size = product(shape) * read.bytes;
    if (end - begin !== size) refuse(`${key}: ${end - begin} bytes where ${dtype} [${shape}] takes ${size}`);
    if (end > dataLength) refuse(`${key}: ends at byte ${end} of ${dataLength}`);
    ranges.push([begin, end]);
    // A copy, because a view of eight-byte numbers must start at a multiple of eight.
    const start = 8 + headerLength + begin;
    tensors.set(key, {
      shape,
      data: read.values(new Uint8Array(bytes.subarray(start, start + size)).buffer),
    });
  }
  let reached = 0;
  for (const [begin, end] of ranges.sort(([a, b], [c, d]) => a - c || b - d)) {
    if (begin !== reached)
      refuse(`the data has ${begin > reached ? 'a hole' : 'an overlap'} at byte ${begin}`);
    reached = end;
  }
  if (reached !== dataLength) refuse(`${dataLength - reached} bytes of data belong to no tensor`);
  return tensors;
}

// Typed arrays have the platform's byte order, which is little-endian wherever WebGPU runs.
const READERS = {
  F64: { bytes: 8, values: (buffer: ArrayBuffer) => new Float64Array(buffer) },
  F32: { bytes: 4, values: (buffer: ArrayBuffer) => Float64Array.from(new Float32Array(buffer)) },
  I32: { bytes: 4, values: (buffer: ArrayBuffer) => Float64Array.from(new Int32Array(buffer)) },
  I64: { bytes: 8, values: (buffer: ArrayBuffer) => Float64Array.from(new BigInt64Array(buffer), Number) },
};

function family(name: string, json: Json, read: (file: string) => Uint8Array): Family {
  if (json?.format !== 'e3nn-golden/1') throw new Error(`${name}.json: format is ${json?.format}`);
  const opened = new Map<string, Map<string, Tensor>>();
  return {
    json,
    tensor(object) {
      if (!isTensor(object))
        throw new Error(`${name}.json: not a tensor: ${JSON.stringify(object)?.slice(0, 80)}`);
      const { shape, data, file, tensor: key } = object;
      if (data !== undefined) {
        const values = Float64Array.from(data as Json[], number);
        if (values.length !== product(shape)) {
          throw new Error(`${name}.json: ${values.length} numbers in a tensor [${shape}]`);
        }
        return { shape, data: values };
      }
      if (!opened.has(file)) opened.set(file, parseSafetensors(read(file), file));
      const stored = opened.get(file)!.get(key);
      if (!stored) throw new Error(`${file} has no tensor "${key}"`);
      if (stored.shape.join() !== shape.join()) {
        throw new Error(`${file}: "${key}" is [${stored.shape}], and ${name}.json says [${shape}]`);
      }
      return stored;
    },
  };
}

function referencedFiles(json: Json, found = new Set<string>()): Set<string> {
  if (isTensor(json) && json.file !== undefined) found.add(json.file);
  else if (json !== null && typeof json === 'object') {
    for (const value of Object.values(json)) referencedFiles(value, found);
  }
  return found;
}

function isTensor(value: Json): boolean {
  if (!isObject(value) || !Array.isArray(value.shape)) return false;
  return Array.isArray(value.data) || (typeof value.file === 'string' && typeof value.tensor === 'string');
}

function parseJson(name: string, bytes: Uint8Array): Json {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`);
  }
}

// In two steps, or else Vite takes the folder for an asset to be bundled.
const here = import.meta.url;
const fixturesUrl = () => new URL('../fixtures/', here);
const isObject = (value: Json) => value !== null && typeof value === 'object' && !Array.isArray(value);
const isCount = (value: Json) => Number.isSafeInteger(value) && value >= 0;
const product = (shape: number[]) => shape.reduce((a, b) => a * b, 1);
