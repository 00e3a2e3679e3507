import type { Parameters } from '../nn/parameters.ts';
import {
  type Conventions,
  compare,
  conventions,
  describe,
  isOurs,
  type ModelDescription,
} from './conventions.ts';
import { fits, isFloat, type StoredArray, type StoredTensor, sizeOf, typeOf } from './dtype.ts';
import { FileError, quoted } from './file-error.ts';
import { canonicalJson, type Json, parseJson } from './json.ts';
import { record } from './record.ts';
import { readSafetensors, type SafetensorsFile, writeSafetensors } from './safetensors.ts';
import { floats, matchTensors, stored } from './state-dict.ts';

/** What a checkpoint belongs to. */
export interface CheckpointOptions {
  /** The model's parameters and buffers. */
  readonly parameters: Parameters;
  /** Which model; without it, none is written, and none is compared. */
  readonly description?: ModelDescription;
  /** Default `conventions`, for a model that was made with e3nn's defaults. */
  readonly conventions?: Conventions;
}

/** What is in a checkpoint: arrays as programs have them. */
export interface Checkpoint {
  /** The packed row of the parameters. */
  readonly values: ArrayLike<number>;
  /** States by name, the model's buffers among them; a buffer that is not there is saved as it starts. */
  readonly buffers?: Readonly<Record<string, ArrayLike<number>>>;
  /** Rows packed like the parameters, by name: moments of the optimiser, averages of the parameters. */
  readonly rows?: Readonly<Record<string, ArrayLike<number>>>;
  /** Other arrays by name: the step counter, the state of a random generator, the order of the data. */
  readonly states?: Readonly<Record<string, StoredArray>>;
  /** Where training stands; at most 1,000,000 characters of JSON. */
  readonly training?: Json;
  /** The file that the values were read from (`decodeCheckpoint`), to be written back in its form. */
  readonly origin?: SafetensorsFile;
}

/** What `decodeCheckpoint` finds. */
export interface DecodedCheckpoint {
  readonly values: Float32Array;
  /** Numbers of the states of the model's buffers. */
  readonly buffers: Readonly<Record<string, Float32Array>>;
  readonly rows: Readonly<Record<string, Float32Array>>;
  readonly states: Readonly<Record<string, StoredArray>>;
  readonly training: Json;
  readonly origin: SafetensorsFile;
}

const TRAINING = 'clebsch.training';
const STATE = 'state';

/**
 * Writes a checkpoint: a safetensors file that holds an e3nn state dict, parameters by e3nn's names, shapes and order,
 * as F32. Rows are in it as tensors `ROW/PARAMETER` and states as `state/NAME`, so torch gets the state dict
 * by leaving out the names with a slash. Conventions and model are in the metadata.
 *
 * With `origin`, the file comes out in the form of the file that was read: order, number types, metadata, buffers of
 * e3nn's modules. A number that is the same in 32 bits keeps all its digits, so that an untouched state dict is written
 * back bit for bit. To a file without rows, states and training nothing is added.
 *
 * @throws Error if a row has another length, a number is not finite in 32 bits, padding is not zero, `training` is no
 * JSON, or a name cannot be used.
 * @example
 * ```ts
 * import { decodeCheckpoint, encodeCheckpoint, fullyConnectedNet, Parameters } from 'clebsch';
 * const parameters = new Parameters(fullyConnectedNet([1, 1], 'silu'));
 * const values = parameters.pack({ 'layer0.weight': { shape: [1, 1], data: [0.5] } });
 * const states = { 'adam.step': Float32Array.of(7) };
 * const bytes = encodeCheckpoint({ values, states, training: { epoch: 3 } }, { parameters });
 * const back = decodeCheckpoint(bytes, { parameters });
 * [back.values[0], back.states['adam.step'][0], back.training]; // => [0.5, 7, { epoch: 3 }]
 * ```
 */
export function encodeCheckpoint(
  checkpoint: Checkpoint,
  options: CheckpointOptions,
): Uint8Array<ArrayBuffer> {
  const { parameters } = options;
  const { rows = {}, states = {}, buffers = {}, training = null, origin } = checkpoint;
  const slashed = parameters.list.find(({ name }) => name.includes('/'));
  if (slashed)
    throw new Error(`checkpoint: parameter ${quoted(slashed.name)} has a slash in its name, which rows have`);
  const tensors = new Map<string, StoredTensor>();
  const add = (name: string, shape: readonly number[], values: Float32Array) =>
    tensors.set(name, stored(shape, values, origin?.tensors.get(name)));
  const addRow = (row: ArrayLike<number>, what: string, prefix: string) => {
    for (const [name, { shape, data }] of Object.entries(unpack(parameters, row, what)))
      add(prefix + name, shape, data);
  };
  addRow(checkpoint.values, 'values', '');
  for (const [name, { shape, data }] of Object.entries(parameters.unpackBuffers(buffers)))
    add(name, shape, finite(data, `buffer ${quoted(name)}`));
  for (const [name, row] of Object.entries(rows)) {
    if (name === '' || name === STATE || name.includes('/'))
      throw new Error(`checkpoint: a row cannot be named ${quoted(name)}; use a name without slashes`);
    addRow(row, `row ${quoted(name)}`, `${name}/`);
  }
  for (const [name, data] of Object.entries(states))
    tensors.set(`${STATE}/${name}`, storedState(name, data, origin?.tensors.get(`${STATE}/${name}`)));

  const old = new Map(origin?.metadata);
  old.delete(TRAINING);
  const plain = Object.keys(rows).length + Object.keys(states).length === 0 && training === null;
  const metadata =
    origin && plain
      ? old
      : new Map([...old, ...describe(options.conventions ?? conventions, options.description)]);
  if (training !== null) metadata.set(TRAINING, canonicalJson(training, 'training'));
  return writeSafetensors({ tensors: inOrder(tensors, origin), metadata, header: origin?.header });
}

/**
 * Reads a checkpoint, or a bare e3nn state dict. What e3nn's modules keep besides parameters (`output_mask`, empty
 * weights, Wigner 3j symbols) is checked, and stays in `origin`. Numbers come as the 32-bit values that programs use,
 * with zeros in padding; where `encodeCheckpoint` wrote them, they have the same bits.
 *
 * @throws FileError if the file is damaged, of another model or other conventions (the message names both), lacks
 * a parameter or has tensors that nobody knows (it lists them), or a number is not finite in 32 bits.
 * @example
 * ```ts
 * import { decodeCheckpoint, fullyConnectedNet, Parameters, writeSafetensors } from 'clebsch';
 * const parameters = new Parameters(fullyConnectedNet([1, 1], 'silu'));
 * const weight = { dtype: 'F64' as const, shape: [1, 1], data: Float64Array.of(0.1) };
 * const bytes = writeSafetensors({ tensors: new Map([['layer0.weight', weight]]) });
 * decodeCheckpoint(bytes, { parameters }).values[0] === Math.fround(0.1); // => true
 * ```
 */
export function decodeCheckpoint(bytes: Uint8Array, options: CheckpointOptions): DecodedCheckpoint {
  const origin = readSafetensors(bytes);
  const { parameters } = options;
  compare(origin.metadata, options.conventions ?? conventions, options.description);
  const dict = new Map<string, StoredTensor>();
  const rows = new Map<string, Map<string, StoredTensor>>();
  const states = new Map<string, StoredArray>();
  for (const [key, tensor] of origin.tensors) {
    const slash = isOurs(origin.metadata) ? key.indexOf('/') : -1;
    const [row, name] = [key.slice(0, Math.max(0, slash)), key.slice(slash + 1)];
    if (slash < 0) dict.set(key, tensor);
    else if (row === '') throw new FileError('checkpoint', `tensor ${quoted(key)}`, 'its row has no name');
    else if (row === STATE) states.set(name, checkedState(key, tensor));
    else rows.set(row, (rows.get(row) ?? new Map()).set(name, tensor));
  }
  const found = matchTensors(dict, parameters);
  const arrays = (list: typeof parameters.list) =>
    Object.fromEntries(
      list.map(({ name, shape }) => {
        const tensor = found.get(name);
        return [name, { shape, data: tensor ? floats(name, tensor, shape) : [] }];
      }),
    );
  const buffers = parameters.packBuffers(arrays(parameters.buffers));
  const training = origin.metadata.get(TRAINING);
  return {
    values: Float32Array.from(parameters.pack(arrays(parameters.list))),
    buffers: record(new Map(Object.entries(buffers).map(([name, data]) => [name, Float32Array.from(data)]))),
    rows: record(new Map([...rows].map(([row, tensors]) => [row, packRow(row, tensors, parameters)]))),
    states: record(states),
    training:
      training === undefined ? null : parseJson(training, 'checkpoint', `metadata ${quoted(TRAINING)}`),
    origin,
  };
}

function finite(values: ArrayLike<number>, what: string): Float32Array {
  const data = Float32Array.from(values);
  const bad = data.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0)
    throw new Error(
      `checkpoint: ${what}: number ${bad} is ${values[bad]}; all must be finite in 32 bits. Nothing was written`,
    );
  return data;
}

/** A packed row to e3nn's arrays. What is not zero in padding would be lost, and training resumed would be another. */
function unpack(parameters: Parameters, row: ArrayLike<number>, what: string) {
  if (row.length !== parameters.length)
    throw new Error(
      `checkpoint: ${what}: ${row.length} numbers, but the packed row has ${parameters.length}`,
    );
  const values = finite(row, what);
  const arrays = parameters.unpack(values);
  const back = parameters.pack(arrays);
  const lost = values.findIndex((v, i) => v !== back[i]);
  if (lost >= 0)
    throw new Error(
      `checkpoint: ${what}: column ${lost} is padding and holds ${values[lost]}; padding must be zero`,
    );
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]),
  );
}

function packRow(
  row: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  parameters: Parameters,
): Float32Array {
  const names = new Set(parameters.list.map(({ name }) => name));
  const unknown = [...tensors.keys()].find((name) => !names.has(name));
  if (unknown !== undefined)
    throw new FileError('checkpoint', `row ${quoted(row)}`, `the model has no parameter ${quoted(unknown)}`);
  const arrays = parameters.list.map(({ name, shape }) => {
    const tensor = tensors.get(name);
    if (!tensor)
      throw new FileError(
        'checkpoint',
        `row ${quoted(row)}`,
        `there is nothing of the parameter ${quoted(name)}; the file is damaged`,
      );
    return [name, { shape, data: floats(`${row}/${name}`, tensor, shape) }] as const;
  });
  return Float32Array.from(parameters.pack(Object.fromEntries(arrays)));
}

function storedState(name: string, data: StoredArray, original: StoredTensor | undefined): StoredTensor {
  const dtype = typeOf(data);
  if (!dtype) throw new Error(`checkpoint: state ${quoted(name)} is no typed array that can be written`);
  if (isFloat(dtype)) {
    const bad = (data as Float64Array).findIndex((v) => !Number.isFinite(v));
    if (bad >= 0)
      throw new Error(`checkpoint: state ${quoted(name)}: number ${bad} is ${data[bad]}; all must be finite`);
  }
  if (original && fits(original.dtype, data) && sizeOf(original.shape) === data.length)
    return { ...original, data };
  return { dtype, shape: [data.length], data };
}

function checkedState(key: string, tensor: StoredTensor): StoredArray {
  if (!(tensor.data instanceof Float32Array || tensor.data instanceof Float64Array)) return tensor.data;
  const bad = tensor.data.findIndex((v) => !Number.isFinite(v));
  if (bad < 0) return tensor.data;
  throw new FileError(
    'checkpoint',
    `tensor ${quoted(key)}`,
    `number ${bad} is ${tensor.data[bad]}, and all must be finite; take an earlier checkpoint`,
  );
}

/** The tensors in the origin's order, with what of it belongs to e3nn's modules; then those that are new. */
function inOrder(
  tensors: ReadonlyMap<string, StoredTensor>,
  origin: SafetensorsFile | undefined,
): Map<string, StoredTensor> {
  const all = new Map<string, StoredTensor>();
  for (const [name, tensor] of origin?.tensors ?? []) {
    const now = tensors.get(name);
    if (now) all.set(name, now);
    else if (!(isOurs(origin!.metadata) && name.includes('/'))) all.set(name, tensor);
  }
  // A state dict may leave out parameters without numbers.
  for (const [name, tensor] of tensors)
    if (!all.has(name) && !(origin && sizeOf(tensor.shape) === 0 && !name.includes('/')))
      all.set(name, tensor);
  return all;
}
