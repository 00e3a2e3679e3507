import * as e from '../graph/expression.ts';
import { constant, input, uniformValue } from '../graph/leaf.ts';
import { apply, type Node, type Op, type Piece, shapeOf } from '../graph/node.ts';
import { pointwiseBatch, pointwiseKernel } from './pointwise-kernel.ts';
import { broadcast } from './sum.ts';

export interface MapAttrs {
  readonly expression: e.Expression;
}

/** Inputs that one kernel may read on every device: WebGPU grants 8 storage buffers, one holds the result. */
export const MOST_INPUTS = 7;

/** One scalar expression at every place of inputs that have one shape. */
export const mapOp: Op<MapAttrs> = {
  name: 'map',
  shape(inputs) {
    const [first] = inputs;
    if (!first) throw new Error('map: it needs at least one input; use `filled` for a value without inputs');
    const indices = inputs.find((x) => x.dtype !== 'f32');
    if (indices)
      throw new Error(`map: index map "${indices.attrs.name}" is no value to compute with; gather by it`);
    if (inputs.length > MOST_INPUTS)
      throw new Error(
        `map: ${inputs.length} inputs, but a kernel reads at most ${MOST_INPUTS}; combine some of them first`,
      );
    for (const other of inputs)
      if (other.rows !== first.rows || other.cols !== first.cols)
        throw new Error(
          `map: inputs must have one shape, got ${inputs.map(shapeOf).join(' and ')}; broadcast them first`,
        );
    return first;
  },
  reference(inputs, { attrs }) {
    const args = new Array<number>(inputs.length);
    return inputs[0].map((_, at) => {
      for (let i = 0; i < inputs.length; i++) args[i] = inputs[i][at];
      return e.evaluate(attrs.expression, args);
    });
  },
  gradient: (node, cotangent) =>
    node.inputs.map((_, i) => () => {
      const derivative = e.differentiate(node.attrs.expression, i);
      // A map that reads as much as a kernel can has no room for the cotangent.
      if (node.inputs.length === MOST_INPUTS) return multiply(map(derivative, ...node.inputs), cotangent);
      return map(e.mul(derivative, e.argument(node.inputs.length)), ...node.inputs, cotangent);
    }),
  pointwise: (node): Piece[] => [
    {
      start: 0,
      end: node.cols,
      expression: node.attrs.expression,
      views: node.inputs.map((_, input) => ({ input, row: true, column: true, offset: 0 })),
    },
  ],
  kernel: (node) => pointwiseKernel(node, mapOp.pointwise!(node)),
  batch: pointwiseBatch,
  print: ({ expression }) => e.print(expression),
  key: ({ expression }) => {
    const { lines, result } = e.toWgsl(expression, 'abcdefghijklmnopqrstuvwxyz'.split(''));
    return lines.join('') + result;
  },
  simplify: (node) => {
    const simpler = map(node.attrs.expression, ...node.inputs);
    return simpler.op === mapOp && simpler.inputs.length === node.inputs.length ? null : simpler;
  },
  examples() {
    const x = input('x', 3, 5);
    const y = input('y', 3, 5);
    const [a, b] = [e.argument(0), e.argument(1)];
    const positive = e.add(e.mul(a, a), e.number(0.5));
    return [
      map(e.add(e.mul(a, b), e.sin(a)), x, y),
      map(e.div(e.cos(a), positive), x),
      map(e.mul(e.sqrt(positive), e.log(positive)), x),
      map(e.mul(e.tanh(a), e.sigmoid(b)), x, y),
      map(e.add(e.softplus(a), e.exp(e.neg(b))), x, y),
      map(e.softUnitStep(e.add(a, e.number(0.2))), x),
      map(e.sinc(e.mul(e.number(3), a)), x),
      map(e.select(a, e.power(a, 3), e.power(b, -2)), x, map(positive, y)),
      map(e.add(e.abs(a), e.max(a, b)), x, y),
      // Large enough for the kernel that computes four entries at a time.
      map(e.add(e.mul(a, e.sigmoid(b)), e.sin(a)), input('x', 1024, 64), input('y', 1024, 64)),
    ];
  },
};

/**
 * Applies a scalar expression to every entry of inputs of one shape, rows x cols, like the result; argument i of
 * the expression is input i. Inputs that do not occur, or hold one number everywhere, are folded into it.
 *
 * @throws Error if there is no input, more than 7 (a kernel can read no more), or their shapes differ.
 * @example
 * ```ts
 * import { expression as e, input, map, reference } from 'clebsch';
 * const f = e.sub(e.power(e.argument(0), 2), e.argument(1)); // a^2 - b
 * const y = map(f, input('a', 1, 2), input('b', 1, 2));
 * reference([y], { a: [2, 3], b: [1, 5] }); // => [[3, 4]]
 * ```
 */
export function map(expression: e.Expression, ...inputs: Node[]): Node {
  const { rows, cols } = mapOp.shape(inputs, { expression });
  const kept: Node[] = [];
  const used = e.argumentsOf(expression);
  const folded = e.substitute(
    expression,
    inputs.map((node, i) => {
      const value = used.has(i) ? uniformOf(node) : 0;
      if (value !== null) return e.number(value);
      const known = kept.indexOf(node);
      return e.argument(known >= 0 ? known : kept.push(node) - 1);
    }),
  );
  if (folded.kind === 'number') return filled(rows, cols, folded.value);
  if (folded.kind === 'argument') return kept[folded.index];
  const still = [...e.argumentsOf(folded)].sort((a, b) => a - b);
  if (still.length === 0) return filled(rows, cols, e.evaluate(folded, []));
  const renumbered = kept.map((_, i) => e.argument(Math.max(0, still.indexOf(i))));
  return apply(
    mapOp,
    still.map((i) => kept[i]),
    { expression: e.substitute(folded, renumbered) },
  );
}

/** The number that a value holds in every place, if that is known from the graph. */
export function uniformOf(node: Node): number | null {
  return node.op.name === 'broadcast' ? uniformOf(node.inputs[0]) : uniformValue(node);
}

/**
 * One number everywhere: rows x cols.
 *
 * @example
 * ```ts
 * import { filled, reference } from 'clebsch';
 * reference([filled(1, 3, 7)]); // => [[7, 7, 7]]
 * ```
 */
export function filled(rows: number, cols: number, value: number): Node {
  return broadcast(constant(value), rows, cols);
}

const [a, b] = [e.argument(0), e.argument(1)];

/**
 * x + y, entry by entry: rows x cols.
 *
 * @throws Error if the shapes differ; `broadcast` makes them equal.
 * @example
 * ```ts
 * import { add, input, reference } from 'clebsch';
 * const z = add(input('x', 1, 2), input('y', 1, 2));
 * reference([z], { x: [7, 5], y: [2, 3] }); // => [[9, 8]]
 * ```
 */
export const add = (x: Node, y: Node): Node => map(e.add(a, b), x, y);
/**
 * x - y, entry by entry: rows x cols.
 *
 * @throws Error if the shapes differ; `broadcast` makes them equal.
 * @example
 * ```ts
 * import { input, reference, subtract } from 'clebsch';
 * const z = subtract(input('x', 1, 2), input('y', 1, 2));
 * reference([z], { x: [7, 5], y: [2, 3] }); // => [[5, 2]]
 * ```
 */
export const subtract = (x: Node, y: Node): Node => map(e.sub(a, b), x, y);
/**
 * x times y, entry by entry: rows x cols.
 *
 * @throws Error if the shapes differ; `broadcast` makes them equal.
 * @example
 * ```ts
 * import { input, multiply, reference } from 'clebsch';
 * const z = multiply(input('x', 1, 2), input('y', 1, 2));
 * reference([z], { x: [7, 5], y: [2, 3] }); // => [[14, 15]]
 * ```
 */
export const multiply = (x: Node, y: Node): Node => map(e.mul(a, b), x, y);
/**
 * x times a number known when the graph is traced: rows x cols.
 *
 * @example
 * ```ts
 * import { input, reference, scale } from 'clebsch';
 * reference([scale(input('x', 1, 2), 3)], { x: [1, 2] }); // => [[3, 6]]
 * ```
 */
export const scale = (x: Node, factor: number): Node => map(e.mul(e.number(factor), a), x);
