import * as e from '../graph/expression.ts';
import type { Node } from '../graph/node.ts';
import { contract } from '../ops/contract.ts';
import { place } from '../ops/slice.ts';
import { type ActivationLike, applyScalar, normalize2mom } from './activation.ts';
import type { Module, Parameter, Weights } from './parameters.ts';
import { packWeightBlocks } from './weight-blocks.ts';

/** Options of `fullyConnectedNet`. */
export interface FullyConnectedNetOptions {
  /** Mean square of the numbers that go in; default 1. */
  readonly varianceIn?: number;
  /** Mean square that the outputs shall have at initialisation; default 1. */
  readonly varianceOut?: number;
  /** Whether the activation follows the last layer too; default false. */
  readonly outAct?: boolean;
  /**
   * Where each output stands in memory, for a consumer with a layout of its own (the weights of a tensor product);
   * by default one after the other.
   */
  readonly outPositions?: Int32Array;
  /** Columns of the output in memory. */
  readonly outCols?: number;
}

/** A layer made by `fullyConnectedNet`. */
export interface FullyConnectedNet extends Module {
  /** x: rows x `hs[0]`; result: rows x the last of `hs`, or rows x outCols. */
  apply(weights: Weights, x: Node): Node;
}

/**
 * Multilayer perceptron on plain numbers (e3nn `nn.FullyConnectedNet`): layer i is c phi(x W / sqrt(h_in var_in)),
 * the last without activation and scaled to varianceOut. No biases; parameters "layer0.weight", ..., each of
 * shape `[h_in, h_out]`.
 *
 * @param hs numbers a row at the input, after each layer, and at the output
 * @param act phi, normalised by `normalize2mom` (the factor c); null for none
 * @throws Error from `apply` if x has not `hs[0]` columns.
 * @example
 * ```ts
 * import { filled, fullyConnectedNet, input, Parameters, reference } from 'clebsch';
 * const net = fullyConnectedNet([4, 1], 'silu'); // one layer, so no activation: x W / sqrt(4)
 * const parameters = new Parameters(net);
 * const y = net.apply(parameters.weights(filled(1, parameters.length, 1)), input('x', 1, 4));
 * reference([y], { x: [1, 2, 3, 4] }); // => [[5]]
 * ```
 */
export function fullyConnectedNet(
  hs: readonly number[],
  act: ActivationLike | null,
  options: FullyConnectedNetOptions = {},
): FullyConnectedNet {
  const { varianceIn = 1, varianceOut = 1, outAct = false } = options;
  const padded = (width: number) => (width < 4 ? width : Math.ceil(width / 4) * 4);
  const layers = hs.slice(1).map((mulOut, i) => {
    const mulIn = hs[i];
    const last = i === hs.length - 2;
    const paddedIn = padded(mulIn);
    const paddedOut = last ? (options.outCols ?? mulOut) : padded(mulOut);
    const slice = { start: 0, mulIn, mulOut, paddedIn, paddedOut };
    const outPositions = last ? options.outPositions : undefined;
    const positions = outPositions
      ? rowsAt(outPositions, mulIn, paddedOut)
      : packWeightBlocks([slice], mulIn * mulOut).positions;
    const factor = last && !(outAct && act) ? varianceOut : 1;
    return {
      mulOut,
      paddedIn,
      activated: act !== null && (!last || outAct),
      gain: last && outAct ? Math.sqrt(varianceOut) : 1,
      parameter: {
        name: `layer${i}.weight`,
        shape: [mulIn, mulOut],
        packedLength: paddedIn * paddedOut,
        positions,
        initial: 'normal',
      } satisfies Parameter,
      form: {
        blocks: [
          {
            a: 0,
            aStride: paddedIn,
            o: 0,
            oStride: paddedOut,
            w: 0,
            mulIn: paddedIn,
            mulOut: paddedOut,
            dim: 1,
            coefficient: Math.sqrt(factor / (mulIn * (i === 0 ? varianceIn : 1))),
          },
        ],
        aCols: paddedIn,
        wCols: paddedIn * paddedOut,
        oCols: paddedOut,
        perSample: false,
      },
    };
  });
  return {
    parameters: layers.map((layer) => layer.parameter),
    apply(weights, x) {
      if (x.cols !== hs[0]) throw new Error(`fullyConnectedNet takes ${hs[0]} numbers a row, got ${x.cols}`);
      let value = x;
      for (const { form, parameter, paddedIn, activated, gain, mulOut } of layers) {
        if (value.cols !== paddedIn) value = place([value], [0], paddedIn);
        value = contract(form, value, weights.get(parameter.name));
        if (activated) value = applyScalar(value, e.mul(e.number(gain), normalize2mom(act!)), mulOut);
      }
      return value;
    },
  };
}

/** Where each number of a matrix stands when its columns are moved to `columns` and its rows are `stride` apart. */
function rowsAt(columns: ArrayLike<number>, rows: number, stride: number): Int32Array {
  const positions = new Int32Array(rows * columns.length);
  for (let r = 0, k = 0; r < rows; r++)
    for (let c = 0; c < columns.length; c++) positions[k++] = r * stride + columns[c];
  return positions;
}
