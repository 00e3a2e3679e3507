/** The eight ways in which the copies of two blocks pair up in a tensor product. */

/**
 * How the copies u, v of two input blocks pair up into the copies w of an output block, with
 * T = sum_ij C_ijk x_ui y_vj:
 *
 * | mode | weight | out += coefficient * | without weight |
 * |---|---|---|---|
 * | uvw | [mul1, mul2, mulOut] | sum_uv w_uvw T_uvk -> [w, k] | not allowed |
 * | uvu | [mul1, mul2] | sum_v w_uv T_uvk -> [u, k] | w = 1 |
 * | uvv | [mul1, mul2] | sum_u w_uv T_uvk -> [v, k] | w = 1 |
 * | uuw | [mul1, mulOut] | sum_u w_uw T_uuk -> [w, k] | w = 1, mulOut = 1 |
 * | uuu | [mul1] | w_u T_uuk -> [u, k] | w = 1 |
 * | uvuv | [mul1, mul2] | w_uv T_uvk -> [(u, v), k] | w = 1 |
 * | uvu<v | [mul1 (mul2-1)/2] | w_q T_uvk -> [q, k], q = pairs u < v | w = 1 |
 * | u<vw | [mul1 (mul2-1)/2, mulOut] | sum_q w_qw T_uvk -> [w, k] | not allowed |
 */
export type ConnectionMode = 'uvw' | 'uvu' | 'uvv' | 'uuw' | 'uuu' | 'uvuv' | 'uvu<v' | 'u<vw';

/** What a mode makes of the multiplicities mul1, mul2 and mulOut. */
export interface ModeRule {
  /** Shape of the weight. */
  readonly shape: (mul1: number, mul2: number, mulOut: number) => number[];
  /** Terms summed into one output number: the n of the "element" normalisation. */
  readonly terms: (mul1: number, mul2: number) => number;
  /** What the multiplicities must satisfy, in words, or null if they do. */
  readonly conflict: (mul1: number, mul2: number, mulOut: number, hasWeight: boolean) => string | null;
}

const pairs = (mul1: number, mul2: number) => (mul1 * (mul2 - 1)) / 2;
const unless = (holds: boolean, rule: string) => (holds ? null : rule);

/** The table above as code. */
export const connectionModes: Readonly<Record<ConnectionMode, ModeRule>> = {
  uvw: {
    shape: (a, b, c) => [a, b, c],
    terms: (a, b) => a * b,
    conflict: (_a, _b, _c, weight) => unless(weight, 'a weight (hasWeight = true)'),
  },
  uvu: {
    shape: (a, b) => [a, b],
    terms: (_a, b) => b,
    conflict: (a, _b, c) => unless(a === c, 'mul1 = mulOut'),
  },
  uvv: {
    shape: (a, b) => [a, b],
    terms: (a) => a,
    conflict: (_a, b, c) => unless(b === c, 'mul2 = mulOut'),
  },
  uuw: {
    shape: (a, _b, c) => [a, c],
    terms: (a) => a,
    conflict: (a, b, c, weight) =>
      unless(a === b, 'mul1 = mul2') ?? unless(weight || c === 1, 'mulOut = 1 without a weight'),
  },
  uuu: {
    shape: (a) => [a],
    terms: () => 1,
    conflict: (a, b, c) => unless(a === b && b === c, 'mul1 = mul2 = mulOut'),
  },
  uvuv: {
    shape: (a, b) => [a, b],
    terms: () => 1,
    conflict: (a, b, c) => unless(a * b === c, 'mul1 * mul2 = mulOut'),
  },
  'uvu<v': {
    shape: (a, b) => [pairs(a, b)],
    terms: () => 1,
    conflict: (a, b, c) =>
      unless(a === b, 'mul1 = mul2') ?? unless(pairs(a, b) === c, 'mul1 (mul1 - 1) / 2 = mulOut'),
  },
  'u<vw': {
    shape: (a, b, c) => [pairs(a, b), c],
    terms: (a, b) => pairs(a, b),
    conflict: (a, b, _c, weight) =>
      unless(a === b, 'mul1 = mul2') ?? unless(weight, 'a weight (hasWeight = true)'),
  },
};
