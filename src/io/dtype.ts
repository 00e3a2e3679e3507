/** Number types of stored arrays, by safetensors' names. Half precision stays in its bits, for want of an array of it. */
const ARRAYS = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U64: BigUint64Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

/** A number type of stored arrays, by its name in safetensors files. */
export type StoredType = keyof typeof ARRAYS;

/** Array types of stored numbers: `F16` and `BF16` are bits in a `Uint16Array`, `BOOL` is 0 and 1 in a `Uint8Array`. */
export type StoredArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | BigUint64Array
  | Uint32Array
  | Uint16Array
  | Uint8Array;

/** An array as files hold it. */
export interface StoredTensor {
  readonly dtype: StoredType;
  /** Empty for a single number. */
  readonly shape: readonly number[];
  /** Row-major; of the array type that belongs to `dtype` (see `StoredArray`). */
  readonly data: StoredArray;
}

export const storedTypes = Object.keys(ARRAYS) as StoredType[];

export const isStoredType = (name: string): name is StoredType => Object.hasOwn(ARRAYS, name);

/** Whether the type is of numbers that may have a fraction. */
export const isFloat = (dtype: StoredType): boolean => /^B?F/.test(dtype);

export const bytesOf = (dtype: StoredType): number => ARRAYS[dtype].BYTES_PER_ELEMENT;

/** Whether an array may be the `data` of that type. */
export const fits = (dtype: StoredType, data: StoredArray): boolean => data instanceof ARRAYS[dtype];

/** The type that a typed array is stored as: its own, never half precision or logical. Null where there is none. */
export function typeOf(data: StoredArray): StoredType | null {
  return storedTypes.find((type) => !/F16|BOOL/.test(type) && fits(type, data)) ?? null;
}

/** The numbers of little-endian bytes. A copy, because an array of eight-byte numbers must start at a multiple of
 * eight; not by `slice`, which makes none of a Buffer. */
export function arrayOf(dtype: StoredType, bytes: Uint8Array): StoredArray {
  return new ARRAYS[dtype](new Uint8Array(bytes).buffer);
}

/** The bytes of an array, without a copy. Typed arrays have the platform's order: little-endian wherever WebGPU runs. */
export const bytesIn = (data: StoredArray) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Number of entries of a shape; infinite where it passes 2^53. */
export function sizeOf(shape: readonly number[]): number {
  if (shape.includes(0)) return 0;
  const size = shape.reduce((a, b) => a * b, 1);
  return size <= Number.MAX_SAFE_INTEGER ? size : Number.POSITIVE_INFINITY;
}

/**
 * The numbers of a stored tensor in 64-bit floating point, which holds all of them exactly.
 *
 * @throws Error if a 64-bit integer is larger than 2^53 (it says which).
 * @example
 * ```ts
 * import { toNumbers } from 'clebsch';
 * toNumbers({ dtype: 'F16', shape: [2], data: Uint16Array.of(0x3c00, 0xc100) }); // => [1, -2.5]
 * toNumbers({ dtype: 'I64', shape: [1], data: BigInt64Array.of(-7n) }); // => [-7]
 * ```
 */
export function toNumbers({ dtype, data }: StoredTensor): Float64Array {
  if (dtype === 'F16') return Float64Array.from(data as Uint16Array, half);
  if (dtype === 'BF16') return new Float64Array(new Float32Array(bfloats(data as Uint16Array).buffer));
  if (dtype !== 'I64' && dtype !== 'U64') return new Float64Array(data as Float64Array);
  return Float64Array.from({ length: data.length }, (_, i) => {
    const value = Number(data[i]);
    if (Number.isSafeInteger(value)) return value;
    throw new Error(
      `number ${i} is ${data[i]}, which 64-bit floating point may not hold exactly; use the integers in \`data\``,
    );
  });
}

/** IEEE 754 binary16. */
function half(bits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The first 16 bits of binary32. */
const bfloats = (bits: Uint16Array) => Uint32Array.from(bits, (b) => b << 16);
