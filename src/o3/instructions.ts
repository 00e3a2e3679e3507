/** The paths of a tensor product: which blocks meet, how their copies pair up, and with what factor. */
import { type ConnectionMode, connectionModes } from './connection-modes.ts';
import { Irreps, type IrrepsLike, type MulIrrep } from './irreps.ts';

export type { ConnectionMode } from './connection-modes.ts';

/** One path, resolved (e3nn `Instruction`). */
export interface Instruction {
  /** Block numbers in the irreps of the spec. */
  readonly in1: number;
  readonly in2: number;
  readonly out: number;
  readonly connectionMode: ConnectionMode;
  readonly hasWeight: boolean;
  /** As given: the relative variance of this path. */
  readonly pathWeight: number;
  /** The factor in front of the path: sqrt(pathWeight * outVar * A / X), see `tensorProduct`. */
  readonly coefficient: number;
  /** Shape of the path's weight (or of the ones in its place). */
  readonly pathShape: readonly number[];
  /** [start, stop) in the weight vector, row-major in pathShape; null without weight. */
  readonly weightSlice: readonly [number, number] | null;
}

/** A tensor product, ready for a kernel: its blocks, its paths, its weights. */
export interface TensorProductSpec {
  readonly irrepsIn1: Irreps;
  readonly irrepsIn2: Irreps;
  readonly irrepsOut: Irreps;
  readonly instructions: readonly Instruction[];
  /** Total number of weights. */
  readonly weightNumel: number;
  /** `[irrepsOut.dim]`: 1 where some path can reach, 0 where the output is zero whatever the input. */
  readonly outputMask: Uint8Array;
}

/** One path as the caller writes it: [block of in1, of in2, of out, mode, has weight, path weight = 1]. */
export type InstructionLike = readonly [
  in1: number,
  in2: number,
  out: number,
  connectionMode: ConnectionMode,
  hasWeight: boolean,
  pathWeight?: number,
];

/** Normalisation of a tensor product; the defaults are e3nn's. */
export interface TensorProductOptions {
  /** What unit-variance inputs and outputs mean. Default "component": every component has variance 1. */
  readonly irrepNormalization?: 'component' | 'norm' | 'none';
  /** Default "element": paths into a block count by their number of terms; "path": each path alike. */
  readonly pathNormalization?: 'element' | 'path' | 'none';
  /** Variance of each input and output block; default 1 everywhere. */
  readonly in1Var?: readonly number[] | null;
  readonly in2Var?: readonly number[] | null;
  readonly outVar?: readonly number[] | null;
}

/**
 * Resolves the paths of a tensor product (e3nn `TensorProduct`).
 *
 * Each path has coefficient sqrt(pathWeight * outVar * A / X). A is 2 lOut + 1 ("component"),
 * (2 l1 + 1)(2 l2 + 1) ("norm") or 1. With n the number of terms of the mode, X is the sum of in1Var *
 * in2Var * n over all paths into the same output block ("element"), in1Var * in2Var * n times
 * the number of those paths ("path"), or 1; and 1 where that is 0. Unit variance in gives unit variance
 * out: Geiger, Smidt, "e3nn: Euclidean neural networks", arXiv:2207.09453 (2022).
 *
 * @throws Error naming the instruction, its irreps and what disagrees: a block that does not exist, an
 * unknown mode, parities, the triangle rule, or multiplicities that the mode does not allow.
 * @example
 * ```ts
 * import { tensorProduct } from 'clebsch';
 * const cross = tensorProduct('2x1o', '2x1o', '2x1e', [[0, 0, 0, 'uuu', false]]);
 * cross.instructions[0].coefficient ** 2; // => 3
 * tensorProduct('2x1o', '3x1o', '5x0e', [[0, 0, 0, 'uvw', true]]).weightNumel; // => 30
 * ```
 */
export function tensorProduct(
  irrepsIn1: IrrepsLike,
  irrepsIn2: IrrepsLike,
  irrepsOut: IrrepsLike,
  instructions: readonly InstructionLike[],
  options: TensorProductOptions = {},
): TensorProductSpec {
  const in1 = Irreps.parse(irrepsIn1);
  const in2 = Irreps.parse(irrepsIn2);
  const out = Irreps.parse(irrepsOut);
  const in1Var = variances('in1Var', options.in1Var, in1);
  const in2Var = variances('in2Var', options.in2Var, in2);
  const outVar = variances('outVar', options.outVar, out);

  const paths = instructions.map((like, number) => {
    const blocks = checkInstruction(like, number, in1, in2, out);
    const rule = connectionModes[like[3]];
    const variance = in1Var[like[0]] * in2Var[like[1]] * rule.terms(blocks[0].mul, blocks[1].mul);
    return { like, blocks, rule, variance };
  });

  let weightNumel = 0;
  const resolved = paths.map(({ like, blocks, rule, variance }): Instruction => {
    const [i1, i2, iOut, connectionMode, hasWeight, pathWeight = 1] = like;
    const siblings = paths.filter((path) => path.like[2] === iOut).map((path) => path.variance);
    const x = pathVariance(variance, siblings, options.pathNormalization ?? 'element');
    const a = irrepFactor(blocks, options.irrepNormalization ?? 'component');
    const pathShape = rule.shape(blocks[0].mul, blocks[1].mul, blocks[2].mul);
    const start = weightNumel;
    if (hasWeight) weightNumel += pathShape.reduce((product, n) => product * n, 1);
    return {
      in1: i1,
      in2: i2,
      out: iOut,
      connectionMode,
      hasWeight,
      pathWeight,
      coefficient: Math.sqrt((pathWeight * outVar[iOut] * a) / (x === 0 ? 1 : x)),
      pathShape,
      weightSlice: hasWeight ? [start, weightNumel] : null,
    };
  });
  const outputMask = maskOf(out, (i) =>
    resolved.some((path) => path.out === i && path.coefficient !== 0 && !path.pathShape.includes(0)),
  );
  return { irrepsIn1: in1, irrepsIn2: in2, irrepsOut: out, instructions: resolved, weightNumel, outputMask };
}

/** [irreps.dim]: 1 on the components of the blocks for which `reached` holds, else 0. */
export function maskOf(irreps: Irreps, reached: (block: number) => boolean): Uint8Array {
  const mask = new Uint8Array(irreps.dim);
  irreps.slices().forEach(({ start, stop }, i) => {
    if (reached(i)) mask.fill(1, start, stop);
  });
  return mask;
}

function irrepFactor(blocks: readonly MulIrrep[], normalization: 'component' | 'norm' | 'none'): number {
  switch (normalization) {
    case 'component':
      return blocks[2].ir.dim;
    case 'norm':
      return blocks[0].ir.dim * blocks[1].ir.dim;
    case 'none':
      return 1;
    default:
      throw new Error(
        `tensorProduct: irrepNormalization is "${normalization}"; use "component", "norm" or "none".`,
      );
  }
}

function pathVariance(own: number, siblings: number[], normalization: 'element' | 'path' | 'none'): number {
  switch (normalization) {
    case 'element':
      return siblings.reduce((sum, x) => sum + x, 0);
    case 'path':
      return own * siblings.length;
    case 'none':
      return 1;
    default:
      throw new Error(
        `tensorProduct: pathNormalization is "${normalization}"; use "element", "path" or "none".`,
      );
  }
}

function variances(
  name: string,
  given: readonly number[] | null | undefined,
  irreps: Irreps,
): readonly number[] {
  const list = given ?? irreps.blocks.map(() => 1);
  if (list.length !== irreps.length) {
    throw new Error(
      `tensorProduct: ${name} has ${list.length} entries, but "${irreps}" has ${irreps.length} blocks.`,
    );
  }
  return list;
}

function checkInstruction(
  like: InstructionLike,
  number: number,
  in1: Irreps,
  in2: Irreps,
  out: Irreps,
): [MulIrrep, MulIrrep, MulIrrep] {
  const [i1, i2, iOut, mode, hasWeight] = like;
  const fail = (what: string) => new Error(`tensorProduct: instruction ${number} ${what}`);
  const pick = (irreps: Irreps, i: number, role: string): MulIrrep => {
    const found = irreps.blocks[i];
    if (found !== undefined) return found;
    throw fail(`uses block ${i} of ${role}, but "${irreps}" has blocks 0 to ${irreps.length - 1}.`);
  };
  const [a, b, c] = [pick(in1, i1, 'in1'), pick(in2, i2, 'in2'), pick(out, iOut, 'out')];
  const path = `(${a.mul}x${a.ir} * ${b.mul}x${b.ir} -> ${c.mul}x${c.ir}, "${mode}")`;
  if (!Object.hasOwn(connectionModes, mode)) {
    throw fail(`${path}: there is no such mode. Use one of ${Object.keys(connectionModes).join(', ')}.`);
  }
  const allowed = a.ir.product(b.ir);
  if (!allowed.some((ir) => ir.equals(c.ir))) {
    const why = a.ir.p * b.ir.p !== c.ir.p ? 'the parities do not multiply' : 'the triangle rule fails';
    throw fail(`${path}: ${why}; ${a.ir} * ${b.ir} contains ${allowed.join(', ')}, not ${c.ir}.`);
  }
  const conflict = connectionModes[mode].conflict(a.mul, b.mul, c.mul, hasWeight);
  if (conflict !== null) throw fail(`${path}: this mode needs ${conflict}.`);
  if ((like[5] ?? 1) < 0)
    throw fail(`${path}: the path weight ${like[5]} is negative, but it is a variance.`);
  return [a, b, c];
}
