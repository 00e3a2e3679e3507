import * as e from '../graph/expression.ts';
import type { Node } from '../graph/node.ts';
import { Irrep } from '../o3/irrep.ts';
import { Irreps, type IrrepsLike } from '../o3/irreps.ts';
import { Layout } from '../o3/layout.ts';
import { map } from '../ops/map.ts';
import { concat, place, slice } from '../ops/slice.ts';
import { type GeometricTensor, inLayout, tensor } from './tensor.ts';

const x = e.argument(0);
const n = e.number;

interface KnownActivation {
  readonly expression: e.Expression;
  /**
   * Mean of phi(z)^2 for z ~ N(0, 1), to the power -1/2, as e3nn's normalize2mom has it: estimated from 1,000,000
   * samples of torch's generator with seed 0, which differs from the exact value by up to 3e-3.
   */
  readonly constant: number;
}

const expm1 = e.sub(e.exp(x), n(1));
const selu = { scale: 1.0507009873554805, a: 1.6732632423543772 };

/**
 * Activation functions by torch's names, with the factor by which e3nn's `normalize2mom` multiplies each.
 *
 * @example
 * ```ts
 * import { activations, expression as e } from 'clebsch';
 * e.evaluate(activations.relu.expression, [-2]); // => 0
 * ```
 */
export const activations = {
  silu: { expression: e.mul(x, e.sigmoid(x)), constant: 1.6791767923989418 },
  tanh: { expression: e.tanh(x), constant: 1.5937334472592695 },
  sigmoid: { expression: e.sigmoid(x), constant: 1.8467055342154763 },
  relu: { expression: e.select(x, x, n(0)), constant: 1.4163393446331365 },
  abs: { expression: e.abs(x), constant: 1.001110600838467 },
  gelu: {
    expression: e.mul(x, e.mul(n(0.5), e.add(n(1), e.erf(e.mul(n(Math.SQRT1_2), x))))),
    constant: 1.5360642850770576,
  },
  softplus: { expression: e.softplus(x), constant: 1.0426436590527184 },
  shifted_softplus: { expression: e.sub(e.softplus(x), n(Math.LN2)), constant: 1.878204668541552 },
  elu: { expression: e.select(x, x, expm1), constant: 1.2467863885570512 },
  leaky_relu: { expression: e.select(x, x, e.mul(n(0.01), x)), constant: 1.4162684218969974 },
  sin: { expression: e.sin(x), constant: 1.5218334864623193 },
  cos: { expression: e.cos(x), constant: 1.326609063570005 },
  square: { expression: e.mul(x, x), constant: 0.5779851362666192 },
  identity: { expression: x, constant: 1.001110600838467 },
  softsign: { expression: e.div(x, e.add(n(1), e.abs(x))), constant: 2.339261168724108 },
  mish: { expression: e.mul(x, e.tanh(e.softplus(x))), constant: 1.4891609082630328 },
  selu: {
    expression: e.mul(n(selu.scale), e.select(x, x, e.mul(n(selu.a), expm1))),
    constant: 1.001049225017453,
  },
  tanhshrink: { expression: e.sub(x, e.tanh(x)), constant: 2.341679950402855 },
  hardtanh: { expression: e.max(n(-1), e.min(n(1), x)), constant: 1.3930115285700408 },
  exp_neg_square: { expression: e.exp(e.neg(e.mul(x, x))), constant: 1.494248402644628 },
} as const satisfies Record<string, KnownActivation>;

/** A key of `activations`. */
export type ActivationName = keyof typeof activations;

/** A named activation, or any scalar expression of argument 0. */
export type ActivationLike = ActivationName | e.Expression;

/** The function itself, not normalised. Throws if there is no activation of that name. */
export function expressionOf(activation: ActivationLike): e.Expression {
  if (typeof activation !== 'string') return activation;
  const known: KnownActivation | undefined = activations[activation];
  if (!known)
    throw new Error(
      `there is no activation "${activation}"; known are ${Object.keys(activations).join(', ')}`,
    );
  return known.expression;
}

/**
 * The factor of `normalize2mom`: c with mean (c phi(z))^2 = 1 for z ~ N(0, 1). A named activation has e3nn's
 * factor, which comes from random samples and is off by up to 3e-3; for an expression the second moment is
 * integrated: the trapezoidal rule converges exponentially for smooth functions times a Gaussian.
 *
 * @throws Error if there is no activation of that name.
 * @example
 * ```ts
 * import { expression as e, secondMomentConstant } from 'clebsch';
 * secondMomentConstant(e.power(e.argument(0), 2)); // => 0.5773502691896258
 * secondMomentConstant('square'); // => 0.5779851362666192
 * ```
 */
export function secondMomentConstant(activation: ActivationLike): number {
  if (typeof activation === 'string') {
    expressionOf(activation);
    return activations[activation].constant;
  }
  let moment = 0;
  const step = 1 / 64;
  for (let i = -12 / step; i <= 12 / step; i++) {
    const z = i * step;
    moment += (e.evaluate(activation, [z]) ** 2 * Math.exp((-z * z) / 2) * step) / Math.sqrt(2 * Math.PI);
  }
  const constant = 1 / Math.sqrt(moment);
  // As e3nn does: a function that is already normalised keeps its bits.
  return Math.abs(constant - 1) < 1e-4 ? 1 : constant;
}

/**
 * c phi with c = `secondMomentConstant(phi)`, as an expression (e3nn `normalize2mom`): random inputs of variance
 * 1 give outputs of mean square 1.
 *
 * @throws Error if there is no activation of that name.
 * @example
 * ```ts
 * import { expression as e, normalize2mom } from 'clebsch';
 * const double = e.mul(e.number(2), e.argument(0)); // mean square 4, so c = 1/2
 * e.evaluate(normalize2mom(double), [3]); // => 3
 * ```
 */
export function normalize2mom(activation: ActivationLike): e.Expression {
  return e.mul(n(secondMomentConstant(activation)), expressionOf(activation));
}

/**
 * 1 for even functions, -1 for odd ones, 0 for others: tested at sample points, as e3nn does.
 *
 * @throws Error if there is no activation of that name.
 * @example
 * ```ts
 * import { parityOf } from 'clebsch';
 * [parityOf('abs'), parityOf('tanh'), parityOf('silu')]; // => [1, -1, 0]
 * ```
 */
export function parityOf(activation: ActivationLike): 1 | -1 | 0 {
  const f = expressionOf(activation);
  let [even, odd] = [true, true];
  for (let i = 1; i <= 256; i++) {
    const z = (10 * i) / 256;
    const [plus, minus] = [e.evaluate(f, [z]), e.evaluate(f, [-z])];
    even &&= Math.abs(plus - minus) < 1e-10;
    odd &&= Math.abs(plus + minus) < 1e-10;
  }
  return even ? 1 : odd ? -1 : 0;
}

/** Applies an expression to the first `valid` columns; padding beyond stays zero, whatever the function is at 0. */
export function applyScalar(node: Node, expression: e.Expression, valid: number): Node {
  if (valid === node.cols || e.evaluate(expression, [0]) === 0) return map(expression, node);
  return place([map(expression, slice(node, 0, valid))], [0], node.cols);
}

/** A layer made by `activation`: rows x irrepsIn to rows x irrepsOut, without parameters. */
export interface Activation {
  readonly irrepsIn: Irreps;
  readonly irrepsOut: Irreps;
  /** x: rows x irrepsIn; result: rows x irrepsOut. Throws if x has other irreps or another memory layout. */
  apply(x: GeometricTensor): GeometricTensor;
}

/**
 * Applies a scalar function, normalised by `normalize2mom`, to each block of scalars (e3nn `nn.Activation`); null
 * leaves a block as it is. An odd scalar needs an even or an odd function, and an even one makes it even.
 *
 * @param acts one a block of irrepsIn
 * @param layoutIn memory layout of the input; by default without padding
 * @throws Error if there is not one function a block, a block with a function is no scalar, or an odd scalar
 * gets a function that is neither even nor odd.
 * @example
 * ```ts
 * import { activation, expression as e, reference, tensorInput } from 'clebsch';
 * const size = e.abs(e.mul(e.number(2), e.argument(0))); // |2a|, normalised |a|
 * const layer = activation('0e + 0o', [null, size]);
 * layer.irrepsOut.toString(); // => "1x0e+1x0e"
 * reference([layer.apply(tensorInput('x', 1, '0e + 0o')).node], { x: [5, -3] }); // => [[5, 3]]
 * ```
 */
export function activation(
  irrepsIn: IrrepsLike,
  acts: readonly (ActivationLike | null)[],
  layoutIn?: Layout,
): Activation {
  const irreps = Irreps.parse(irrepsIn);
  if (acts.length !== irreps.length)
    throw new Error(
      `activation: ${irreps} has ${irreps.length} blocks, but ${acts.length} functions were given`,
    );
  const out = irreps.blocks.map(({ mul, ir }, i): [number, Irrep] => {
    const act = acts[i];
    if (act === null) return [mul, ir];
    if (ir.l !== 0)
      throw new Error(
        `activation: block ${i} (${mul}x${ir}) is no scalar; a function of components would break equivariance`,
      );
    if (ir.p === 1) return [mul, ir];
    const parity = parityOf(act);
    if (parity === 0)
      throw new Error(
        `activation: block ${i} (${mul}x${ir}) changes sign under inversion and the function is neither even nor odd; ` +
          'use tanh (odd) or abs (even)',
      );
    return [mul, Irrep.of(0, parity)];
  });
  const irrepsOut = Irreps.parse(out);
  const layout = layoutIn ?? Layout.of(irreps);
  const layoutOut = layoutIn?.isPadded ? Layout.of(irrepsOut, 4) : Layout.of(irrepsOut);
  return {
    irrepsIn: irreps,
    irrepsOut,
    apply(value) {
      const node = inLayout('activation', value, layout);
      const parts = layout.blocks.map(({ offset, padded, mul, ir }, i) => {
        const part = slice(node, offset, padded * ir.dim);
        const act = acts[i];
        return act === null ? part : applyScalar(part, normalize2mom(act), mul);
      });
      return tensor(parts.length > 0 ? concat(parts) : node, layoutOut);
    },
  };
}
