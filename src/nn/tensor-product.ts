import { constant } from '../graph/leaf.ts';
import { ALIGNMENT } from '../graph/memory.ts';
import type { Node } from '../graph/node.ts';
import { startsOf } from '../graph/starts.ts';
import { wigner3j } from '../o3/clebsch-gordan.ts';
import type { Instruction, TensorProductSpec } from '../o3/instructions.ts';
import { Layout, type LayoutBlock } from '../o3/layout.ts';
import { type ContractBlock, contract } from '../ops/contract.ts';
import { add, filled, uniformOf } from '../ops/map.ts';
import { channelCount, type PathMode, type ProductPath, type SlotBlock } from '../ops/product-form.ts';
import { slice } from '../ops/slice.ts';
import { broadcast } from '../ops/sum.ts';
import { tensorProduct } from '../ops/tensor-product.ts';
import type { Module, Weights } from './parameters.ts';
import { expectIrreps, type GeometricTensor, tensor } from './tensor.ts';

/** Options of `tensorProductLayer`. */
export interface TensorProductLayerOptions {
  /** Memory layouts of inputs and output; by default without padding. */
  readonly layoutIn1?: Layout;
  readonly layoutIn2?: Layout;
  readonly layoutOut?: Layout;
  /** Factor of the whole product; default 1. */
  readonly gain?: number;
}

/** A layer made by `tensorProductLayer`. */
export interface TensorProductLayer extends Module {
  readonly spec: TensorProductSpec;
  readonly layoutIn1: Layout;
  readonly layoutIn2: Layout;
  readonly layoutOut: Layout;
  /** Columns of weights in memory, and the place of each of e3nn's `spec.weightNumel` numbers among them. */
  readonly weightLength: number;
  readonly weightPositions: Int32Array;
  /**
   * rows x irrepsOut, from x (rows x irrepsIn1) and y (rows x irrepsIn2). Weights: the layer's own parameter
   * "weight" (shared by all rows), or a value of 1 row (shared) or as many rows as x (per sample), `weightLength`
   * columns; null when no path has any.
   */
  apply(weights: Weights | Node | null, x: GeometricTensor, y: GeometricTensor): GeometricTensor;
}

/** What the modes that mix channels (uvw, uuw, u<vw) do channel by channel, before the mixing. */
const unmixed: Partial<Record<Instruction['connectionMode'], PathMode>> = {
  uvw: 'uvuv',
  uuw: 'uuu',
  'u<vw': 'uvu<v',
};

interface Mixing {
  readonly path: ProductPath;
  readonly block: Omit<ContractBlock, 'w'>;
  readonly instruction: Instruction;
}

/**
 * A tensor product with e3nn's instructions (e3nn `o3.TensorProduct`): every connection mode, weights internal,
 * shared or per sample. Paths whose mode mixes channels are a channel-by-channel product into a value in
 * between and a blocked matrix product, which is where kernels are fast.
 *
 * @param spec made by `tensorProduct`, `fullyConnectedTensorProduct`, `elementwiseTensorProduct`, ...
 * @throws Error from `apply` if x or y has other irreps or another memory layout, or the weights another shape.
 * @example
 * ```ts
 * import { elementwiseTensorProduct, reference, tensorInput, tensorProductLayer } from 'clebsch';
 * const layer = tensorProductLayer(elementwiseTensorProduct('1o', '1o', ['0e'])); // x . y / sqrt(3)
 * const z = layer.apply(null, tensorInput('x', 1, '1o'), tensorInput('y', 1, '1o'));
 * const [[value]] = reference([z.node], { x: [1, 2, 3], y: [4, 5, 6] });
 * value * Math.sqrt(3); // => 32
 * ```
 */
export function tensorProductLayer(
  spec: TensorProductSpec,
  options: TensorProductLayerOptions = {},
): TensorProductLayer {
  const layoutIn1 = options.layoutIn1 ?? Layout.of(spec.irrepsIn1);
  const layoutIn2 = options.layoutIn2 ?? Layout.of(spec.irrepsIn2);
  const layoutOut = options.layoutOut ?? Layout.of(spec.irrepsOut);
  const direct: ProductPath[] = [];
  const weighted: { path: ProductPath; instruction: Instruction }[] = [];
  const mixed: Mixing[] = [];
  /** uuw without weights: the sum over channels. */
  const summed: Mixing[] = [];
  let midCols = 0;
  for (const { coefficient, ...rest } of spec.instructions) {
    const instruction = { ...rest, coefficient: coefficient * (options.gain ?? 1) };
    const [a, b, out] = [
      layoutIn1.blocks[instruction.in1],
      layoutIn2.blocks[instruction.in2],
      layoutOut.blocks[instruction.out],
    ];
    if (a.mul === 0 || b.mul === 0 || out.mul === 0) continue;
    const mode = unmixed[instruction.connectionMode];
    const [x, y] = channels(a, b, mode ? null : out, mode ?? (instruction.connectionMode as PathMode));
    if (!mode) {
      const own = instruction.connectionMode as PathMode;
      const path: ProductPath = {
        mode: own,
        x,
        y,
        z: slotBlock(out, zChannels(own, x, y)),
        w: null,
        coefficient: instruction.coefficient,
      };
      if (instruction.hasWeight) weighted.push({ path, instruction });
      else direct.push(path);
      continue;
    }
    const probe: ProductPath = {
      mode,
      x,
      y,
      z: { offset: midCols, stride: 0, mul: 0, l: out.ir.l },
      w: null,
      coefficient: 1,
    };
    const mul = channelCount(probe);
    if (mul === 0) continue;
    const z = { offset: midCols, stride: mul, mul, l: out.ir.l };
    const mulOut = instruction.hasWeight ? out.padded : 1;
    (instruction.hasWeight ? mixed : summed).push({
      path: { ...probe, z },
      block: {
        a: midCols,
        aStride: mul,
        o: out.offset,
        oStride: out.stride,
        mulIn: mul,
        mulOut,
        dim: out.ir.dim,
        coefficient: instruction.coefficient,
      },
      instruction,
    });
    midCols += mul * out.ir.dim;
  }
  const weightPositions = new Int32Array(spec.weightNumel);
  let length = 0;
  const withWeights = weighted.map(({ path, instruction }) => {
    const w = length;
    place(weightPositions, instruction, path, 1, w, 1);
    length += channelCount(path);
    return { ...path, w };
  });
  const directLength = length;
  // The two kinds of weights are read by different kernels; the second starts where a binding may start.
  const mixedStart =
    mixed.length && directLength ? Math.ceil(directLength / ALIGNMENT) * ALIGNMENT : directLength;
  length = mixedStart;
  const mixedBlocks = mixed.map(({ path, block, instruction }) => {
    const w = length - mixedStart;
    place(weightPositions, instruction, path, instruction.pathShape.at(-1)!, length, block.mulOut);
    length += block.mulIn * block.mulOut;
    return { ...block, w };
  });
  const mixedLength = length - mixedStart;
  const cols = { x: layoutIn1.cols, y: layoutIn2.cols };
  const identity = weightPositions.every((p, i) => p === i) && length === spec.weightNumel;

  return {
    spec,
    layoutIn1,
    layoutIn2,
    layoutOut,
    weightLength: length,
    weightPositions,
    parameters:
      spec.weightNumel === 0
        ? []
        : [
            {
              name: 'weight',
              shape: [spec.weightNumel],
              packedLength: length,
              positions: identity ? null : weightPositions,
              initial: 'normal',
            },
          ],
    apply(weights, x, y) {
      expectIrreps('tensor product, first input', x, layoutIn1);
      expectIrreps('tensor product, second input', y, layoutIn2);
      const rows = x.node.rows;
      const all = weights === null || 'op' in weights ? weights : length > 0 ? weights.get('weight') : null;
      if (length > 0 && (all === null || all.cols !== length || (all.rows !== 1 && all.rows !== rows)))
        throw new Error(
          `tensor product: weights must be 1x${length} or ${rows}x${length}, got ${all ? `${all.rows}x${all.cols}` : 'none'}`,
        );
      const parts: Node[] = [];
      if (direct.length > 0)
        parts.push(
          tensorProduct({ paths: direct, cols: { ...cols, w: 0, z: layoutOut.cols } }, x.node, y.node),
        );
      if (withWeights.length > 0) {
        const own = broadcast(slice(all!, 0, directLength), rows, directLength);
        const form = { paths: withWeights, cols: { ...cols, w: directLength, z: layoutOut.cols } };
        parts.push(tensorProduct(form, x.node, y.node, own));
      }
      if (mixedBlocks.length > 0) {
        const own = slice(all!, mixedStart, mixedLength);
        const perSample = own.rows !== 1;
        const shared = { wCols: mixedLength, oCols: layoutOut.cols, perSample };
        if (isUnitScalar(y)) {
          // The product with a constant one is the input itself: a plain linear map.
          const blocks = mixedBlocks.map((block, i) => {
            const { path } = mixed[i];
            const [unit] = wigner3j(path.x.l, 0, path.x.l);
            return {
              ...block,
              a: path.x.offset,
              aStride: path.x.stride,
              coefficient: block.coefficient * unit,
            };
          });
          parts.push(contract({ blocks, aCols: layoutIn1.cols, ...shared }, x.node, own));
        } else parts.push(contract({ blocks: mixedBlocks, aCols: midCols, ...shared }, middle(x, y), own));
      }
      if (summed.length > 0) {
        const lengths = summed.map(({ block }) => block.mulIn);
        const starts = startsOf(lengths);
        const blocks = summed.map(({ block }, i) => ({ ...block, w: starts[i] }));
        const at = lengths.reduce((sum, n) => sum + n, 0);
        const ones = constant(new Float64Array(at).fill(1), 1, at);
        const form = { blocks, aCols: midCols, wCols: at, oCols: layoutOut.cols, perSample: false };
        parts.push(contract(form, middle(x, y), ones));
      }
      return tensor(parts.length ? parts.reduce(add) : filled(rows, layoutOut.cols, 0), layoutOut);
    },
  };

  /** Channel-by-channel products of the paths that are mixed afterwards. */
  function middle(x: GeometricTensor, y: GeometricTensor): Node {
    const paths = [...mixed, ...summed].map(({ path }) => path);
    return tensorProduct({ paths, cols: { ...cols, w: 0, z: midCols } }, x.node, y.node);
  }
}

/** Whether y is the single even scalar 1 in every row, known from the graph. */
function isUnitScalar(y: GeometricTensor): boolean {
  return y.layout.cols === 1 && y.layout.irreps.toString() === '1x0e' && uniformOf(y.node) === 1;
}

function slotBlock({ offset, stride, ir }: LayoutBlock, mul: number): SlotBlock {
  return { offset, stride, mul, l: ir.l };
}

function zChannels(mode: PathMode, x: SlotBlock, y: SlotBlock): number {
  if (mode === 'uvv') return y.mul;
  return mode === 'uvuv' ? x.mul * y.mul : mode === 'uvu<v' ? (x.mul * (x.mul - 1)) / 2 : x.mul;
}

/**
 * The two input blocks with as many channels as the kernel shall walk: padding included where it stays zero and does
 * not disturb the numbering of channel pairs, which makes loads of four possible.
 */
function channels(
  a: LayoutBlock,
  b: LayoutBlock,
  out: LayoutBlock | null,
  mode: PathMode,
): [SlotBlock, SlotBlock] {
  const wide =
    mode === 'uuu'
      ? a.padded === b.padded && (!out || out.padded === a.padded)
      : (mode === 'uvu' && b.padded === b.mul && (!out || out.padded === a.padded)) ||
        (mode === 'uvuv' && b.padded === b.mul && (!out || out.padded === a.padded * b.mul));
  return wide ? [slotBlock(a, a.padded), slotBlock(b, b.padded)] : [slotBlock(a, a.mul), slotBlock(b, b.mul)];
}

/** Records where the weights of one instruction stand: e3nn's [channel pair, w] to `start + pair' * stride + w`. */
function place(
  positions: Int32Array,
  instruction: Instruction,
  path: ProductPath,
  mulOut: number,
  start: number,
  stride: number,
): void {
  const [from, to] = instruction.weightSlice!;
  const pairs = (to - from) / mulOut;
  // Padding only ever adds channels u at the end, so pairs (u, v) keep their numbers.
  for (let pair = 0; pair < pairs; pair++)
    for (let w = 0; w < mulOut; w++) positions[from + pair * mulOut + w] = start + pair * stride + w;
  if (pairs > channelCount(path))
    throw new Error(
      `path ${instruction.connectionMode}: ${pairs} weights for ${channelCount(path)} channels`,
    );
}
