import * as e from '../graph/expression.ts';
import type { IndexNode } from '../graph/index-map.ts';
import type { Update } from '../graph/memory.ts';
import type { Node } from '../graph/node.ts';
import { Irreps, type IrrepsLike } from '../o3/irreps.ts';
import { gather, segmentSum } from '../ops/gather.ts';
import { add, filled, map, multiply, scale, subtract } from '../ops/map.ts';
import { segmentMaximum } from '../ops/segment-maximum.ts';
import { broadcast, sum } from '../ops/sum.ts';
import {
  constantOverCopies,
  EVEN_SCALAR,
  evenScalars,
  overComponents,
  placeEvenScalars,
  rowParameter,
  squaredNorms,
  timesCopies,
} from './copies.ts';
import type { Module, Weights } from './parameters.ts';
import { expectIrreps, expectSamples, type GeometricTensor, tensor } from './tensor.ts';

/** Options of `batchNorm`, by e3nn's names. */
export interface BatchNormOptions {
  /** Added to the variance before the root; default 1e-5. In the unit of the features, squared. */
  readonly eps?: number;
  /** Share of the new value in the running statistics; default 0.1. */
  readonly momentum?: number;
  /** Whether there are "weight", one a copy, ones at first, and "bias", one a 0e, zeros at first; default true. */
  readonly affine?: boolean;
  /** How the rows of one sample are reduced; default "mean". */
  readonly reduce?: 'mean' | 'max';
  /** Statistics of each sample by itself, in training and evaluation, and none that run; default false. */
  readonly instance?: boolean;
  /** Whether "bias" is among the parameters of an affine layer; default true. */
  readonly includeBias?: boolean;
  /** Squares of a copy's components are averaged ("component", the default) or added ("norm"). */
  readonly normalization?: 'component' | 'norm';
}

/** How a normalisation is traced. */
export interface BatchNormMode {
  /** Statistics of the batch, which also update the running ones; in evaluation the running ones are used. */
  readonly training: boolean;
  /**
   * The sample that each row belongs to (e3nn's `[batch, ..., dim]`: the rows of one batch entry; or the graph of each
   * node); by default every row is a sample. Rows that are `NOWHERE` do not count, and become zero.
   */
  readonly samples?: IndexNode;
}

/** What `BatchNorm.apply` gives: features, and the new running statistics. */
export interface Normalized extends GeometricTensor {
  /** For the program's `updates`; none in evaluation, nor with `instance`. */
  readonly updates: readonly Update[];
}

/** A layer made by `batchNorm`: features to features of the same irreps. */
export interface BatchNorm extends Module {
  readonly irreps: Irreps;
  /**
   * x: rows x irreps, in any memory layout; so is the result. Throws if x has other irreps, or not one row for each of
   * `samples`.
   */
  apply(weights: Weights, x: GeometricTensor, mode: BatchNormMode): Normalized;
}

/**
 * Batch normalisation of irreps (e3nn `nn.BatchNorm`; for scalars S. Ioffe, C. Szegedy, arXiv:1502.03167): with
 * w = "weight", b = "bias",
 *
 *     x_u -> w_u (x_u - mean_u) / sqrt(v_u + eps) + b_u
 *
 * for each copy u. Mean and bias are those of 0e; everything else is not moved, which would break equivariance. v is
 * the square of what is left, averaged (or added) over the components, reduced over the rows of each sample, and
 * averaged over the samples; there is no Bessel correction. In training the buffers "running_mean" (one a 0e, zeros
 * at first) and "running_var" (one a copy, ones at first) become (1 - momentum) old + momentum new, by `updates`, which
 * belong into the program's; in evaluation they are the mean and v.
 *
 * @throws Error if eps is not positive, momentum is not from 0 to 1, or the irreps cannot be read.
 * @example
 * ```ts
 * import { batchNorm, filled, Parameters, reference, tensorInput } from 'clebsch';
 * const layer = batchNorm('0e', { eps: 1e-12, momentum: 0.5 });
 * const parameters = new Parameters(layer);
 * const weights = parameters.weights(filled(1, parameters.length, 1));
 * const y = layer.apply(weights, tensorInput('x', 2, '0e'), { training: true });
 * const [running, value] = reference([y.updates[0].next, y.node], { x: [3, 7] }); // mean 5, variance 4
 * running; // => [2.5]
 * value.map((v) => Math.round(v * 1e6) / 1e6); // => [0, 2]
 * ```
 */
export function batchNorm(irrepsIn: IrrepsLike, options: BatchNormOptions = {}): BatchNorm {
  const irreps = Irreps.parse(irrepsIn);
  const { eps = 1e-5, momentum = 0.1, affine = true, reduce = 'mean', instance = false } = options;
  const { includeBias = true, normalization = 'component' } = options;
  if (!(eps > 0)) throw new Error(`batchNorm: eps is ${eps}, but must be positive`);
  if (!(momentum >= 0 && momentum <= 1))
    throw new Error(`batchNorm: momentum is ${momentum}, but must be from 0 to 1`);
  const copies = irreps.numIrreps;
  const scalars = irreps.count(EVEN_SCALAR);
  const hasBias = affine && includeBias;
  const rootInverse = e.power(e.sqrt(e.add(e.argument(0), e.number(eps))), -1);
  const components = constantOverCopies(irreps, (ir) => (normalization === 'component' ? 1 / ir.dim : 1));

  return {
    irreps,
    parameters: [
      ...(affine ? [rowParameter('weight', copies, 'ones')] : []),
      ...(hasBias ? [rowParameter('bias', scalars, 'zeros')] : []),
      ...(instance
        ? []
        : [
            { ...rowParameter('running_mean', scalars, 'zeros'), buffer: true as const },
            { ...rowParameter('running_var', copies, 'ones'), buffer: true as const },
          ]),
    ],
    apply(weights, x, { training, samples }) {
      expectIrreps('batchNorm', x, irreps);
      if (samples) expectSamples('batchNorm', x, samples);
      const { layout, node } = x;
      if (copies === 0) return { ...x, updates: [] };
      const { rows, cols } = node;
      const { perSample, overRows, overSamples, ofSample } = averages(rows, samples);
      const updates: Update[] = [];
      /** The batch's value in training, which also moves the running one; the running one in evaluation. */
      const running = (name: string, ofBatch: () => Node): Node => {
        const state = weights.get(name);
        if (!training) return state;
        const value = ofBatch();
        updates.push({ state, next: add(scale(state, 1 - momentum), scale(value, momentum)) });
        return value;
      };

      let centred = node;
      if (scalars > 0) {
        const own = evenScalars(x);
        const mean = instance
          ? ofSample(perSample(own, 'mean'))
          : broadcast(
              running('running_mean', () => overRows(own)),
              rows,
              scalars,
            );
        centred = subtract(node, placeEvenScalars(mean, layout));
      }
      const variance = () => {
        const squares = squaredNorms(tensor(centred, layout));
        return perSample(multiply(squares, broadcast(components, rows, copies)), reduce);
      };
      const v = instance ? variance() : running('running_var', () => overSamples(variance()));
      let factors = map(rootInverse, v);
      if (affine) factors = multiply(factors, broadcast(weights.get('weight'), v.rows, copies));
      let out = instance
        ? timesCopies(tensor(centred, layout), ofSample(factors)).node
        : multiply(centred, broadcast(overComponents(factors, layout), rows, cols));
      if (hasBias && scalars > 0)
        out = add(out, broadcast(placeEvenScalars(weights.get('bias'), layout), rows, cols));
      if (samples) {
        const inUse = gather(filled(samples.attrs.segments, 1, 1), samples);
        out = multiply(out, broadcast(inUse, rows, cols));
      }
      return { node: out, layout, updates };
    },
  };
}

interface Averages {
  /** rows x n to samples x n. */
  perSample(x: Node, reduce: 'mean' | 'max'): Node;
  /** The mean over all rows: rows x n to 1 x n. */
  overRows(x: Node): Node;
  /** The mean over the samples: samples x n to 1 x n. */
  overSamples(x: Node): Node;
  /** For each row the value of its sample: samples x n to rows x n. */
  ofSample(x: Node): Node;
}

function averages(rows: number, samples: IndexNode | undefined): Averages {
  const each = (x: Node) => x;
  if (!samples) {
    const mean = (x: Node) => scale(sum(x, 'rows'), 1 / Math.max(1, rows));
    return { perSample: each, overRows: mean, overSamples: mean, ofSample: each };
  }
  const a = e.argument(0);
  const counts = segmentSum(filled(rows, 1, 1), samples);
  const inUse = map(e.step(a), counts);
  // Over nothing the mean is 0.
  const divided = (total: Node, count: Node) =>
    map(
      e.select(e.argument(1), e.div(a, e.argument(1)), e.number(0)),
      total,
      broadcast(count, total.rows, total.cols),
    );
  return {
    perSample: (x, reduce) =>
      reduce === 'max' ? segmentMaximum(x, samples) : divided(segmentSum(x, samples), counts),
    overRows: (x) => divided(sum(segmentSum(x, samples), 'rows'), sum(counts, 'rows')),
    overSamples: (x) => divided(sum(x, 'rows'), sum(inUse, 'rows')),
    ofSample: (x) => gather(x, samples),
  };
}
