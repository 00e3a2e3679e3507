import { describe, expect, test } from 'vitest';
import {
  elementwiseTensorProduct,
  fullTensorProduct,
  fullyConnectedTensorProduct,
  type InstructionLike,
  type TensorProductSpec,
  tensorProduct,
  tensorSquare,
} from '../../src/o3/index.ts';
import { loadFamily } from '../support/fixture.ts';
import { expectClose } from './close.ts';

const { json, tensor } = loadFamily('tensorProduct');

/** Builds a case the way its class does in e3nn. */
function build(c: Case): TensorProductSpec {
  const options = {
    irrepNormalization: c.irrep_normalization,
    pathNormalization: c.path_normalization,
    in1Var: c.in1_var,
    in2Var: c.in2_var,
    outVar: c.out_var,
    filterIrOut: c.args?.filter_ir_out,
  };
  switch (c.class) {
    case 'FullyConnectedTensorProduct':
      return fullyConnectedTensorProduct(c.irreps_in1, c.irreps_in2, c.irreps_out, options);
    case 'ElementwiseTensorProduct':
      return elementwiseTensorProduct(c.args!.irreps_in1!, c.args!.irreps_in2!, options);
    case 'FullTensorProduct':
      return fullTensorProduct(c.args!.irreps_in1!, c.args!.irreps_in2!, options);
    case 'TensorSquare':
      return tensorSquare(c.args!.irreps_in!, c.args!.irreps_out ?? null, options);
    default:
      return tensorProduct(c.irreps_in1, c.irreps_in2, c.irreps_out, c.instructions.map(asWritten), options);
  }
}

const asWritten = (i: CaseInstruction): InstructionLike => [
  i.i_in1,
  i.i_in2,
  i.i_out,
  i.mode,
  i.has_weight,
  i.path_weight,
];

describe('against e3nn', () => {
  test.each((json.cases as Case[]).map((c) => [c.name, c] as const))('%s', (_, c) => {
    const spec = build(c);
    expect([spec.irrepsIn1, spec.irrepsIn2, spec.irrepsOut].map(String)).toEqual([
      c.irreps_in1,
      c.irreps_in2,
      c.irreps_out,
    ]);
    expect(spec.weightNumel).toBe(c.weight_numel);
    expect([...spec.outputMask]).toEqual([...tensor(c.output_mask).data]);
    expect(spec.instructions.length).toBe(c.instructions.length);
    spec.instructions.forEach((path, n) => {
      const e = c.instructions[n];
      expect([path.in1, path.in2, path.out, path.connectionMode, path.hasWeight]).toEqual([
        e.i_in1,
        e.i_in2,
        e.i_out,
        e.mode,
        e.has_weight,
      ]);
      expect([path.pathShape, path.weightSlice]).toEqual([e.path_shape, e.weight_slice]);
      expectClose([path.pathWeight, path.coefficient], [e.path_weight, e.coefficient], 1e-15);
    });
  });

  test.each(json.invalid as Invalid[])(
    '$what raises',
    ({ irreps_in1, irreps_in2, irreps_out, instructions }) => {
      expect(() => tensorProduct(irreps_in1, irreps_in2, irreps_out, instructions)).toThrow(
        'instruction 0 (',
      );
    },
  );
});

describe('messages name the instruction and what disagrees', () => {
  test('blocks, parities, triangle, multiplicities, path weights', () => {
    const make =
      (out: string, ...rest: InstructionLike[]) =>
      () =>
        tensorProduct('2x1o', '3x1o', out, rest);
    expect(make('6x0e', [0, 0, 0, 'uvuv', false], [0, 1, 0, 'uvw', true])).toThrow(
      'instruction 1 uses block 1 of in2',
    );
    expect(make('1o', [0, 0, 0, 'uvw', true])).toThrow(
      'parities do not multiply; 1o * 1o contains 0e, 1e, 2e',
    );
    expect(make('3e', [0, 0, 0, 'uvw', true])).toThrow('triangle rule');
    expect(make('2x0e', [0, 0, 0, 'uvv', true])).toThrow(
      '(2x1o * 3x1o -> 2x0e, "uvv"): this mode needs mul2 = mulOut',
    );
    expect(make('0e', [0, 0, 0, 'uuw', true])).toThrow('needs mul1 = mul2');
    expect(make('0e', [0, 0, 0, 'u<vw', true])).toThrow('needs mul1 = mul2');
    expect(make('0e', [0, 0, 0, 'uvuv', true])).toThrow('mul1 * mul2 = mulOut');
    expect(make('0e', [0, 0, 0, 'toString' as 'uvw', true])).toThrow('no such mode');
    expect(make('0e', [0, 0, 0, 'uvw', true, -1])).toThrow('path weight -1 is negative');
    expect(() => tensorProduct('2x1o', '2x1o', '3x0e', [[0, 0, 0, 'uuw', false]])).toThrow(
      'mulOut = 1 without',
    );
    expect(() => tensorProduct('3x1o', '3x1o', '2x0e', [[0, 0, 0, 'uvu<v', false]])).toThrow(
      '(mul1 - 1) / 2',
    );
    expect(() => tensorProduct('3x1o', '3x1o', '2x0e', [[0, 0, 0, 'u<vw', false]])).toThrow('a weight');
  });

  test('options', () => {
    const one: InstructionLike[] = [[0, 0, 0, 'uvw', true]];
    expect(() => tensorProduct('0e', '0e', '0e', one, { in1Var: [1, 2] })).toThrow('in1Var has 2 entries');
    const irrep = { irrepNormalization: 'unit' as 'norm' };
    expect(() => tensorProduct('0e', '0e', '0e', one, irrep)).toThrow('irrepNormalization is "unit"');
    const path = { pathNormalization: 'unit' as 'path' };
    expect(() => tensorProduct('0e', '0e', '0e', one, path)).toThrow('pathNormalization is "unit"');
  });
});

type Normalization = 'component' | 'norm' | 'none';

interface CaseInstruction {
  i_in1: number;
  i_in2: number;
  i_out: number;
  mode: InstructionLike[3];
  has_weight: boolean;
  path_weight: number;
  path_shape: number[];
  coefficient: number;
  weight_slice: [number, number] | null;
}

interface Case {
  name: string;
  class: string;
  args?: {
    irreps_in1?: string;
    irreps_in2?: string;
    irreps_in?: string;
    irreps_out?: string | null;
    filter_ir_out?: string[] | null;
  };
  irrep_normalization: Normalization;
  path_normalization: 'element' | 'path' | 'none';
  in1_var?: number[] | null;
  in2_var?: number[] | null;
  out_var?: number[] | null;
  irreps_in1: string;
  irreps_in2: string;
  irreps_out: string;
  instructions: CaseInstruction[];
  weight_numel: number;
  output_mask: object;
}

interface Invalid {
  what: string;
  irreps_in1: string;
  irreps_in2: string;
  irreps_out: string;
  instructions: InstructionLike[];
}
