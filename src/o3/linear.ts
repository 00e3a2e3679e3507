/** Equivariant linear maps: each output irrep mixes the input copies of the same irrep. */
import { maskOf } from './instructions.ts';
import { Irreps, type IrrepsLike } from './irreps.ts';

/** One block of weights: out[out][w] += coefficient * sum_u W[u, w] x[in][u], W row-major. */
export interface LinearInstruction {
  /** Block numbers in the irreps of the spec. */
  readonly in: number;
  readonly out: number;
  /** [mulIn, mulOut]. */
  readonly pathShape: readonly [number, number];
  readonly coefficient: number;
  /** [start, stop) in the weight vector. */
  readonly weightSlice: readonly [number, number];
}

/** One block of biases, added to a 0e output block without a coefficient. */
export interface LinearBias {
  /** Block number in irrepsOut. */
  readonly out: number;
  /** [mulOut]. */
  readonly pathShape: readonly [number];
  /** [start, stop) in the bias vector. */
  readonly biasSlice: readonly [number, number];
}

/** A linear map, ready for a kernel. */
export interface LinearSpec {
  readonly irrepsIn: Irreps;
  readonly irrepsOut: Irreps;
  readonly instructions: readonly LinearInstruction[];
  readonly biases: readonly LinearBias[];
  /** Number of weights (per pair of features, with fIn and fOut). */
  readonly weightNumel: number;
  /** Number of biases (per output feature, with fOut). */
  readonly biasNumel: number;
  /** `[irrepsOut.dim]`: 1 where a weight or bias reaches, 0 where the output is always zero. */
  readonly outputMask: Uint8Array;
  /** With both: x [batch, fIn, dimIn], weight [fIn, fOut, weightNumel], out [batch, fOut, dimOut]. */
  readonly fIn: number | null;
  readonly fOut: number | null;
}

/** Options of `linear`; the defaults are e3nn's. */
export interface LinearOptions {
  /** Ordinary features next to the irreps: give both or neither. */
  readonly fIn?: number | null;
  readonly fOut?: number | null;
  /** Pairs [in block, out block]; by default all with equal irreps, in outermost. */
  readonly instructions?: readonly (readonly [number, number])[] | null;
  /** true: a bias on every 0e block; or one flag per output block. Default false. */
  readonly biases?: boolean | readonly boolean[];
  /** Default "element": by the number of inputs of an output; "path": each instruction alike. */
  readonly pathNormalization?: 'element' | 'path';
}

/**
 * Resolves a linear map (e3nn `Linear`). Coefficients are 1/sqrt(X), X = the sum of mulIn over all
 * instructions with that output ("element") or mulIn times their number ("path"), times fIn; 1 if X = 0.
 *
 * @throws Error naming the instruction or block: unequal irreps, a block that does not exist, a bias on
 * something other than 0e, only one of fIn and fOut.
 * @example
 * ```ts
 * import { linear } from 'clebsch';
 * linear('4x0e+3x1o', '2x0e+2x1o').weightNumel; // => 14
 * linear('4x0e', '2x0e', { biases: true }).biases; // => [{"out":0,"pathShape":[2],"biasSlice":[0,2]}]
 * ```
 */
export function linear(irrepsIn: IrrepsLike, irrepsOut: IrrepsLike, options: LinearOptions = {}): LinearSpec {
  const input = Irreps.parse(irrepsIn);
  const output = Irreps.parse(irrepsOut);
  const { fIn = null, fOut = null, pathNormalization = 'element' } = options;
  if ((fIn === null) !== (fOut === null)) {
    throw new Error(`linear: fIn is ${fIn} and fOut is ${fOut}; give both or neither.`);
  }
  if (pathNormalization !== 'element' && pathNormalization !== 'path') {
    throw new Error(`linear: pathNormalization is "${pathNormalization}"; use "element" or "path".`);
  }
  const pairs = options.instructions ?? equalPairs(input, output);
  pairs.forEach((pair, number) => {
    checkPair(pair, number, input, output);
  });

  let weightNumel = 0;
  const instructions = pairs.map(([i, o]): LinearInstruction => {
    const siblings = pairs.filter((pair) => pair[1] === o).map((pair) => input.blocks[pair[0]].mul);
    const own = input.blocks[i].mul;
    const summed =
      pathNormalization === 'element' ? siblings.reduce((a, b) => a + b, 0) : own * siblings.length;
    const x = summed * (fIn ?? 1);
    const pathShape = [own, output.blocks[o].mul] as const;
    const start = weightNumel;
    weightNumel += pathShape[0] * pathShape[1];
    const coefficient = x === 0 ? 1 : 1 / Math.sqrt(x);
    return { in: i, out: o, pathShape, coefficient, weightSlice: [start, weightNumel] };
  });

  const biases = biasBlocks(output, options.biases ?? false);
  const outputMask = maskOf(
    output,
    (block) =>
      instructions.some((path) => path.out === block && !path.pathShape.includes(0)) ||
      biases.some((bias) => bias.out === block),
  );
  const biasNumel = biases.at(-1)?.biasSlice[1] ?? 0;
  return {
    irrepsIn: input,
    irrepsOut: output,
    instructions,
    biases,
    weightNumel,
    biasNumel,
    outputMask,
    fIn,
    fOut,
  };
}

function equalPairs(input: Irreps, output: Irreps): [number, number][] {
  return input.blocks.flatMap((a, i) =>
    output.blocks.flatMap((b, o) => (a.ir.equals(b.ir) ? [[i, o] satisfies [number, number]] : [])),
  );
}

function checkPair([i, o]: readonly [number, number], number: number, input: Irreps, output: Irreps): void {
  const fail = (what: string) => new Error(`linear: instruction ${number} ([${i}, ${o}]) ${what}`);
  const [a, b] = [input.blocks[i], output.blocks[o]];
  if (!a) throw fail(`reads block ${i}, but "${input}" has blocks 0 to ${input.length - 1}.`);
  if (!b) throw fail(`writes block ${o}, but "${output}" has blocks 0 to ${output.length - 1}.`);
  if (!a.ir.equals(b.ir)) throw fail(`maps ${a.ir} to ${b.ir}; a linear map must keep the irrep.`);
}

function biasBlocks(output: Irreps, biases: boolean | readonly boolean[]): LinearBias[] {
  const flags = typeof biases === 'boolean' ? output.blocks.map(({ ir }) => biases && ir.isScalar()) : biases;
  if (flags.length !== output.length) {
    throw new Error(`linear: ${flags.length} bias flags, but "${output}" has ${output.length} blocks.`);
  }
  let biasNumel = 0;
  return output.blocks.flatMap(({ mul, ir }, out): LinearBias[] => {
    if (!flags[out]) return [];
    if (!ir.isScalar()) {
      throw new Error(
        `linear: a bias on block ${out} (${ir}) would not be equivariant; only 0e can have one.`,
      );
    }
    const start = biasNumel;
    biasNumel += mul;
    return [{ out, pathShape: [mul], biasSlice: [start, biasNumel] }];
  });
}
