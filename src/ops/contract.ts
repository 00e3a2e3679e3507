import { input } from '../graph/leaf.ts';
import { apply, type Kernel, type Node, type Op, shapeOf } from '../graph/node.ts';
import type { Optimizations } from '../graph/optimizations.ts';
import {
  type ContractAttrs,
  type Contraction,
  type ContractSlot,
  type ContractSpec,
  contractSlots,
} from './contract-form.ts';
import { contractKernel } from './contract-kernel.ts';
import { isAligned } from './contract-tile.ts';

/**
 * The trilinear form T = sum over blocks of coefficient * a[z,k,u] W[(z,)u,w] o[z,k,w] with one slot left open.
 * With `o` open it is the blocked matrix product of e3nn's Linear; its gradients are the same form with
 * another slot open.
 */
export const contractOp: Op<ContractAttrs> = {
  name: 'contract',
  shape(inputs, { spec, open }) {
    const slots = contractSlots.filter((slot) => slot !== open);
    const cols = { a: spec.aCols, w: spec.wCols, o: spec.oCols };
    const samples = inputs[slots.indexOf(open === 'a' ? 'o' : 'a')].rows;
    slots.forEach((slot, i) => {
      const rows = slot === 'w' && !spec.perSample ? 1 : samples;
      if (inputs[i].rows !== rows || inputs[i].cols !== cols[slot])
        throw new Error(`contract: slot ${slot} must be ${rows}x${cols[slot]}, got ${shapeOf(inputs[i])}`);
    });
    return { rows: open === 'w' && !spec.perSample ? 1 : samples, cols: cols[open] };
  },
  reference(inputs, node) {
    const { spec, open } = node.attrs;
    const slots = contractSlots.filter((slot) => slot !== open);
    const out = new Float64Array(node.rows * node.cols);
    const values: Record<ContractSlot, Float64Array> = { a: out, w: out, o: out };
    slots.forEach((slot, i) => {
      values[slot] = inputs[i];
    });
    const { a, w, o } = values;
    const samples = open === 'w' ? node.inputs[0].rows : node.rows;
    for (let z = 0; z < samples; z++)
      for (const b of spec.blocks)
        for (let k = 0; k < b.dim; k++)
          for (let u = 0; u < b.mulIn; u++) {
            const atA = z * spec.aCols + b.a + k * b.aStride + u;
            const atO = z * spec.oCols + b.o + k * b.oStride;
            const atW = (spec.perSample ? z * spec.wCols : 0) + b.w + u * b.mulOut;
            if (open === 'o') {
              const x = b.coefficient * a[atA];
              for (let v = 0; v < b.mulOut; v++) o[atO + v] += x * w[atW + v];
            } else if (open === 'w') {
              const x = b.coefficient * a[atA];
              for (let v = 0; v < b.mulOut; v++) w[atW + v] += x * o[atO + v];
            } else {
              let sum = 0;
              for (let v = 0; v < b.mulOut; v++) sum += w[atW + v] * o[atO + v];
              a[atA] += b.coefficient * sum;
            }
          }
    return out;
  },
  gradient(node, cotangent) {
    const { spec, open } = node.attrs;
    const slots = contractSlots.filter((slot) => slot !== open);
    const filling: Partial<Record<ContractSlot, Node>> = { [open]: cotangent };
    slots.forEach((slot, i) => {
      filling[slot] = node.inputs[i];
    });
    return slots.map((slot) => () => contractForm(spec, slot, filling));
  },
  kernel: (node, optimizations) => contractKernel(node.attrs.open, [contractionOf(node)], optimizations),
  get batch() {
    return contractionBatch;
  },
  byRows({ inputs, attrs: { spec, open }, attrs }) {
    const slots = contractSlots.filter((slot) => slot !== open);
    const sums = open === 'w' && !spec.perSample;
    const products = spec.blocks.reduce((sum, b) => sum + b.dim * b.mulIn * b.mulOut, 0);
    return {
      inputs: inputs.flatMap((_, i) => (slots[i] === 'w' && !spec.perSample ? [] : [i])),
      sums,
      part: (parts) => apply(contractOp, parts, attrs),
      products: products / { a: spec.aCols, w: spec.wCols, o: spec.oCols }[open],
    };
  },
  linear: 'each',
  print: ({ spec, open }) => `${open} ${spec.blocks.length} block${spec.blocks.length === 1 ? '' : 's'}`,
  examples() {
    const odd: ContractSpec = {
      blocks: [
        { a: 0, aStride: 3, o: 0, oStride: 2, w: 0, mulIn: 3, mulOut: 2, dim: 1, coefficient: 0.5 },
        { a: 3, aStride: 5, o: 2, oStride: 2, w: 6, mulIn: 5, mulOut: 2, dim: 3, coefficient: -1.25 },
        { a: 18, aStride: 1, o: 0, oStride: 2, w: 16, mulIn: 1, mulOut: 2, dim: 1, coefficient: 2 },
      ],
      aCols: 19,
      wCols: 18,
      oCols: 8,
      perSample: false,
    };
    const aligned: ContractSpec = {
      blocks: [
        { a: 0, aStride: 8, o: 0, oStride: 4, w: 0, mulIn: 8, mulOut: 4, dim: 1, coefficient: 0.5 },
        { a: 8, aStride: 4, o: 4, oStride: 8, w: 32, mulIn: 4, mulOut: 8, dim: 3, coefficient: 1.5 },
        { a: 0, aStride: 8, o: 28, oStride: 4, w: 64, mulIn: 8, mulOut: 4, dim: 1, coefficient: 1 },
      ],
      aCols: 20,
      wCols: 96,
      oCols: 32,
      perSample: false,
    };
    return [odd, aligned, { ...odd, perSample: true }, { ...aligned, perSample: true }].map((spec) =>
      contract(spec, input('a', 9, spec.aCols), input('w', spec.perSample ? 9 : 1, spec.wCols)),
    );
  },
};

/** How contractions, and sums of them (contract-sum.ts), share a dispatch: the table says what is whose. */
export const contractionBatch = {
  key(node: Node): string | null {
    const { attrs, inputs } = node;
    const perSample = attrs.spec?.perSample === true;
    if (perSample || inputs.some(({ rows, cols }) => rows * cols === 0)) return null;
    return `contract ${attrs.open} ${isAligned(contractionOf(node))}`;
  },
  roles: ({ inputs }: Node) => [0, 1].map((role) => inputs.flatMap((_, i) => (i % 2 === role ? [i] : []))),
  kernel: (nodes: readonly Node[], offsetOf: (node: Node) => number, optimizations?: Optimizations): Kernel =>
    contractKernel(
      nodes[0].attrs.open,
      nodes.map((node) => contractionOf(node, offsetOf)),
      optimizations,
      ['left', 'right', 'result'],
    ),
};

/** What the kernel is told of a node, whose values start at these places of what is bound. */
export function contractionOf(node: Node, offsetOf: (node: Node) => number = () => 0): Contraction {
  const { open, spec, specs = [spec] } = node.attrs;
  const terms = specs.map((form: ContractSpec, i: number) => {
    const [first, second] = node.inputs.slice(2 * i, 2 * i + 2).map(offsetOf);
    // With a open the inputs are the weights and o, and the kernel's left is what meets the weights.
    return open === 'a' ? { form, left: second, right: first } : { form, left: first, right: second };
  });
  return { samples: open === 'w' ? node.inputs[0].rows : node.rows, terms, result: offsetOf(node) };
}

function contractForm(
  spec: ContractSpec,
  open: ContractSlot,
  filling: Partial<Record<ContractSlot, Node>>,
): Node {
  const inputs = contractSlots.filter((slot) => slot !== open).map((slot) => filling[slot]!);
  return apply(contractOp, inputs, { spec, open });
}

/**
 * Matrix products blocked by irreps, the computation of e3nn's `Linear`: for every sample z and component k,
 * o[z,k,w] = sum over blocks of coefficient * sum_u a[z,k,u] W[u,w]. The result is samples x oCols, and zero in
 * columns that no block writes. `linearLayer` makes the spec from irreps.
 *
 * @param a samples x aCols
 * @param w 1 x wCols, or samples x wCols with `spec.perSample`
 * @throws Error if a or w has another shape.
 * @example
 * ```ts
 * import { contract, input, reference } from 'clebsch';
 * // Two vectors, component by component (x x y y z z), to one: W[0] a_0 + W[1] a_1.
 * const block = { a: 0, aStride: 2, o: 0, oStride: 1, w: 0, mulIn: 2, mulOut: 1, dim: 3, coefficient: 1 };
 * const spec = { blocks: [block], aCols: 6, wCols: 2, oCols: 3, perSample: false };
 * const out = contract(spec, input('a', 1, 6), input('w', 1, 2));
 * reference([out], { a: [1, 4, 2, 5, 3, 6], w: [1, 10] }); // => [[41, 52, 63]]
 * ```
 */
export function contract(spec: ContractSpec, a: Node, w: Node): Node {
  return contractForm(spec, 'o', { a, w });
}
