import { ALIGNMENT } from '../graph/memory.ts';
import type { Node } from '../graph/node.ts';
import type { Random } from '../o3/random.ts';
import { slice } from '../ops/slice.ts';

/** A trainable array of a layer: e3nn's name, shape and order outside, packed for the kernels inside. */
export interface Parameter {
  readonly name: string;
  /** e3nn's shape. */
  readonly shape: readonly number[];
  /** Numbers in memory, padding included. */
  readonly packedLength: number;
  /** Place in memory of each of e3nn's numbers; null when they are the same. */
  readonly positions: Int32Array | null;
  /** How it starts: drawn from the standard normal distribution, or zero. */
  readonly initial: 'normal' | 'zeros';
}

/** What has parameters: a layer or a model. */
export interface Module {
  /** In e3nn's order; see `Parameters`. */
  readonly parameters: readonly Parameter[];
}

/**
 * The parameters of a part, under its name, as torch's state dicts name them. `Weights.at` is the way back.
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
   * The packed value of the parameter: 1 x packedLength.
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

/**
 * All parameters of a model packed into one row, so that one dispatch of the optimiser updates them all. Each
 * starts at a multiple of 256 bytes (64 numbers), where a kernel can bind it without a copy.
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
  /** Columns of the packed row. */
  readonly length: number;
  private readonly offsets: ReadonlyMap<string, number>;

  constructor(module: Module) {
    this.list = module.parameters;
    const offsets = new Map<string, number>();
    let length = 0;
    for (const p of this.list) {
      if (offsets.has(p.name)) throw new Error(`two parameters are named "${p.name}"`);
      offsets.set(p.name, length);
      length += Math.ceil(p.packedLength / ALIGNMENT) * ALIGNMENT;
    }
    this.offsets = offsets;
    this.length = length;
  }

  /** Number of trainable numbers, padding not counted. */
  get count(): number {
    return this.list.reduce((sum, p) => sum + p.shape.reduce((a, b) => a * b, 1), 0);
  }

  /** Each parameter as a part of the packed row, 1 x length: the optimiser's, say. */
  weights(packed: Node): Weights {
    return new Weights(
      new Map(this.list.map((p) => [p.name, slice(packed, this.offsets.get(p.name)!, p.packedLength)])),
    );
  }

  /** Initial values, packed, as e3nn draws them: standard normal, or zero where e3nn starts at zero. */
  initial(random: Random): Float64Array {
    return this.pack(
      Object.fromEntries(
        this.list.map(({ name, shape, initial }) => {
          const size = shape.reduce((a, b) => a * b, 1);
          return [
            name,
            { shape, data: initial === 'normal' ? random.normals(size) : new Float64Array(size) },
          ];
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
    const packed = new Float64Array(this.length);
    for (const name of Object.keys(arrays))
      if (!this.offsets.has(name))
        throw new Error(
          `there is no parameter "${name}" here; known are ${this.list.map((p) => p.name).join(', ')}`,
        );
    for (const { name, shape, positions } of this.list) {
      const array = arrays[name];
      const size = shape.reduce((a, b) => a * b, 1);
      if (!array) throw new Error(`parameter "${name}" is missing (shape [${shape}])`);
      if (array.data.length !== size)
        throw new Error(
          `parameter "${name}" has shape [${shape}], ${size} numbers, but [${array.shape}], ${array.data.length} numbers, were given`,
        );
      const offset = this.offsets.get(name)!;
      for (let i = 0; i < size; i++) packed[offset + (positions ? positions[i] : i)] = array.data[i];
    }
    return packed;
  }

  /** The packed row (or its gradient) to arrays by name, in e3nn's order. */
  unpack(packed: ArrayLike<number>): Record<string, { shape: readonly number[]; data: Float64Array }> {
    return Object.fromEntries(
      this.list.map(({ name, shape, positions }) => {
        const data = new Float64Array(shape.reduce((a, b) => a * b, 1));
        const offset = this.offsets.get(name)!;
        for (let i = 0; i < data.length; i++) data[i] = packed[offset + (positions ? positions[i] : i)];
        return [name, { shape, data }];
      }),
    );
  }
}
