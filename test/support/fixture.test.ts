import { expect, test } from 'vitest';
import { loadFamily, loadFamilyWith, parseSafetensors } from './fixture.ts';

function safetensors(header: unknown, dataLength: number): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

test('inline and stored tensors', () => {
  const wigner = loadFamily('wignerD');
  const { shape, data } = wigner.tensor(wigner.json.cases[0].matrix);
  expect(shape).toEqual([3, 3]);
  expect(data).toHaveLength(9);

  const gate = loadFamily('tetris_gate');
  const names = Object.keys(gate.json.parameters);
  for (const name of names) {
    const tensor = gate.tensor(gate.json.parameters[name]);
    expect(tensor.data).toHaveLength(tensor.shape.reduce((a, b) => a * b, 1));
  }
  expect(names.length).toBeGreaterThan(0);
});

test('the same through an injected readFile, with non-finite numbers', async () => {
  const text =
    '{"format":"e3nn-golden/1","a":{"shape":[3],"data":["NaN","-Infinity",1]},"b":[{"shape":[1],"data":["x"]}]}';
  const family = await loadFamilyWith(async () => new TextEncoder().encode(text), 'odd');
  expect(family.tensor(family.json.a).data).toEqual(Float64Array.of(Number.NaN, Number.NEGATIVE_INFINITY, 1));
  expect(() => family.tensor(family.json.b[0])).toThrow('not a number: "x"');
  expect(() => family.tensor({ shape: [2], data: [1] })).toThrow('1 numbers in a tensor [2]');
  expect(() => family.tensor({})).toThrow('not a tensor');
});

test('every dtype', () => {
  const entry = (dtype: string, begin: number, end: number) => ({
    dtype,
    shape: [1],
    data_offsets: [begin, end],
  });
  const header = {
    f64: entry('F64', 0, 8),
    i64: entry('I64', 8, 16),
    f32: entry('F32', 16, 20),
    i32: entry('I32', 20, 24),
  };
  const bytes = safetensors(header, 24);
  const view = new DataView(bytes.buffer, bytes.length - 24);
  view.setFloat64(0, 0.1, true);
  view.setBigInt64(8, -7n, true);
  view.setFloat32(16, 0.5, true);
  view.setInt32(20, -9, true);
  const values = Object.fromEntries([...parseSafetensors(bytes)].map(([key, { data }]) => [key, data[0]]));
  expect(values).toEqual({ f64: 0.1, i64: -7, f32: 0.5, i32: -9 });
});

test.each<[string, Uint8Array, string]>([
  ['no header length', new Uint8Array(3), 'too few'],
  ['header past the end', safetensors({}, 0).subarray(0, 9), 'past the end'],
  ['not JSON', safetensors('{', 0), 'JSON'],
  ['not an object', safetensors('[]', 0), 'not an object'],
  ['unknown dtype', safetensors({ a: { dtype: 'F8', shape: [], data_offsets: [0, 1] } }, 1), 'dtype F8'],
  ['bad shape', safetensors({ a: { dtype: 'F64', shape: [-1], data_offsets: [0, 8] } }, 8), 'shape'],
  ['bad offsets', safetensors({ a: { dtype: 'F64', shape: [], data_offsets: [0] } }, 8), 'data_offsets'],
  ['wrong size', safetensors({ a: { dtype: 'F64', shape: [2], data_offsets: [0, 8] } }, 8), 'takes 16'],
  [
    'cut off',
    safetensors({ a: { dtype: 'F64', shape: [2], data_offsets: [0, 16] } }, 8),
    'ends at byte 16 of 8',
  ],
  ['left over', safetensors({ a: { dtype: 'F64', shape: [], data_offsets: [0, 8] } }, 9), '1 bytes of data'],
  [
    'overlap',
    safetensors(
      {
        a: { dtype: 'F64', shape: [], data_offsets: [0, 8] },
        b: { dtype: 'F64', shape: [], data_offsets: [4, 12] },
      },
      12,
    ),
    'overlap',
  ],
])('a safetensors file is refused: %s', (_, bytes, message) => {
  expect(() => parseSafetensors(bytes, 'x.safetensors')).toThrow(message);
});
