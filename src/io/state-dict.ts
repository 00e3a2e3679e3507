import type { Parameters } from '../nn/parameters.ts';
import { wigner3j } from '../o3/clebsch-gordan.ts';
import { isFloat, type StoredTensor, sizeOf, toNumbers } from './dtype.ts';
import { FileError, listed, quoted } from './file-error.ts';

const fail = (name: string, what: string): never => {
  throw new FileError('checkpoint', `tensor ${quoted(name)}`, what);
};

/**
 * A stored tensor as finite 32-bit numbers of a wanted shape.
 *
 * @throws FileError if it has another shape, is no floating point, or holds a number that is not finite in 32 bits.
 */
export function floats(name: string, tensor: StoredTensor, shape: readonly number[]): Float32Array {
  if (String(tensor.shape) !== String(shape))
    fail(
      name,
      `its shape is [${tensor.shape}], and the model has [${shape}] there; it is another model's file`,
    );
  if (!isFloat(tensor.dtype))
    fail(name, `its number type is ${tensor.dtype}, and parameters are F64, F32, F16 or BF16`);
  const numbers = toNumbers(tensor);
  const out = Float32Array.from(numbers);
  const bad = out.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0)
    fail(
      name,
      `number ${bad} is ${numbers[bad]}, and all must be finite in 32-bit floating point; take an earlier checkpoint`,
    );
  return out;
}

/**
 * 32-bit numbers as a tensor like the one that they were read from: numbers that are still the same keep all
 * digits that were there, others are written as they are. Half precision that no longer holds them becomes F32.
 */
export function stored(
  shape: readonly number[],
  values: Float32Array,
  original: StoredTensor | undefined,
): StoredTensor {
  const fresh: StoredTensor = { dtype: 'F32', shape, data: values };
  if (!original || !isFloat(original.dtype) || String(original.shape) !== String(shape)) return fresh;
  const before = toNumbers(original);
  const same = (v: number, i: number) => Object.is(Math.fround(before[i]), v);
  if (values.every(same)) return original;
  if (original.dtype !== 'F64') return fresh;
  return { dtype: 'F64', shape, data: Float64Array.from(values, (v, i) => (same(v, i) ? before[i] : v)) };
}

/**
 * Those tensors of an e3nn state dict that are the model's, without what e3nn's modules keep besides.
 *
 * @throws FileError that lists what the model wants and the file has not, and what the file has and nobody knows.
 */
export function matchTensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  parameters: Parameters,
): ReadonlyMap<string, StoredTensor> {
  const all = [...parameters.list, ...parameters.buffers];
  const wanted = new Set(all.map(({ name }) => name));
  const found = new Map<string, StoredTensor>();
  const unknown: string[] = [];
  for (const [name, tensor] of tensors) {
    if (wanted.has(name)) found.set(name, tensor);
    else if (!isModuleBuffer(name, tensor)) unknown.push(name);
  }
  const missing = all.filter(({ name, shape }) => !found.has(name) && sizeOf(shape) > 0);
  if (missing.length + unknown.length === 0) return found;
  const messages = [
    missing.length > 0 && `the file lacks ${listed(missing.map(({ name }) => name))}`,
    unknown.length > 0 && `the model has no ${listed(unknown)}`,
  ];
  const prefix = commonPrefix([...tensors.keys()], missing);
  const advice = prefix
    ? `all names of the file start with ${quoted(prefix)}, which the model's do not: take it off them`
    : 'load it into the model that it was saved from';
  throw new FileError('checkpoint', 'tensors', `${messages.filter(Boolean).join(', and ')}; ${advice}`);
}

/** What all names of a file have in front of names that are missing: torch's wrappers put it there. */
function commonPrefix(
  names: readonly string[],
  missing: readonly { readonly name: string }[],
): string | null {
  for (const { name } of missing) {
    const before = (longer: string) => longer.slice(0, -name.length);
    const isCommon = (prefix: string) => names.every((one) => one.startsWith(prefix));
    const found = names.find((one) => one.endsWith(`.${name}`) && isCommon(before(one)));
    if (found) return before(found);
  }
  return null;
}

/** Whether e3nn's modules keep such a tensor that is no parameter; what can be checked of it is. */
function isModuleBuffer(name: string, tensor: StoredTensor): boolean {
  // Weights of products without weights, biases of maps without biases.
  if (sizeOf(tensor.shape) === 0) return true;
  const last = name.slice(name.lastIndexOf('.') + 1);
  if (last === 'output_mask') {
    const values: ArrayLike<number | bigint> = isFloat(tensor.dtype) ? toNumbers(tensor) : tensor.data;
    if (tensor.shape.length !== 1 || !Array.from(values).every((v) => Number(v) === 0 || Number(v) === 1))
      fail(name, `an output mask is a vector of zeros and ones; its shape is [${tensor.shape}]`);
    return true;
  }
  // Wigner 3j symbols of generated code.
  const ls = /^_w3j_(\d)_(\d)_(\d)$/.exec(last)?.slice(1).map(Number);
  if (!ls || ls[2] < Math.abs(ls[0] - ls[1]) || ls[2] > ls[0] + ls[1]) return false;
  const expected = wigner3j(ls[0], ls[1], ls[2]);
  if (String(tensor.shape) !== String(ls.map((l) => 2 * l + 1)) || !isFloat(tensor.dtype))
    fail(name, `it is ${tensor.dtype} of shape [${tensor.shape}], and no Wigner 3j symbol of these degrees`);
  const values = toNumbers(tensor);
  const other = values.findIndex((v, i) => !(Math.abs(v - expected[i]) < 1e-3));
  if (other >= 0)
    fail(
      name,
      `entry ${other} of the Wigner 3j symbol is ${values[other]} in the file and ${expected[other]} here: ` +
        'it was saved under other conventions',
    );
  return true;
}
