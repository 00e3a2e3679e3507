import type { GpuContext } from '../gpu/device.ts';
import type { Node } from '../graph/node.ts';
import { type Feeds, reference } from '../graph/reference.ts';
import type { Module, Weights } from '../nn/parameters.ts';
import type { GeometricTensor } from '../nn/tensor.ts';
import { Random } from '../o3/random.ts';
import { bestOf, slopeOf } from './difference-curve.ts';
import { type GradientEntry, GradientReport, type WrongNumber } from './gradient-report.ts';
import { load, unload } from './load.ts';
import { type NestedGradients, nestedGradients } from './nested-gradients.ts';
import { centralDifferences, differentNumber, dot, gpuNumber, isLarger } from './wrong-number.ts';

/** What `checkGradients` differentiates by, where, and how closely it looks. */
export interface GradientCheckOptions {
  /** Numbers for the leaves, as `reference` takes them; they are rounded to 32 bits first. */
  readonly feeds?: Feeds;
  /**
   * Inputs and states to differentiate by; default: all that the value reads, the parameters among them. For a padded
   * feature pass its tensor: padding then stays as it is.
   */
  readonly wrt?: readonly (Node | GeometricTensor)[];
  /**
   * Where the value is a function of weights: whose they are. They become the input "parameters", standard normal
   * (also those that start at zero, so that no term is hidden) unless the feeds have it.
   */
  readonly module?: Module;
  /** Highest order of derivative; default 1. All lower ones are checked too. */
  readonly order?: number;
  /** Steps of the central differences, in the leaf's unit; default 1e-1 to 1e-6, two a decade. */
  readonly steps?: readonly number[];
  /** Random directions tried for each leaf; default 1. */
  readonly directions?: number;
  /** Largest relative error allowed of the central difference, in f64, at two neighbouring steps; default 1e-6. */
  readonly tolerance?: number;
  /** Largest relative error allowed of the GPU; default 1e-4. */
  readonly gpuTolerance?: number;
  /** Seed of directions, cotangent and parameters; default 0. */
  readonly seed?: number;
}

const STEPS = Array.from({ length: 11 }, (_, i) => 10 ** (-1 - i / 2));

/** A derivative is measured against no less than this part of what it is the derivative of. */
const SMALLEST = 1e-6;

/**
 * Compares derivatives with central differences, and the GPU's with those in f64.
 *
 * For the scalar D_0 (the value, or <c, value> with a random c if it is no scalar) and random directions v_k in all
 * leaves, D_k = <grad D_(k-1), v_k>. The derivative of order k by a leaf is grad D_(k-1); along a random direction u in
 * that leaf it is compared with [D_(k-1)(x + h u) - D_(k-1)(x - h u)] / 2h, in f64, for every step h. If it is right
 * the error falls as h^2, until rounding makes it rise as 1/h: a V in a plot with two logarithmic axes. If it is wrong
 * the error stops falling where it is as large as the mistake: a plateau. Each order takes the one below as given, so the
 * lowest that fails is where the mistake is.
 *
 * The error is relative to the root of the sum of the squares of the derivative's entries, but to no less than 1e-6 of
 * the sum of the sizes of the terms of D_(k-1). The GPU's largest difference from f64 is relative to the largest entry, of
 * this leaf or (a thousandth of it) of any.
 *
 * Where the function is not smooth there is no derivative to find: relu at 0, the length of a zero vector, a point on
 * the edge of a cutoff that is not smooth. Steps across such a place show as a plateau at large steps.
 * Edges stay those that are fed.
 *
 * @param gpu a device, or null: then only f64 is checked
 * @param value any shape, or a function that makes it of the weights of `module`
 * @throws Error if a leaf is not an input or a state of the value, an option makes no sense, or a feed is missing.
 * @example
 * ```ts
 * import { checkGradients, fullyConnectedNet, input } from 'clebsch';
 * const net = fullyConnectedNet([3, 4, 1], 'silu');
 * const x = input('x', 2, 3);
 * const report = await checkGradients(null, (weights) => net.apply(weights, x), {
 *   module: net, feeds: { x: [1, 2, 3, 4, 5, 6] }, order: 2,
 * });
 * report.passed; // => true
 * report.entries.map(({ leaf, order }) => `${leaf} ${order}`); // => ["x 1", "parameters 1", "x 2", "parameters 2"]
 * Math.round(report.entries[0].slope!); // => 2
 * ```
 */
export async function checkGradients(
  gpu: GpuContext | null,
  value: Node | ((weights: Weights) => Node),
  options: GradientCheckOptions = {},
): Promise<GradientReport> {
  const allowed = { difference: options.tolerance ?? 1e-6, gpu: options.gpuTolerance ?? 1e-4 };
  const { steps = STEPS, directions = 1, seed = 0 } = options;
  if (steps.length === 0 || !steps.every((h) => h > 0 && Number.isFinite(h)))
    throw new Error(`checkGradients: the steps are [${steps.join(', ')}], but must be positive numbers`);
  if (!Number.isInteger(directions) || directions < 1)
    throw new Error(`checkGradients: ${directions} directions, but there must be a whole number from 1`);
  const nested = nestedGradients(value, options);
  const { leaves, scalars, feeds } = nested;
  const exact = reference(nested.gradients.flat(), feeds);
  const onGpu = gpu && (await onDevice(gpu, nested.gradients.flat(), feeds));
  const random = new Random(seed + 1);
  const sizes = sizesOf(nested);
  const byLeaf = leaves.map((leaf, i) => {
    const us = Array.from({ length: directions }, () => leaf.free.map((f) => f * random.normal()));
    const differences = us.map((u) => steps.map((h) => centralDifferences(scalars, feeds, leaf, u, h)));
    return scalars.map((scalar, k): GradientEntry => {
      const place = (j: number) => k * leaves.length + j;
      const derivative = exact[place(i)];
      const smallest = Math.max(SMALLEST * sizes[k], Number.MIN_VALUE);
      const size = Math.max(Math.sqrt(dot(derivative, derivative)), smallest);
      /** Error of the difference at a step, in the worst of the directions. */
      const error = (of: Float64Array, step: number) =>
        us
          .map((u, d) => Math.abs(differences[d][step][k] - dot(of, u)) / size)
          .reduce((a, b) => (isLarger(b, a) ? b : a));
      const curve = steps.map((step, s) => ({
        step,
        error: error(derivative, s),
        gpuError: onGpu && error(onGpu[place(i)], s),
      }));
      const best = bestOf(curve);
      const furthest = onGpu && gpuNumber(leaf, derivative, onGpu[place(i)]);
      const scales = leaves.map((_, j) => (j === i ? 1 : 1e-3) * largest(exact[place(j)]));
      const gpuError = furthest && furthest.difference / Math.max(...scales, smallest);
      let wrong: WrongNumber | null = null;
      const fits = curve.map(({ error }) => error <= allowed.difference);
      // One step alone may fit by chance, where the error of the difference cancels the mistake.
      if (!fits.some((fit, s) => fit && (fits[s + 1] ?? steps.length === 1)))
        wrong = differentNumber(scalar, feeds, leaf, derivative, us[0], best.step);
      else if (furthest && !(gpuError! <= allowed.gpu)) wrong = furthest.number;
      const figures = { curve, best, slope: slopeOf(curve), gpu: gpuError, wrong };
      return { leaf: leaf.name, order: k + 1, ...figures, passed: wrong === null };
    });
  });
  return new GradientReport(
    scalars.flatMap((_, k) => byLeaf.map((entries) => entries[k])),
    allowed,
  );
}

/**
 * `checkGradients`, for tests: throws where a derivative is wrong.
 *
 * @throws Error if a derivative is wrong: it names the leaf, the order, the number and what was found instead, and shows
 * the report. Otherwise as `checkGradients`.
 * @example
 * ```ts
 * import { assertGradients, input, map, expression as e } from 'clebsch';
 * const wave = map(e.sin(e.argument(0)), input('x', 1, 3));
 * const report = await assertGradients(null, wave, { feeds: { x: [1, 2, 3] }, order: 3 });
 * report.entries.length; // => 3
 * ```
 */
export async function assertGradients(
  gpu: GpuContext | null,
  value: Node | ((weights: Weights) => Node),
  options: GradientCheckOptions = {},
): Promise<GradientReport> {
  const report = await checkGradients(gpu, value, options);
  if (!report.passed) throw new Error(`assertGradients: ${report.failure}\n${report.print()}`);
  return report;
}

/** Sum of the sizes of the terms that each scalar adds up. */
function sizesOf({ terms, feeds }: NestedGradients): number[] {
  return terms.map((pairs) => {
    const values = reference(pairs.flat(), feeds);
    let size = 0;
    pairs.forEach((_, i) => {
      values[2 * i].forEach((v, j) => {
        size += Math.abs(v * values[2 * i + 1][j]);
      });
    });
    return size;
  });
}

/** Values of one run on a GPU. */
async function onDevice(gpu: GpuContext, nodes: readonly Node[], feeds: Feeds): Promise<Float64Array[]> {
  const program = await load(gpu, Object.fromEntries(nodes.map((node, i) => [i, node])), feeds);
  try {
    const values = await program.runAndRead();
    return nodes.map((_, i) => Float64Array.from(values[i]));
  } finally {
    unload(program);
  }
}

const largest = (values: Float64Array) => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
