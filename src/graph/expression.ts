/**
 * Scalar expressions: what a pointwise op (`map`, `radialBasis`, `optimizerStep`) computes for one entry.
 * They can be evaluated (f64), differentiated symbolically and printed as WGSL; the set of functions is closed
 * under differentiation. An expression is built by the functions here from numbers and arguments; argument i is
 * the entry of input i. Functions of numbers alone are computed at once.
 *
 * @example
 * ```ts
 * import { expression as e } from 'clebsch';
 * const a = e.argument(0);
 * const f = e.mul(a, e.exp(e.neg(a))); // a exp(-a), whose slope (1 - a) exp(-a) is 1 at 0
 * e.print(f); // => "(a * exp(neg(a)))"
 * e.evaluate(e.differentiate(f, 0), [0]); // => 1
 * ```
 *
 * @module
 */

import { errorFunction, sincDerivative } from './special-functions.ts';

/** A number, an argument, or a function of further expressions. */
export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'argument'; readonly index: number }
  | {
      readonly kind: 'call';
      readonly name: FunctionName;
      readonly args: readonly Expression[];
      /** A whole number that selects a member of a family: a power, an order of derivative. */
      readonly n: number;
    };

interface ScalarFunction {
  evaluate(args: readonly number[], n: number): number;
  /** Derivative by each argument. */
  derivative(args: readonly Expression[], n: number): readonly Expression[];
  /** The call in WGSL; functions that are not built in live in shaders/shared/functions.wgsl. */
  wgsl(args: readonly string[], n: number): string;
}

/**
 * The same number everywhere.
 *
 * @example
 * ```ts
 * import { expression as e } from 'clebsch';
 * e.evaluate(e.add(e.number(2), e.argument(0)), [3]); // => 5
 * ```
 */
export function number(value: number): Expression {
  return { kind: 'number', value };
}

/**
 * Argument `index`, counted from 0: the entry of that input.
 *
 * @example
 * ```ts
 * import { expression as e } from 'clebsch';
 * e.evaluate(e.argument(1), [3, 4]); // => 4
 * ```
 */
export function argument(index: number): Expression {
  return { kind: 'argument', index };
}

const zero = number(0);
const one = number(1);

function call(name: FunctionName, args: readonly Expression[], n = 0): Expression {
  if (args.every((a) => a.kind === 'number')) {
    const value = functions[name].evaluate(
      args.map((a) => (a as { value: number }).value),
      n,
    );
    // Infinities stay calls: WGSL cannot write them as numbers.
    if (Number.isFinite(value)) return number(value);
  }
  return { kind: 'call', name, args, n };
}

const is = (e: Expression, value: number) => e.kind === 'number' && e.value === value;

/** a + b. */
export const add = (a: Expression, b: Expression) => (is(a, 0) ? b : is(b, 0) ? a : call('add', [a, b]));
/** a - b. */
export const sub = (a: Expression, b: Expression) => (is(b, 0) ? a : is(a, 0) ? neg(b) : call('sub', [a, b]));
/** a b; 0 as soon as one of them is the number 0. */
export const mul = (a: Expression, b: Expression): Expression =>
  is(a, 0) || is(b, 0)
    ? zero
    : is(a, 1)
      ? b
      : is(b, 1)
        ? a
        : is(a, -1)
          ? neg(b)
          : is(b, -1)
            ? neg(a)
            : call('mul', [a, b]);
/** -a. */
export const neg = (a: Expression) => call('neg', [a]);
/** a to the whole power n (n = -1 is the reciprocal). */
export const power = (a: Expression, n: number): Expression =>
  n === 0 ? one : n === 1 ? a : call('power', [a], n);
/** a / b. */
export const div = (a: Expression, b: Expression) => (is(b, 1) ? a : mul(a, power(b, -1)));
/**
 * Square root, 0 for arguments below 0; its derivative at 0 is set to 0, so that |x| has a finite gradient
 * everywhere.
 */
export const sqrt = (a: Expression) => call('sqrt', [a]);
/** e^a. */
export const exp = (a: Expression) => call('exp', [a]);
/** exp(a) - 1, accurate near 0. */
export const expm1 = (a: Expression) => call('expm1', [a]);
/** Natural logarithm. */
export const log = (a: Expression) => call('log', [a]);
/** Sine of an angle in radians. */
export const sin = (a: Expression) => call('sin', [a]);
/** Cosine of an angle in radians. */
export const cos = (a: Expression) => call('cos', [a]);
/** Hyperbolic tangent. */
export const tanh = (a: Expression) => call('tanh', [a]);
/** 1 / (1 + exp(-a)). */
export const sigmoid = (a: Expression) => call('sigmoid', [a]);
/** log(1 + exp(a)), without overflow. */
export const softplus = (a: Expression) => call('softplus', [a]);
/** |a|; its derivative is `sign`, so 0 at 0. */
export const abs = (a: Expression) => call('abs', [a]);
/** 2/sqrt(pi) times the integral of exp(-t^2) from 0 to a. */
export const erf = (a: Expression) => call('erf', [a]);
/** -1, 0 or 1. */
export const sign = (a: Expression) => call('sign', [a]);
/** 1 where a > 0, else 0. */
export const step = (a: Expression) => call('step', [a]);
/** b where a > 0, else c. The branch that is not taken never enters the value, not even as 0 times infinity. */
export const select = (a: Expression, b: Expression, c: Expression) => call('select', [a, b, c]);
/** The larger of a and b; where they are equal the gradient goes to b. */
export const max = (a: Expression, b: Expression) => select(sub(a, b), a, b);
/** The smaller of a and b; where they are equal the gradient goes to a. */
export const min = (a: Expression, b: Expression) => select(sub(a, b), b, a);
/** exp(-1/a) / a^n for a > 0, else 0: e3nn's `soft_unit_step` (n = 0), and what its derivatives are made of. */
export const softUnitStep = (a: Expression, n = 0) => call('softUnitStep', [a], n);
/** n-th derivative of sin(a)/a, smooth through a = 0. */
export const sinc = (a: Expression, n = 0) => call('sinc', [a], n);

/** A number as an f32 literal of WGSL. */
export const literal = (value: number): string => {
  const single = Math.fround(value);
  if (!Number.isFinite(single)) throw new Error(`${value} cannot be written in 32-bit floating point`);
  const text = single === 0 ? '0.0' : String(single);
  return /[.e]/.test(text) ? text : `${text}.0`;
};

/** Small powers are written out: a loop in the shader costs compile time wherever it stands. */
function wgslPower(a: string, n: number): string {
  const positive =
    Math.abs(n) <= 4 ? new Array(Math.abs(n)).fill(a).join(' * ') : `power(${a}, ${Math.abs(n)})`;
  return n < 0 ? `(1.0 / (${positive}))` : `(${positive})`;
}

const functions = {
  add: {
    evaluate: ([a, b]) => a + b,
    derivative: () => [one, one],
    wgsl: ([a, b]) => `(${a} + ${b})`,
  },
  sub: {
    evaluate: ([a, b]) => a - b,
    derivative: () => [one, number(-1)],
    wgsl: ([a, b]) => `(${a} - ${b})`,
  },
  mul: {
    evaluate: ([a, b]) => a * b,
    derivative: ([a, b]) => [b, a],
    wgsl: ([a, b]) => `(${a} * ${b})`,
  },
  neg: {
    evaluate: ([a]) => -a,
    derivative: () => [number(-1)],
    wgsl: ([a]) => `(-${a})`,
  },
  power: {
    evaluate: ([a], n) => a ** n,
    derivative: ([a], n) => [mul(number(n), power(a, n - 1))],
    wgsl: ([a], n) => wgslPower(a, n),
  },
  sqrt: {
    evaluate: ([a]) => Math.sqrt(Math.max(a, 0)),
    derivative: ([a]) => [select(a, mul(number(0.5), power(sqrt(a), -1)), zero)],
    wgsl: ([a]) => `sqrt(max(${a}, 0.0))`,
  },
  exp: {
    evaluate: ([a]) => Math.exp(a),
    derivative: ([a]) => [exp(a)],
    wgsl: ([a]) => `exp(${a})`,
  },
  expm1: {
    evaluate: ([a]) => Math.expm1(a),
    derivative: ([a]) => [exp(a)],
    wgsl: ([a]) => `expMinusOne(${a})`,
  },
  log: {
    evaluate: ([a]) => Math.log(a),
    derivative: ([a]) => [power(a, -1)],
    wgsl: ([a]) => `log(${a})`,
  },
  sin: {
    evaluate: ([a]) => Math.sin(a),
    derivative: ([a]) => [cos(a)],
    wgsl: ([a]) => `sine(${a})`,
  },
  cos: {
    evaluate: ([a]) => Math.cos(a),
    derivative: ([a]) => [neg(sin(a))],
    wgsl: ([a]) => `cosine(${a})`,
  },
  tanh: {
    evaluate: ([a]) => Math.tanh(a),
    derivative: ([a]) => [sub(one, power(tanh(a), 2))],
    wgsl: ([a]) => `hyperbolicTangent(${a})`,
  },
  sigmoid: {
    evaluate: ([a]) => 1 / (1 + Math.exp(-a)),
    derivative: ([a]) => [mul(sigmoid(a), sub(one, sigmoid(a)))],
    wgsl: ([a]) => `sigmoid(${a})`,
  },
  softplus: {
    evaluate: ([a]) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
    derivative: ([a]) => [sigmoid(a)],
    wgsl: ([a]) => `softplus(${a})`,
  },
  abs: {
    evaluate: ([a]) => Math.abs(a),
    derivative: ([a]) => [sign(a)],
    wgsl: ([a]) => `abs(${a})`,
  },
  erf: {
    evaluate: ([a]) => errorFunction(a),
    derivative: ([a]) => [mul(number(2 / Math.sqrt(Math.PI)), exp(neg(mul(a, a))))],
    wgsl: ([a]) => `errorFunction(${a})`,
  },
  sign: {
    evaluate: ([a]) => Math.sign(a),
    derivative: () => [zero],
    wgsl: ([a]) => `sign(${a})`,
  },
  step: {
    evaluate: ([a]) => (a > 0 ? 1 : 0),
    derivative: () => [zero],
    wgsl: ([a]) => `select(0.0, 1.0, ${a} > 0.0)`,
  },
  select: {
    evaluate: ([a, b, c]) => (a > 0 ? b : c),
    derivative: ([a]) => [zero, step(a), sub(one, step(a))],
    wgsl: ([a, b, c]) => `select(${c}, ${b}, ${a} > 0.0)`,
  },
  softUnitStep: {
    evaluate: ([a], n) => (a > 0 ? Math.exp(-1 / a - n * Math.log(a)) : 0),
    derivative: ([a], n) => [sub(softUnitStep(a, n + 2), mul(number(n), softUnitStep(a, n + 1)))],
    wgsl: ([a], n) => `softUnitStep(${a}, ${literal(n)})`,
  },
  sinc: {
    evaluate: ([a], n) => sincDerivative(a, n),
    derivative: ([a], n) => [sinc(a, n + 1)],
    wgsl: ([a], n) => `sincDerivative(${a}, ${n})`,
  },
} satisfies Record<string, ScalarFunction> as Record<string, ScalarFunction>;

/** The functions that expressions are made of. */
export type FunctionName =
  | 'add'
  | 'sub'
  | 'mul'
  | 'neg'
  | 'power'
  | 'sqrt'
  | 'exp'
  | 'expm1'
  | 'log'
  | 'sin'
  | 'cos'
  | 'tanh'
  | 'sigmoid'
  | 'softplus'
  | 'erf'
  | 'abs'
  | 'sign'
  | 'step'
  | 'select'
  | 'softUnitStep'
  | 'sinc';

/**
 * The value for given arguments, in f64.
 *
 * @example
 * ```ts
 * import { expression as e } from 'clebsch';
 * e.evaluate(e.sqrt(e.add(e.power(e.argument(0), 2), e.power(e.argument(1), 2))), [3, 4]); // => 5
 * ```
 */
export function evaluate(e: Expression, args: readonly number[]): number {
  if (e.kind === 'number') return e.value;
  if (e.kind === 'argument') return args[e.index];
  // Only the branch taken is evaluated.
  if (e.name === 'select') return evaluate(evaluate(e.args[0], args) > 0 ? e.args[1] : e.args[2], args);
  return functions[e.name].evaluate(
    e.args.map((a) => evaluate(a, args)),
    e.n,
  );
}

/**
 * The derivative by argument `index`, as an expression of the same arguments.
 *
 * @example
 * ```ts
 * import { expression as e } from 'clebsch';
 * e.print(e.differentiate(e.power(e.argument(0), 3), 0)); // => "(3 * a^2)"
 * ```
 */
export function differentiate(e: Expression, index: number): Expression {
  if (e.kind === 'number') return zero;
  if (e.kind === 'argument') return e.index === index ? one : zero;
  if (e.name === 'select') {
    // The derivatives are chosen like the values, so that a branch not taken cannot spoil them with 0 times infinity.
    const [a, b, c] = e.args;
    const db = differentiate(b, index);
    const dc = differentiate(c, index);
    return is(db, 0) && is(dc, 0) ? zero : select(a, db, dc);
  }
  const inner = e.args.map((a) => differentiate(a, index));
  if (inner.every((d) => is(d, 0))) return zero;
  return functions[e.name]
    .derivative(e.args, e.n)
    .map((d, i) => mul(inner[i], d))
    .reduce(add);
}

/**
 * Replaces argument i by `args[i]`.
 *
 * @example
 * ```ts
 * import { expression as e } from 'clebsch';
 * const square = e.power(e.argument(0), 2);
 * e.print(e.substitute(square, [e.sin(e.argument(1))])); // => "sin(b)^2"
 * ```
 */
export function substitute(e: Expression, args: readonly Expression[]): Expression {
  if (e.kind === 'number') return e;
  if (e.kind === 'argument') return args[e.index];
  const inner = e.args.map((a) => substitute(a, args));
  switch (e.name) {
    case 'add':
      return add(inner[0], inner[1]);
    case 'mul':
      return mul(inner[0], inner[1]);
    default:
      return call(e.name, inner, e.n);
  }
}

/**
 * The indices of the arguments that occur.
 *
 * @param into where they are collected; by default a new set
 * @example
 * ```ts
 * import { expression as e } from 'clebsch';
 * [...e.argumentsOf(e.add(e.argument(2), e.argument(0)))]; // => [2, 0]
 * ```
 */
export function argumentsOf(e: Expression, into = new Set<number>()): Set<number> {
  if (e.kind === 'argument') into.add(e.index);
  if (e.kind === 'call') for (const a of e.args) argumentsOf(a, into);
  return into;
}

/**
 * Number of function calls: what fusion counts before it computes something twice.
 *
 * @example
 * ```ts
 * import { expression as e } from 'clebsch';
 * e.sizeOf(e.add(e.sin(e.argument(0)), e.number(1))); // => 2
 * ```
 */
export function sizeOf(e: Expression): number {
  return e.kind === 'call' ? e.args.reduce((sum, a) => sum + sizeOf(a), 1) : 0;
}

/**
 * WGSL text of an expression over f32 values. Equal subexpressions are computed once: they become `let` lines,
 * in order, and `result` names the last.
 *
 * @param args the text of each argument
 * @param prefix what the names of the `let` lines start with
 * @throws Error if a number is too large for 32-bit floating point.
 * @example
 * ```ts
 * import { expression as e } from 'clebsch';
 * const s = e.sigmoid(e.argument(0));
 * e.toWgsl(e.mul(s, s), ['x']); // => { lines: ["let t0 = sigmoid(x);", "let t1 = (t0 * t0);"], result: "t1" }
 * ```
 */
export function toWgsl(
  e: Expression,
  args: readonly string[],
  prefix = 't',
): { lines: string[]; result: string } {
  const { lines, write } = wgslWriter(prefix);
  return { lines, result: write(e, args) };
}

/**
 * Writes several expressions as `toWgsl` writes one: what is equal in them, of the same arguments, is computed once.
 * `write` adds to `lines` and gives the text of the value.
 *
 * @param prefix what the names of the `let` lines start with
 * @throws Error (`write`) if a number is too large for 32-bit floating point.
 * @example
 * ```ts
 * import { expression as e } from 'clebsch';
 * const { lines, write } = e.wgslWriter();
 * const scaled = e.mul(e.argument(0), e.exp(e.argument(1)));
 * ['x', 'y'].map((x) => write(scaled, [x, 'rate'])); // => ["t1", "t2"]
 * lines; // => ["let t0 = exp(rate);", "let t1 = (x * t0);", "let t2 = (y * t0);"]
 * ```
 */
export function wgslWriter(prefix = 't') {
  const lines: string[] = [];
  const known = new Map<string, string>();
  const write = (e: Expression, args: readonly string[]): string => {
    // Derivatives share subexpressions: without this memory a deep one would be walked exponentially often.
    const visited = new Map<Expression, string>();
    const visit = (x: Expression): string => {
      if (x.kind === 'number') return literal(x.value);
      if (x.kind === 'argument') return args[x.index];
      const before = visited.get(x);
      if (before !== undefined) return before;
      const text = functions[x.name].wgsl(x.args.map(visit), x.n);
      let name = known.get(text);
      if (name === undefined) {
        name = `${prefix}${known.size}`;
        known.set(text, name);
        lines.push(`let ${name} = ${text};`);
      }
      visited.set(x, name);
      return name;
    };
    return visit(e);
  };
  return { lines, write };
}

/**
 * Readable text for printed programs; argument 0 is called a, argument 1 b, and so on.
 *
 * @example
 * ```ts
 * import { expression as e } from 'clebsch';
 * e.print(e.mul(e.argument(0), e.sigmoid(e.argument(0)))); // => "(a * sigmoid(a))"
 * ```
 */
export function print(e: Expression): string {
  if (e.kind === 'number') return String(+e.value.toPrecision(6));
  if (e.kind === 'argument') return 'abcdefghijklmnopqrstuvwxyz'[e.index] ?? `arg${e.index}`;
  const args = e.args.map(print);
  const infix: Partial<Record<FunctionName, string>> = { add: '+', sub: '-', mul: '*' };
  if (infix[e.name]) return `(${args.join(` ${infix[e.name]} `)})`;
  if (e.name === 'power') return `${args[0]}^${e.n}`;
  return `${e.name}${e.n ? e.n : ''}(${args.join(', ')})`;
}
