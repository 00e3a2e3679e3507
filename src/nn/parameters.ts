import { state } from '../graph/leaf.ts';
import { ALIGNMENT } from '../graph/memory.ts';
import type { Node } from '../graph/node.ts';
import type { Random } from '../o3/random.ts';
import { slice } from '../ops/slice.ts';

/** An array of a layer: e3nn's name, shape and order outside, packed for the kernels inside. */
export interface Parameter {
  readonly name: string;
  /** e3nn's shape. */
  readonly shape: readonly number[];
  /** Numbers in memory, padding included. */
  readonly packedLength: number;
  /** Place in memory of each of e3nn's numbers; null when they are the same. */
  readonly positions: Int32Array | null;
  /** How it starts: drawn from the standard normal distribution, zero, or one. */
  readonly initial: 'normal' | 'zeros' | 'ones';
  /**
   * Saved with the parameters, but not trained: running statistics (torch's buffers). It is a state of its own, which
   * the layer's `updates` change.
   */
  readonly buffer?: true;
}

/** What has parameters: a layer or a model. */
export interface Module {
  /** In e3nn's order, buffers among them; see `Parameters`. */
  readonly parameters: readonly Parameter[];
}

/**
 * The parameters and buffers of a part, under its name, as torch's state dicts name them. `Weights.at` is the way back.
 *
 * @example
 * ```ts
 * import { linearLayer, prefixed } from 'clebsch';
 * prefixed('lin1', linearLayer('2x0e', '0e')).map(({ name }) => name); // => ["lin1.weight"]
 * ```
 */
export function prefixed(prefix: string, module: Module): Parameter[] {
  return module.parameters.map((p) => ({ ...p, name: `${prefix}.${p.name}` }));
}

/**
 * Values of parameters by name, seen from one layer. `Parameters.weights` makes them of a packed row.
 *
 * @example
 * ```ts
 * import { constant, reference, Weights } from 'clebsch';
 * const weights = new Weights(new Map([['conv.fc.weight', constant([1, 2])]]));
 * reference([weights.at('conv').at('fc').get('weight')]); // => [[1, 2]]
 * ```
 */
export class Weights {
  private readonly values: ReadonlyMap<string, Node>;
  private readonly prefix: string;

  constructor(values: ReadonlyMap<string, Node>, prefix = '') {
    this.values = values;
    this.prefix = prefix;
  }

  /**
   * The packed value of the parameter, or the state of the buffer: 1 x packedLength.
   *
   * @throws Error if there is none of that name.
   */
  get(name: string): Node {
    const value = this.values.get(this.prefix + name);
    if (!value) throw new Error(`there are no weights named "${this.prefix}${name}"`);
    return value;
  }

  /** The parameters of a part. */
  at(part: string): Weights {
    return new Weights(this.values, `${this.prefix}${part}.`);
  }
}

/** Numbers of one parameter in e3nn's order, row-major. */
export interface ParameterArray {
  /** For messages; what counts is how many numbers there are. */
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

const sizeOf = ({ shape }: Parameter) => shape.reduce((a, b) => a * b, 1);

/**
 * All parameters of a model packed into one row, so that one dispatch of the optimiser updates them all. Each
 * starts at a multiple of 256 bytes (64 numbers), where a kernel can bind it without a copy. Buffers are not in the
 * row: each is a state under its name.
 *
 * @throws Error from the constructor if two parameters have one name.
 * @example
 * ```ts
 * import { fullyConnectedNet, Parameters } from 'clebsch';
 * const parameters = new Parameters(fullyConnectedNet([2, 3, 1], 'silu'));
 * parameters.list.map(({ name }) => name); // => ["layer0.weight", "layer1.weight"]
 * parameters.count; // => 9
 * const packed = new Float64Array(parameters.length).fill(7);
 * parameters.unpack(packed)['layer1.weight']; // => { shape: [3, 1], data: [7, 7, 7] }
 * ```
 */
export class Parameters {
  /** The module's parameters, in order. */
  readonly list: readonly Parameter[];
  /** The module's buffers, in order. */
  readonly buffers: readonly Parameter[];
  /** Columns of the packed row. */
  readonly length: number;
  private readonly offsets: ReadonlyMap<string, number>;
  private readonly states: ReadonlyMap<string, Node>;

  constructor(module: Module) {
    const names = new Set<string>();
    for (const { name } of module.parameters) {
      if (names.has(name)) throw new Error(`two parameters are named "${name}"`);
      names.add(name);
    }
    this.list = module.parameters.filter((p) => !p.buffer);
    this.buffers = module.parameters.filter((p) => p.buffer);
    const offsets = new Map<string, number>();
    let length = 0;
    for (const p of this.list) {
      offsets.set(p.name, length);
      length += Math.ceil(p.packedLength / ALIGNMENT) * ALIGNMENT;
    }
    this.offsets = offsets;
    this.length = length;
    // Made once: a program may ask for the weights twice, and states are equal only to themselves.
    this.states = new Map(
      this.buffers.map((p) => [
        p.name,
        state(p.name, 1, p.packedLength, packed(p, new Float64Array(sizeOf(p)).fill(startOf(p)))),
      ]),
    );
  }

  /** Number of trainable numbers, padding not counted. */
  get count(): number {
    return this.list.reduce((sum, p) => sum + sizeOf(p), 0);
  }

  /** Each parameter as a part of the packed row, 1 x length: the optimiser's, say; and each buffer's state. */
  weights(packed: Node): Weights {
    return new Weights(
      new Map([
        ...this.list.map((p): [string, Node] => [
          p.name,
          slice(packed, this.offsets.get(p.name)!, p.packedLength),
        ]),
        ...this.states,
      ]),
    );
  }

  /** Initial values, packed, as e3nn draws them: standard normal, or zero or one where e3nn starts there. */
  initial(random: Random): Float64Array {
    return this.pack(
      Object.fromEntries(
        this.list.map((p) => {
          const size = sizeOf(p);
          const data =
            p.initial === 'normal' ? random.normals(size) : new Float64Array(size).fill(startOf(p));
          return [p.name, { shape: p.shape, data }];
        }),
      ),
    );
  }

  /**
   * Arrays by name, in e3nn's order, to the packed row of `length` numbers.
   *
   * @throws Error if one is missing, unknown or of another size.
   */
  pack(arrays: Readonly<Record<string, ParameterArray>>): Float64Array {
    const row = new Float64Array(this.length);
    const found = matching('parameter', this.list, arrays);
    for (const p of this.list) row.set(packed(p, found(p)), this.offsets.get(p.name)!);
    return row;
  }

  /** The packed row (or its gradient) to arrays by name, in e3nn's order. */
  unpack(row: ArrayLike<number>): Record<string, UnpackedArray> {
    return Object.fromEntries(this.list.map((p) => [p.name, unpacked(p, row, this.offsets.get(p.name)!)]));
  }

  /**
   * Buffers by name, in e3nn's order, to the numbers of their states: what to write into a `StateStore`.
   *
   * @throws Error if one is missing, unknown or of another size.
   */
  packBuffers(arrays: Readonly<Record<string, ParameterArray>>): Record<string, Float64Array> {
    const found = matching('buffer', this.buffers, arrays);
    return Object.fromEntries(this.buffers.map((p) => [p.name, packed(p, found(p))]));
  }

  /**
   * The numbers of states (others may be among them) to buffers by name, in e3nn's order; a buffer that no program of
   * the store has used yet is as it starts.
   */
  unpackBuffers(states: Readonly<Record<string, ArrayLike<number>>>): Record<string, UnpackedArray> {
    return Object.fromEntries(
      this.buffers.map((p) => [
        p.name,
        unpacked(p, states[p.name] ?? this.states.get(p.name)!.attrs.initial, 0),
      ]),
    );
  }
}

interface UnpackedArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

const startOf = (p: Parameter) => (p.initial === 'ones' ? 1 : 0);

/** Looks arrays up; throws if one is unknown, missing or of another size. */
function matching(
  what: string,
  list: readonly Parameter[],
  arrays: Readonly<Record<string, ParameterArray>>,
): (p: Parameter) => ArrayLike<number> {
  const names = new Set(list.map(({ name }) => name));
  for (const name of Object.keys(arrays))
    if (!names.has(name))
      throw new Error(`there is no ${what} "${name}" here; known are ${[...names].join(', ')}`);
  return (p) => {
    const { name, shape } = p;
    const array = Object.hasOwn(arrays, name) ? arrays[name] : null;
    if (!array) throw new Error(`${what} "${name}" is missing (shape [${shape}])`);
    if (array.data.length !== sizeOf(p))
      throw new Error(
        `${what} "${name}" has shape [${shape}], ${sizeOf(p)} numbers, but [${array.shape}], ${array.data.length} numbers, were given`,
      );
    return array.data;
  };
}

/** e3nn's numbers of one array as they stand in memory. */
function packed({ packedLength, positions }: Parameter, data: ArrayLike<number>): Float64Array {
  const out = new Float64Array(packedLength);
  for (let i = 0; i < data.length; i++) out[positions ? positions[i] : i] = data[i];
  return out;
}

/** The way back, from column `offset` of a row on. */
function unpacked(p: Parameter, row: ArrayLike<number>, offset: number): UnpackedArray {
  const { shape, positions } = p;
  const data = Float64Array.from(
    { length: sizeOf(p) },
    (_, i) => row[offset + (positions ? positions[i] : i)],
  );
  return { shape, data };
}
