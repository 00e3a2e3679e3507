import { constant } from '../graph/leaf.ts';
import { ALIGNMENT } from '../graph/memory.ts';
import type { Node } from '../graph/node.ts';
import { startsOf } from '../graph/starts.ts';
import { wigner3j } from '../o3/clebsch-gordan.ts';
import type { Instruction, TensorProductSpec } from '../o3/instructions.ts';
import { Layout, type LayoutBlock } from '../o3/layout.ts';
import { contract } from '../ops/contract.ts';
import type { ContractBlock } from '../ops/contract-form.ts';
import { add, filled, uniformOf } from '../ops/map.ts';
import { channelCount, type PathMode, type ProductPath, type SlotBlock } from '../ops/product-form.ts';
import { slice } from '../ops/slice.ts';
import { broadcast } from '../ops/sum.ts';
import { tensorProduct } from '../ops/tensor-product.ts';
import type { Module, Weights } from './parameters.ts';
import { type GeometricTensor, inLayout, tensor } from './tensor.ts';

/** Options of `tensorProductLayer`. */
export interface TensorProductLayerOptions {
  /** Memory layouts; by default the first input is padded where that pays (`Layout.forFeatures`), the others are not. */
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
  /** Columns of weights in memory. */
  readonly weightLength: number;
  /** The place of each of e3nn's `spec.weightNumel` weights among them. */
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
 * const spec = elementwiseTensorProduct('1o', '1o', { filterIrOut: ['0e'] }); // x . y / sqrt(3)
 * const z = tensorProductLayer(spec).apply(null, tensorInput('x', 1, '1o'), tensorInput('y', 1, '1o'));
 * const [value] = reference([z.node], { x: [1, 2, 3], y: [4, 5, 6] });
 * value.map((v) => v * Math.sqrt(3)); // => [32]
 * ```
 */
export function tensorProductLayer(
  spec: TensorProductSpec,
  options: TensorProductLayerOptions = {},
): TensorProductLayer {
  const layoutIn1 = options.layoutIn1 ?? Layout.forFeatures(spec.irrepsIn1);
  const layoutIn2 = options.layoutIn2 ?? Layout.of(spec.irrepsIn2);
  const layoutOut = options.layoutOut ?? Layout.of(spec.irrepsOut);
  const direct: ProductPath[] = [];
  const weighted: { path: ProductPath; instruction: Instruction }[] = [];
  const mixed: Mixing[] = [];
  /** uuw without weights: the sum over channels. */
  const summed: Mixing[] = [];
  let midCols = 0;
  const wide = paddedInstructions(spec, layoutIn1, layoutIn2, layoutOut);
  for (const [at, { coefficient, ...rest }] of spec.instructions.entries()) {
    const instruction = { ...rest, coefficient: coefficient * (options.gain ?? 1) };
    const [a, b, out] = [
      layoutIn1.blocks[instruction.in1],
      layoutIn2.blocks[instruction.in2],
      layoutOut.blocks[instruction.out],
    ];
    if (a.mul === 0 || b.mul === 0 || out.mul === 0) continue;
    const mode = unmixed[instruction.connectionMode];
    const [x, y] = [a, b].map((block) => slotBlock(block, wide[at] ? block.padded : block.mul));
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
      const a = inLayout('tensor product, first input', x, layoutIn1);
      const b = inLayout('tensor product, second input', y, layoutIn2);
      const rows = a.rows;
      const all = weights === null || 'op' in weights ? weights : length > 0 ? weights.get('weight') : null;
      if (length > 0 && (all === null || all.cols !== length || (all.rows !== 1 && all.rows !== rows)))
        throw new Error(
          `tensor product: weights must be 1x${length} or ${rows}x${length}, got ${all ? `${all.rows}x${all.cols}` : 'none'}`,
        );
      const parts: Node[] = [];
      if (direct.length > 0)
        parts.push(tensorProduct({ paths: direct, cols: { ...cols, w: 0, z: layoutOut.cols } }, a, b));
      if (withWeights.length > 0) {
        const own = broadcast(slice(all!, 0, directLength), rows, directLength);
        const form = { paths: withWeights, cols: { ...cols, w: directLength, z: layoutOut.cols } };
        parts.push(tensorProduct(form, a, b, own));
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
          parts.push(contract({ blocks, aCols: layoutIn1.cols, ...shared }, a, own));
        } else parts.push(contract({ blocks: mixedBlocks, aCols: midCols, ...shared }, middle(a, b), own));
      }
      if (summed.length > 0) {
        const lengths = summed.map(({ block }) => block.mulIn);
        const starts = startsOf(lengths);
        const blocks = summed.map(({ block }, i) => ({ ...block, w: starts[i] }));
        const at = lengths.reduce((sum, n) => sum + n, 0);
        const ones = constant(new Float64Array(at).fill(1), 1, at);
        const form = { blocks, aCols: midCols, wCols: at, oCols: layoutOut.cols, perSample: false };
        parts.push(contract(form, middle(a, b), ones));
      }
      return tensor(parts.length ? parts.reduce(add) : filled(rows, layoutOut.cols, 0), layoutOut);
    },
  };

  /** Channel-by-channel products of the paths that are mixed afterwards. */
  function middle(a: Node, b: Node): Node {
    const paths = [...mixed, ...summed].map(({ path }) => path);
    return tensorProduct({ paths, cols: { ...cols, w: 0, z: midCols } }, a, b);
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
 * Which instructions may walk the padding of their blocks, which makes loads of four possible: where it stays zero and
 * does not disturb the numbering of channel pairs. All that share a padded block must agree on its channels.
 */
function paddedInstructions(
  spec: TensorProductSpec,
  layoutIn1: Layout,
  layoutIn2: Layout,
  layoutOut: Layout,
): boolean[] {
  const blocksOf = ({ in1, in2, out, connectionMode }: Instruction) => {
    const direct = unmixed[connectionMode] === undefined;
    return {
      a: layoutIn1.blocks[in1],
      b: layoutIn2.blocks[in2],
      out: direct ? layoutOut.blocks[out] : null,
      mode: unmixed[connectionMode] ?? (connectionMode as PathMode),
    };
  };
  const allowed = spec.instructions.map((instruction) => {
    const { a, b, out, mode } = blocksOf(instruction);
    if (mode === 'uuu') return a.padded === b.padded && (!out || out.padded === a.padded);
    if (b.padded !== b.mul) return false;
    if (mode === 'uvu') return out!.padded === a.padded;
    return mode === 'uvuv' && (!out || out.padded === a.padded * b.mul);
  });
  const shared = spec.instructions.map((instruction) => {
    const { a, b, out } = blocksOf(instruction);
    return [a, b, out].filter((block) => block !== null && block.padded !== block.mul);
  });
  for (;;) {
    const narrow = new Set(shared.filter((_, i) => !allowed[i]).flat());
    const conflict = allowed.findIndex((wide, i) => wide && shared[i].some((block) => narrow.has(block)));
    if (conflict < 0) return allowed;
    allowed[conflict] = false;
  }
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
