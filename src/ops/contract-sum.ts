import * as e from '../graph/expression.ts';
import { apply, type Node, type Op } from '../graph/node.ts';
import { readersOf, rewrite } from '../graph/rewrite.ts';
import { contractionBatch, contractOp } from './contract.ts';
import type { ContractAttrs, ContractSlot, ContractSpec } from './contract-form.ts';
import { mapOp } from './map.ts';

/** The sum of contractions with one slot open: `inputs` are those of the first, then those of the second. */
export interface ContractSumAttrs {
  readonly open: ContractSlot;
  readonly specs: readonly ContractSpec[];
  /** The sum that it stands for. */
  readonly of: Node;
}

/**
 * Two contractions added up in one dispatch. Their operands must stand in one buffer each, which is for the memory plan to
 * say; made by `sumContractions`, after differentiation.
 */
export const contractSumOp: Op<ContractSumAttrs> = {
  name: 'contractSum',
  shape: (inputs, attrs) => partsOf(inputs, attrs)[0],
  reference(inputs, node) {
    const [first, second] = partsOf(node.inputs, node.attrs).map((part, i) =>
      contractOp.reference(inputs.slice(2 * i, 2 * i + 2), part),
    );
    return first.map((v, i) => v + second[i]);
  },
  gradient() {
    throw new Error('contractSum: differentiate before fusing; a sum of contractions has no gradient rule');
  },
  kernel: null,
  batch: { ...contractionBatch, needed: true },
  linear: 'jointly',
  print: ({ open, specs }) => `${open} ${specs.map(({ blocks }) => blocks.length).join(' + ')} blocks`,
  examples: () => [],
};

function partsOf(inputs: readonly Node[], { open, specs }: ContractSumAttrs): Node<ContractAttrs>[] {
  return specs.map((spec, i) => apply(contractOp, inputs.slice(2 * i, 2 * i + 2), { spec, open }));
}

/** Values with more numbers are left alone: there the pass that adds costs little beside the contractions. */
const MOST_NUMBERS = 1 << 20;

/** Writes sums of two contractions, which nothing else reads, as one op; but those in `refused`. */
export function sumContractions(outputs: readonly Node[], refused: ReadonlySet<Node>): Node[] {
  const readers = readersOf(outputs);
  return rewrite(outputs, (next, node) => {
    const parts = next.inputs as readonly Node<ContractAttrs>[];
    const joins =
      isSum(node) &&
      !refused.has(node) &&
      node.rows * node.cols <= MOST_NUMBERS &&
      node.inputs.every((input) => input.op === contractOp && readers.get(input) === 1) &&
      fits(parts[0], parts[1]);
    if (!joins) return next;
    const operands = parts.flatMap(({ inputs }) => inputs);
    const specs = parts.map(({ attrs }) => attrs.spec);
    return apply(contractSumOp, operands, { open: parts[0].attrs.open, specs, of: node });
  });
}

const sum = e.print(e.add(e.argument(0), e.argument(1)));
const isSum = ({ op, inputs, attrs }: Node): boolean =>
  op === mapOp && inputs.length === 2 && e.print(attrs.expression) === sum;

/** One kernel takes both: the same blocks of the result, as wide, from operands of which none is shared. */
function fits(a: Node<ContractAttrs>, b: Node<ContractAttrs>): boolean {
  const { open } = a.attrs;
  if (open === 'w' || b.attrs.open !== open) return false;
  const key = contractionBatch.key(a);
  if (key === null || key !== contractionBatch.key(b)) return false;
  const blocks = new Map<number, string>();
  const covered = new Map<number, number>();
  for (const { attrs } of [a, b])
    for (const block of attrs.spec.blocks) {
      const [at, stride, mul] =
        open === 'o' ? [block.o, block.oStride, block.mulOut] : [block.a, block.aStride, block.mulIn];
      const text = `${stride} ${mul} ${block.dim}`;
      if ((blocks.get(at) ?? text) !== text) return false;
      blocks.set(at, text);
      for (let k = 0; k < block.dim; k++)
        for (let u = 0; u < mul; u++) {
          const column = at + k * stride + u;
          if ((covered.get(column) ?? at) !== at) return false;
          covered.set(column, at);
        }
    }
  return true;
}
