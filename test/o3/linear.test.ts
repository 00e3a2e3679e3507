import { describe, expect, test } from 'vitest';
import { type LinearOptions, linear } from '../../src/o3/index.ts';
import { loadFamily } from '../support/fixture.ts';
import { expectClose } from './close.ts';

const { json, tensor } = loadFamily('linear');

describe('against e3nn', () => {
  test.each((json.cases as Case[]).map((c) => [c.name, c] as const))('%s', (_, c) => {
    const spec = linear(c.irreps_in, c.irreps_out, {
      fIn: c.args.f_in,
      fOut: c.args.f_out,
      instructions: c.args.instructions,
      biases: c.args.biases,
      pathNormalization: c.args.path_normalization,
    });
    expect([spec.weightNumel, spec.biasNumel]).toEqual([c.weight_numel, c.bias_numel]);
    expect([...spec.outputMask]).toEqual([...tensor(c.output_mask).data]);
    const weights = c.instructions.filter(({ bias }) => !bias);
    expect(spec.instructions.map((i) => [i.in, i.out, i.pathShape, i.weightSlice])).toEqual(
      weights.map((i) => [i.i_in, i.i_out, i.path_shape, i.weight_slice]),
    );
    expectClose(
      spec.instructions.map((i) => i.coefficient),
      weights.map((i) => i.coefficient),
      1e-15,
    );
    const biases = c.instructions.filter(({ bias }) => bias);
    expect(spec.biases.map((b) => [b.out, b.pathShape, b.biasSlice])).toEqual(
      biases.map((b) => [b.i_out, b.path_shape, b.bias_slice]),
    );
  });

  test('invalid constructions raise', () => {
    const reproduce: Record<string, LinearOptions> = {
      'instruction between different irreps': { instructions: [[0, 0]] },
      'bias on non scalar': { biases: [true] },
    };
    for (const { what } of json.invalid as { what: string }[]) {
      expect(() => linear(what.startsWith('bias') ? '1o' : '1e', '1o', reproduce[what]), what).toThrow(/1o/);
    }
  });
});

test('messages name the place', () => {
  expect(() =>
    linear('0e', '0e', {
      instructions: [
        [0, 0],
        [1, 0],
      ],
    }),
  ).toThrow('instruction 1 ([1, 0]) reads block 1');
  expect(() => linear('0e', '0e', { instructions: [[0, 2]] })).toThrow('writes block 2');
  expect(() => linear('0e', '1o', { instructions: [[0, 0]] })).toThrow('maps 0e to 1o');
  expect(() => linear('0e', '0e+1o', { biases: [true] })).toThrow('1 bias flags');
  expect(() => linear('0e', '0o', { biases: [true] })).toThrow('block 0 (0o)');
  expect(() => linear('0e', '0e', { fIn: 2 })).toThrow('give both or neither');
  expect(() => linear('0e', '0e', { pathNormalization: 'none' as 'path' })).toThrow('"none"');
});

test('biases: true skips what is not 0e', () => {
  expect(linear('1o', '2x0e+1o+0o+3x0e', { biases: true }).biases.map(({ out }) => out)).toEqual([0, 3]);
});

interface Case {
  name: string;
  irreps_in: string;
  irreps_out: string;
  args: {
    f_in?: number;
    f_out?: number;
    instructions?: [number, number][];
    biases?: boolean | boolean[];
    path_normalization?: 'element' | 'path';
  };
  weight_numel: number;
  bias_numel: number;
  instructions: {
    bias: boolean;
    i_in: number;
    i_out: number;
    path_shape: number[];
    coefficient: number;
    weight_slice: [number, number];
    bias_slice: [number, number];
  }[];
  output_mask: object;
}
