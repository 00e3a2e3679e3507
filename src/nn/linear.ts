import type { Node } from '../graph/node.ts';
import type { IrrepsLike } from '../o3/irreps.ts';
import { Layout } from '../o3/layout.ts';
import { type LinearOptions, type LinearSpec, linear as linearSpec } from '../o3/linear.ts';
import { contract } from '../ops/contract.ts';
import type { ContractBlock } from '../ops/contract-form.ts';
import { add } from '../ops/map.ts';
import { place, slice as sliceOf } from '../ops/slice.ts';
import { broadcast } from '../ops/sum.ts';
import type { Module, Parameter, Weights } from './parameters.ts';
import { type GeometricTensor, inLayout, tensor } from './tensor.ts';
import { packWeightBlocks } from './weight-blocks.ts';

/** Options of `linearLayer`: those of `linear`, and memory layouts. */
export interface LinearLayerOptions extends LinearOptions {
  /** Memory layouts; by default the input is padded where that pays (`Layout.forFeatures`) and the output is not. */
  readonly layoutIn?: Layout;
  readonly layoutOut?: Layout;
}

/** A layer made by `linearLayer`. */
export interface Linear extends Module {
  readonly spec: LinearSpec;
  readonly layoutIn: Layout;
  readonly layoutOut: Layout;
  /** x: rows x irrepsIn; result: rows x irrepsOut. Weights of one row are shared, of as many rows as x per sample. */
  apply(weights: Weights, x: GeometricTensor): GeometricTensor;
}

/**
 * Equivariant linear map (e3nn `o3.Linear`): each output irrep mixes the copies of the same input irrep,
 * out_w = c sum_u W_uw x_u with c = 1/sqrt(number of terms). Parameter "weight" and, where `biases` asks for
 * them, "bias". With `fIn` and `fOut` a row holds fIn (fOut) features one after the other.
 *
 * @throws Error as `linear` does; from `apply` if x has other irreps or another memory layout.
 * @example
 * ```ts
 * import { filled, linearLayer, Parameters, reference, tensorInput } from 'clebsch';
 * const layer = linearLayer('4x1o', '1o');
 * const parameters = new Parameters(layer);
 * const weights = parameters.weights(filled(1, parameters.length, 1));
 * const y = layer.apply(weights, tensorInput('x', 1, layer.layoutIn));
 * // The sum of four vectors, divided by sqrt(4).
 * const x = layer.layoutIn.pack([1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]);
 * reference([y.node], { x }); // => [[1, 0.5, 0.5]]
 * ```
 */
export function linear(
  irrepsIn: IrrepsLike,
  irrepsOut: IrrepsLike,
  options: LinearLayerOptions = {},
): Linear {
  const spec = linearSpec(irrepsIn, irrepsOut, options);
  const layoutIn = options.layoutIn ?? Layout.forFeatures(spec.irrepsIn);
  const layoutOut = options.layoutOut ?? Layout.of(spec.irrepsOut);
  const fIn = spec.fIn ?? 1;
  const fOut = spec.fOut ?? 1;
  const slices = [];
  const blocks: Omit<ContractBlock, 'w'>[] = [];
  for (let i = 0; i < fIn; i++)
    for (let o = 0; o < fOut; o++)
      for (const instruction of spec.instructions) {
        const a = layoutIn.blocks[instruction.in];
        const b = layoutOut.blocks[instruction.out];
        if (a.mul === 0 || b.mul === 0) continue;
        slices.push({
          start: (i * fOut + o) * spec.weightNumel + instruction.weightSlice[0],
          mulIn: a.mul,
          mulOut: b.mul,
          paddedIn: a.padded,
          paddedOut: b.padded,
        });
        blocks.push({
          a: i * layoutIn.cols + a.offset,
          aStride: a.stride,
          o: o * layoutOut.cols + b.offset,
          oStride: b.stride,
          mulIn: a.padded,
          mulOut: b.padded,
          dim: a.ir.dim,
          coefficient: instruction.coefficient,
        });
      }
  const packed = packWeightBlocks(slices, fIn * fOut * spec.weightNumel);
  const parameters: Parameter[] = [
    {
      name: 'weight',
      shape: spec.fIn === null ? [spec.weightNumel] : [fIn, fOut, spec.weightNumel],
      packedLength: packed.packedLength,
      positions: packed.positions,
      initial: 'normal',
    },
  ];
  if (spec.biasNumel > 0)
    parameters.push({
      name: 'bias',
      shape: spec.fOut === null ? [spec.biasNumel] : [fOut, spec.biasNumel],
      packedLength: fOut * spec.biasNumel,
      positions: null,
      initial: 'zeros',
    });
  const form = {
    blocks: blocks.map((block, i) => ({ ...block, w: packed.offsets[i] })),
    aCols: fIn * layoutIn.cols,
    wCols: packed.packedLength,
    oCols: fOut * layoutOut.cols,
  };
  return {
    spec,
    layoutIn,
    layoutOut,
    parameters,
    apply(weights, x) {
      const node = fIn === 1 ? inLayout('linear', x, layoutIn) : x.node;
      const weight = weights.get('weight');
      const out = contract({ ...form, perSample: weight.rows !== 1 }, node, weight);
      const biased = spec.biasNumel > 0 ? add(out, biases(weights.get('bias'), out)) : out;
      return fOut === 1 ? tensor(biased, layoutOut) : { node: biased, layout: layoutOut };
    },
  };

  /** The bias vector spread over the columns of the 0e blocks it belongs to. */
  function biases(bias: Node, out: Node): Node {
    const parts: Node[] = [];
    const offsets: number[] = [];
    for (let o = 0; o < fOut; o++)
      for (const { out: block, biasSlice } of spec.biases) {
        parts.push(sliceOf(bias, o * spec.biasNumel + biasSlice[0], biasSlice[1] - biasSlice[0]));
        offsets.push(o * layoutOut.cols + layoutOut.blocks[block].offset);
      }
    return broadcast(place(parts, offsets, out.cols), out.rows, out.cols);
  }
}
