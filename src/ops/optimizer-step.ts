import * as e from '../graph/expression.ts';
import { input } from '../graph/leaf.ts';
import { apply, type Node, type Op, shapeOf } from '../graph/node.ts';
import { add, map } from './map.ts';
import { place, slice } from './slice.ts';
import { broadcast, sum } from './sum.ts';
import { indent } from './wgsl.ts';

/**
 * A pointwise optimiser as a table. The state is one row: the parameters, then the moments, each as long as the
 * gradient. Expression r gives the new entry of part r from arguments: the old entries of all parts, the entry of
 * the gradient, and the scalars (learning rate, step number).
 */
export interface OptimizerAttrs {
  readonly parts: readonly e.Expression[];
}

/** Inputs: state 1 x parts*n, gradient 1 x n, then 1 x 1 scalars. The value is the next state; it replaces the old one. */
export const optimizerStepOp: Op<OptimizerAttrs> = {
  name: 'optimizerStep',
  shape([state, gradient, ...scalars], { parts }) {
    if (state.rows !== 1 || gradient.rows !== 1 || state.cols !== parts.length * gradient.cols)
      throw new Error(
        `optimizerStep: for ${parts.length} parts the state must be ${parts.length} times as long as the gradient, ` +
          `got ${shapeOf(state)} and ${shapeOf(gradient)}`,
      );
    for (const s of scalars)
      if (s.rows !== 1 || s.cols !== 1)
        throw new Error(`optimizerStep: hyperparameters are 1x1, got ${shapeOf(s)}`);
    return state;
  },
  reference([state, gradient, ...scalars], { attrs: { parts } }) {
    const n = gradient.length;
    const out = new Float64Array(state.length);
    for (let i = 0; i < n; i++) {
      const args = [...parts.map((_, r) => state[r * n + i]), gradient[i], ...scalars.map((s) => s[0])];
      parts.forEach((part, r) => {
        out[r * n + i] = e.evaluate(part, args);
      });
    }
    return out;
  },
  gradient({ inputs, attrs: { parts } }, cotangent) {
    const [state, gradient, ...scalars] = inputs;
    const n = gradient.cols;
    const args = [
      ...parts.map((_, r) => slice(state, r * n, n)),
      gradient,
      ...scalars.map((s) => broadcast(s, 1, n)),
    ];
    const by = (index: number) =>
      parts
        .map((part, r) =>
          map(
            e.mul(e.differentiate(part, index), e.argument(args.length)),
            ...args,
            slice(cotangent, r * n, n),
          ),
        )
        .reduce(add);
    return [
      () =>
        place(
          parts.map((_, r) => by(r)),
          parts.map((_, r) => r * n),
          state.cols,
        ),
      () => by(parts.length),
      ...scalars.map((_, i) => () => sum(by(parts.length + 1 + i), 'all')),
    ];
  },
  kernel(node) {
    const [, gradient, ...scalars] = node.inputs;
    const { parts } = node.attrs;
    const n = gradient.cols;
    const width = n % 4 === 0 ? 4 : 1;
    const entries = n / width;
    const place = (part: number) => `result[at + ${part * entries}u]`;
    // The old state is read and the new one written in place, so it is the result's binding; see `overwrites`.
    const loads = [
      ...parts.map((_, r) => `let part${r} = ${place(r)};`),
      'let g = gradient[at];',
      ...scalars.map((_, i) => `let scalar${i} = hyper${i}[0];`),
    ];
    // The functions are scalar; the four lanes are written out, what depends on hyperparameters only once for all.
    const { lines, write } = e.wgslWriter();
    const lanes = width === 4 ? ['.x', '.y', '.z', '.w'] : [''];
    const hyper = scalars.map((_, i) => `scalar${i}`);
    const results = lanes.map((lane) => {
      const args = [...parts.map((_, r) => `part${r}${lane}`), `g${lane}`, ...hyper];
      return parts.map((part) => write(part, args));
    });
    const stores = parts.map((_, r) => `${place(r)} = Value(${results.map((lane) => lane[r]).join(', ')});`);
    return {
      shader: 'optimizer',
      params: { Value: width === 4 ? 'vec4f' : 'f32', SIZE: `${entries}u` },
      slots: {
        scalars: scalars
          .map((_, i) => `@group(0) @binding(${i + 2}) var<storage, read> hyper${i}: array<f32>;`)
          .join('\n'),
        body: indent([...loads, ...lines, ...stores].join('\n')),
      },
      bindings: {
        result: 'result',
        gradient: 1,
        ...Object.fromEntries(scalars.map((_, i) => [`hyper${i}`, i + 2])),
      },
      workgroups: Math.ceil(entries / 64),
    };
  },
  overwrites: true,
  key: ({ parts }) =>
    parts
      .map((part) => e.toWgsl(part, 'abcdefghijklmnopqrstuvwxyz'.split('')))
      .map(({ lines, result }) => lines.join('') + result)
      .join(';'),
  print: ({ parts }) => `${parts.length} parts`,
  examples() {
    const [p, m, g, rate] = [0, 1, 2, 3].map(e.argument);
    const momentum = e.add(e.mul(e.number(0.9), m), g);
    const parts = [e.sub(p, e.mul(rate, e.mul(momentum, momentum))), momentum];
    return [
      apply(optimizerStepOp, [input('state', 1, 12), input('gradient', 1, 6), input('rate', 1, 1)], {
        parts,
      }),
    ];
  },
};

/**
 * The state after one step of a pointwise optimiser: 1 x parts * n. The state is one row: the n parameters, then
 * moments of n numbers each. As an update of the same state it is written in place. `adam` and `sgd` are made
 * of it.
 *
 * @param parts for each part of the state its new entry, as an expression of the old entries of all parts, then
 * the entry of the gradient, then the scalars
 * @param state 1 x parts * n
 * @param gradient 1 x n
 * @param scalars 1 x 1 each: learning rate, step number
 * @throws Error if a shape is another one.
 * @example
 * ```ts
 * import { expression as e, input, optimizerStep, reference } from 'clebsch';
 * const [p, g, rate] = [0, 1, 2].map(e.argument);
 * const descent = e.sub(p, e.mul(rate, g));
 * const next = optimizerStep([descent], input('p', 1, 2), input('g', 1, 2), input('rate', 1, 1));
 * reference([next], { p: [5, 5], g: [10, 20], rate: [0.1] }); // => [[4, 3]]
 * ```
 */
export function optimizerStep(
  parts: readonly e.Expression[],
  state: Node,
  gradient: Node,
  ...scalars: Node[]
): Node {
  return apply(optimizerStepOp, [state, gradient, ...scalars], { parts });
}
