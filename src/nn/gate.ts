import type { Node } from '../graph/node.ts';
import { Irreps, type IrrepsLike } from '../o3/irreps.ts';
import { Layout } from '../o3/layout.ts';
import { elementwiseTensorProduct } from '../o3/tensor-product-rules.ts';
import type { ProductPath, SlotBlock } from '../ops/product-form.ts';
import { concat, place, slice } from '../ops/slice.ts';
import { tensorProduct } from '../ops/tensor-product.ts';
import { type ActivationLike, activation } from './activation.ts';
import { type GeometricTensor, inLayout, tensor } from './tensor.ts';

/** A layer made by `gate`: rows x irrepsIn to rows x irrepsOut, without parameters. */
export interface Gate {
  /** The arguments that it was made of. */
  readonly irrepsScalars: Irreps;
  readonly irrepsGates: Irreps;
  readonly irrepsGated: Irreps;
  /** Scalars, gates and gated irreps, sorted and simplified: what the layer before has to produce. */
  readonly irrepsIn: Irreps;
  /** Scalars, then gated irreps, as the activations leave their parities. */
  readonly irrepsOut: Irreps;
  readonly layoutIn: Layout;
  readonly layoutOut: Layout;
  /** x: rows x irrepsIn; result: rows x irrepsOut. Throws if x has other irreps or another memory layout. */
  apply(x: GeometricTensor): GeometricTensor;
}

/** A run of copies inside a block of the input: where e3nn's `Gate` cuts. */
interface Cut {
  readonly block: number;
  /** First copy of the block. */
  readonly first: number;
  readonly mul: number;
}

/**
 * Gated nonlinearity (M. Weiler et al., 3D Steerable CNNs, arXiv:1807.02547; e3nn `nn.Gate`): scalars go through
 * their activations; every other irrep is multiplied by a scalar of its own, a gate, that went through an
 * activation. Activations are normalised as in `activation`.
 *
 * @param actScalars one a block of irrepsScalars; null for none
 * @param irrepsGates as many scalars as there are irreps in irrepsGated, copies counted
 * @param actGates one a block of irrepsGates; null for none
 * @throws Error if a scalar or a gate is no scalar, the numbers of gates and gated irreps differ, or activations do
 * not fit (see `activation`).
 * @example
 * ```ts
 * import { gate, reference, tensorInput } from 'clebsch';
 * const layer = gate('0e', [null], '0e', [null], '1o'); // without activations, to see what is multiplied
 * layer.irrepsIn.toString(); // => "2x0e+1x1o"
 * const y = layer.apply(tensorInput('x', 1, layer.layoutIn));
 * reference([y.node], { x: [5, 10, 1, 2, 3] }); // => [[5, 10, 20, 30]]
 * ```
 */
export function gate(
  irrepsScalars: IrrepsLike,
  actScalars: readonly (ActivationLike | null)[],
  irrepsGates: IrrepsLike,
  actGates: readonly (ActivationLike | null)[],
  irrepsGated: IrrepsLike,
): Gate {
  const [scalars, gates] = [irrepsScalars, irrepsGates].map((irreps, i) => {
    const parsed = Irreps.parse(irreps);
    const odd = parsed.blocks.find(({ ir }) => ir.l > 0);
    if (odd)
      throw new Error(
        `gate: ${i ? 'gates' : 'scalars'} must be scalars, got ${odd.mul}x${odd.ir} in ${parsed}`,
      );
    return parsed;
  });
  const gated = Irreps.parse(irrepsGated);
  if (gates.numIrreps !== gated.numIrreps)
    throw new Error(
      `gate: ${gates.numIrreps} gates (${gates}) for ${gated.numIrreps} gated irreps (${gated}); each needs one`,
    );
  const { irrepsIn, cuts } = cutInput([scalars, gates, gated]);
  const layoutIn = Layout.forFeatures(irrepsIn);
  const [scalarCuts, gateCuts, gatedCuts] = cuts;
  const pad = layoutIn.isPadded ? 4 : 1;
  const layoutScalars = Layout.of(scalars, pad);
  const gatesOut = activation(gates, actGates).irrepsOut;
  // A product reads a run of equal gates, which padding between their blocks would interrupt.
  const interrupted = gatesOut.simplify().length < gatesOut.removeZeroMultiplicities().length;
  const layoutGates = Layout.of(gates, interrupted ? 1 : pad);
  const onScalars = activation(scalars, actScalars, layoutScalars);
  const onGates = activation(gates, actGates, layoutGates);
  const product = elementwiseTensorProduct(gated, onGates.irrepsOut);
  const irrepsOut = onScalars.irrepsOut.add(product.irrepsOut);
  const layoutOut = Layout.of(irrepsOut, Layout.forFeatures(irrepsOut).isPadded || pad === 4 ? pad : 1);
  const paths = gatePaths();

  return {
    irrepsScalars: scalars,
    irrepsGates: gates,
    irrepsGated: gated,
    irrepsIn,
    irrepsOut,
    layoutIn,
    layoutOut,
    apply(x) {
      const node = inLayout('gate', x, layoutIn);
      const activated = onScalars.apply(
        tensor(cutScalars(node, scalarCuts, layoutScalars), layoutScalars),
      ).node;
      if (paths.length === 0) return tensor(activated, layoutOut);
      const gateValues = onGates.apply(tensor(cutScalars(node, gateCuts, layoutGates), layoutGates)).node;
      const cols = { x: node.cols, y: gateValues.cols, w: 0, z: layoutOut.cols - activated.cols };
      const products = tensorProduct({ paths, cols }, node, gateValues);
      return tensor(activated.cols > 0 ? concat([activated, products]) : products, layoutOut);
    },
  };

  /** Columns of scalars, block after block, each filled up as its layout says. */
  function cutScalars(node: Node, list: readonly Cut[], layout: Layout): Node {
    const parts = list.map(({ block, first, mul }) =>
      slice(node, layoutIn.blocks[block].offset + first, mul),
    );
    // No columns, but as many rows.
    if (parts.length === 0) return slice(node, 0, 0);
    return place(
      parts,
      layout.blocks.filter((b) => b.mul > 0).map((b) => b.offset),
      layout.cols,
    );
  }

  /** Products of each gated irrep with its gate, read where they stand in the input. */
  function gatePaths(): ProductPath[] {
    const first = layoutOut.blocks[onScalars.irrepsOut.length]?.offset ?? 0;
    let copy = 0;
    return product.instructions.map((instruction): ProductPath => {
      const { mul } = product.irrepsIn1.blocks[instruction.in1];
      const x = slotOf(
        gatedCuts.map((cut) => ({ cut, layout: layoutIn, block: cut.block, first: cut.first, mul: cut.mul })),
        copy,
        mul,
      );
      const y = slotOf(
        layoutGates.blocks.map((b, block) => ({ layout: layoutGates, block, first: 0, mul: b.mul })),
        copy,
        mul,
      );
      const out = layoutOut.blocks[onScalars.irrepsOut.length + instruction.out];
      copy += mul;
      // Padding takes part where all three have it: it is zero times something, and loads come in fours.
      const whole = [x, y].every((s) => s.room === out.padded);
      const block = ({ offset, stride, l }: SlotBlock) => ({
        offset,
        stride,
        mul: whole ? out.padded : mul,
        l,
      });
      return {
        mode: 'uuu',
        x: block(x.slot),
        y: block(y.slot),
        z: block({ offset: out.offset - first, stride: out.stride, mul, l: out.ir.l }),
        w: null,
        coefficient: instruction.coefficient,
      };
    });
  }
}

/** Where copy number `copy` of a list of runs stands, and how many columns there are from it to the end of its block. */
function slotOf(
  runs: readonly { layout: Layout; block: number; first: number; mul: number }[],
  copy: number,
  mul: number,
): { slot: SlotBlock; room: number } {
  let start = 0;
  for (const { layout, block, first, mul: length } of runs) {
    if (copy < start + length) {
      const b = layout.blocks[block];
      const u = first + copy - start;
      return {
        slot: { offset: b.offset + u, stride: b.stride, mul, l: b.ir.l },
        room: u + mul === b.mul ? b.padded - u : mul,
      };
    }
    start += length;
  }
  throw new Error(`gate: there is no copy ${copy}`);
}

/**
 * e3nn's input irreps: the parts, each simplified, sorted together and simplified; and for each part the runs of
 * copies that belong to it, in the part's own order.
 */
function cutInput(parts: readonly Irreps[]): { irrepsIn: Irreps; cuts: Cut[][] } {
  const simplified = parts.map((part) => part.simplify());
  const all = simplified.reduce((sum, part) => sum.add(part), Irreps.parse(''));
  const { irreps: sorted, p } = all.sort();
  const irrepsIn = sorted.simplify();
  const position: Cut[] = [];
  let block = -1;
  let first = 0;
  sorted.blocks.forEach(({ mul, ir }, i) => {
    const joins = i > 0 && sorted.blocks[i - 1].ir.equals(ir);
    if (!joins) {
      block++;
      first = 0;
    }
    position.push({ block, first, mul });
    first += mul;
  });
  let at = 0;
  const cuts = simplified.map((part, n) => {
    const runs = part.blocks.map(() => position[p[at++]]);
    return n === 2 ? runs : splitRuns(runs, parts[n]);
  });
  return { irrepsIn, cuts };
}

/** Runs cut once more where the caller's own blocks end (each has an activation of its own). */
function splitRuns(runs: readonly Cut[], part: Irreps): Cut[] {
  const split: Cut[] = [];
  let run = 0;
  let used = 0;
  for (const { mul } of part.blocks) {
    if (mul === 0) continue;
    split.push({ block: runs[run].block, first: runs[run].first + used, mul });
    used += mul;
    if (used === runs[run].mul) {
      run++;
      used = 0;
    }
  }
  return split;
}
