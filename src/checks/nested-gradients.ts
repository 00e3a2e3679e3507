import { input, inputOp, isLeaf, stateOp } from '../graph/leaf.ts';
import { type Node, shapeOf, topologicalOrder } from '../graph/node.ts';
import type { Feeds } from '../graph/reference.ts';
import { type Module, Parameters, type Weights } from '../nn/parameters.ts';
import type { GeometricTensor } from '../nn/tensor.ts';
import { Random } from '../o3/random.ts';
import { gradient } from '../ops/index.ts';
import { add, filled, multiply } from '../ops/map.ts';
import { sum } from '../ops/sum.ts';

/** A leaf that is differentiated by. */
export interface DifferentiatedLeaf {
  readonly node: Node;
  readonly name: string;
  /** 1 where a number may move, 0 in padding. */
  readonly free: Float64Array;
}

/** Derivatives of all orders up to one, as nodes, and numbers for every leaf. */
export interface NestedGradients {
  readonly leaves: readonly DifferentiatedLeaf[];
  /** D_0 ... D_(order - 1), 1 x 1 each. */
  readonly scalars: readonly Node[];
  /** The gradient of each of them by each leaf. */
  readonly gradients: readonly (readonly Node[])[];
  /** For each scalar, two values and the sum of whose products it is: for its size. */
  readonly terms: readonly (readonly (readonly [Node, Node])[])[];
  /** Rounded to 32 bits, with the random numbers. */
  readonly feeds: Feeds;
}

/** Builds what `checkGradients` compares; see there. */
export function nestedGradients(
  model: Node | ((weights: Weights) => Node),
  options: {
    readonly feeds?: Feeds;
    readonly wrt?: readonly (Node | GeometricTensor)[];
    readonly module?: Module;
    readonly order?: number;
    readonly seed?: number;
  },
): NestedGradients {
  const { order = 1, module } = options;
  if (!Number.isInteger(order) || order < 1)
    throw new Error(`checkGradients: the order is ${order}, but must be a whole number from 1`);
  if ((typeof model === 'function') !== (module !== undefined))
    throw new Error('checkGradients: a function of weights and the module whose they are go together');
  if (typeof model !== 'function') checkNode(model, 'the value');
  const random = new Random(options.seed ?? 0);
  const parameters = module && new Parameters(module);
  const packed = parameters && input('parameters', 1, parameters.length);
  const value = typeof model === 'function' ? model(parameters!.weights(packed!)) : model;
  checkNode(value, 'what the function gave');
  const known = topologicalOrder([value]).filter(isLeaf);
  const ownParameters = packed && known.includes(packed) ? [packed] : [];
  const asked = options.wrt ? [...options.wrt, ...ownParameters] : known.filter(canMove);
  const leaves = [...new Set(asked)].map((leaf) => {
    const node = 'node' in leaf ? leaf.node : leaf;
    if (!canMove(node) || !known.includes(node))
      throw new Error(
        `checkGradients: cannot differentiate by the ${node.op.name} of ${shapeOf(node)}; ` +
          'wrt takes inputs and states that the value reads',
      );
    const free =
      node === packed ? freeParameters(parameters!) : 'node' in leaf ? freeColumns(leaf) : ones(node);
    return { node, name: node.attrs.name as string, free };
  });
  if (leaves.length === 0)
    throw new Error(
      'checkGradients: the value reads no input and no state; there is nothing to differentiate by',
    );

  const feeds: Record<string, ArrayLike<number>> = {};
  const rounded = (numbers: ArrayLike<number>) => Float64Array.from(numbers, Math.fround);
  const normals = (free: ArrayLike<number>) => rounded(Array.from(free, (f) => f * random.normal()));
  const drawn = (name: string, like: Node, free: ArrayLike<number> = ones(like)) => {
    const node = input(`checkGradients: ${name}`, like.rows, like.cols);
    feeds[node.attrs.name] = normals(free);
    return node;
  };
  for (const node of known) {
    const { name, initial } = node.attrs;
    const given = options.feeds?.[name] ?? (node.op === stateOp ? initial : undefined);
    if (given) feeds[name] = node.dtype === 'u32' ? given : rounded(given);
  }
  for (const { node, name, free } of leaves) if (node === packed && !feeds[name]) feeds[name] = normals(free);
  const scalar = value.rows === 1 && value.cols === 1;
  const terms: [Node, Node][][] = [[[value, scalar ? filled(1, 1, 1) : drawn('cotangent', value)]]];
  const scalars = [sum(multiply(...terms[0][0]), 'all')];
  const gradients: Node[][] = [];
  for (let k = 1; ; k++) {
    const all = gradient(
      scalars[k - 1],
      leaves.map(({ node }) => node),
    );
    gradients.push(all);
    if (k === order) return { leaves, scalars, gradients, terms, feeds };
    const pairs = leaves.map(({ node, name, free }, i): [Node, Node] => [
      all[i],
      drawn(`direction ${k} by ${name}`, node, free),
    ]);
    terms.push(pairs);
    scalars.push(pairs.map((pair) => sum(multiply(...pair), 'all')).reduce(add));
  }
}

/** What stands where a node should: the mistakes that are easily made. */
function checkNode(value: unknown, what: string): void {
  const given = value as Record<string, unknown> | null | undefined;
  if (given && typeof given === 'object' && 'op' in given && 'inputs' in given) return;
  const nodes = Object.entries(given ?? {}).filter(([, v]) => v && typeof v === 'object' && 'op' in v);
  const hint =
    given && typeof given === 'object' && 'parameters' in given
      ? 'a module: pass (weights) => its value, and the module in the options; for an energy model there is checkEnergyModel'
      : nodes.length > 0
        ? `an object with ${nodes.map(([name]) => name).join(', ')}: pass one of these`
        : String(value).slice(0, 80);
  throw new Error(
    `checkGradients(gpu or null, value, options): ${what} must be a node, or a function of weights that makes one; it is ${hint}`,
  );
}

const canMove = (node: Node) => node.op === inputOp || node.op === stateOp;

const ones = ({ rows, cols }: Node) => new Float64Array(rows * cols).fill(1);

function freeColumns({ node, layout }: GeometricTensor): Float64Array {
  return layout.pack(new Float64Array(node.rows * layout.irreps.dim).fill(1));
}

function freeParameters(parameters: Parameters): Float64Array {
  const arrays = parameters.list.map(({ name, shape }) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return [name, { shape, data: new Float64Array(size).fill(1) }];
  });
  return parameters.pack(Object.fromEntries(arrays));
}
