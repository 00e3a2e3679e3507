// Whole networks on point clouds: forward, loss with its gradients, training by Adam.
import type { GpuContext } from '../../src/gpu/device.ts';
import { input } from '../../src/graph/leaf.ts';
import type { Node } from '../../src/graph/node.ts';
import type { PointGraph } from '../../src/models/point-graph.ts';
import { squaredError } from '../../src/nn/loss.ts';
import { type Module, Parameters, type Weights } from '../../src/nn/parameters.ts';
import type { GeometricTensor } from '../../src/nn/tensor.ts';
import type { Layout } from '../../src/o3/layout.ts';
import { gradient } from '../../src/ops/index.ts';
import type { Family, Json, Tensor } from '../support/fixture.ts';
import { type AdamRecord, compareAdam } from './adam.ts';
import { features, Indices, plain, type Slot } from './arrays.ts';
import { packParameters } from './autodiff.ts';
import type { Kind, Measure } from './measure.ts';
import { evaluate } from './on-gpu.ts';

/** What the runner needs of a model. `x` is null for a model without node features. */
export interface PointModel extends Module {
  readonly layoutIn: Layout | null;
  readonly layoutOut: Layout;
  apply(weights: Weights, graph: PointGraph, x: GeometricTensor | null): GeometricTensor;
}

/** Points with their edges, as the files have them: tensor objects. */
export interface Sample {
  readonly pos: Json;
  readonly batch: Json;
  readonly edge_src: Json;
  readonly edge_dst: Json;
  readonly x?: Json;
  readonly labels?: Json;
  readonly out: Json;
}

/** What a training record adds; which of the gradients there are differs between the files. */
export interface TrainSample extends Sample {
  readonly loss: number;
  readonly grads?: Readonly<Record<string, Json>>;
  readonly grad_pos?: Json;
  readonly grad_x?: Json;
  readonly grad_summary?: Readonly<Record<string, Json>>;
}

interface Traced {
  readonly pos: Node;
  readonly x: Slot | null;
  readonly out: Slot;
  readonly feeds: Record<string, ArrayLike<number>>;
}

/** Cases of one model with given parameters (e3nn's arrays by name). */
export class PointModelCases {
  private readonly model: PointModel;
  private readonly parameters: Parameters;
  private readonly packed: Float64Array;
  private readonly tensor: Family['tensor'];

  constructor(model: PointModel, arrays: Readonly<Record<string, Tensor>>, tensor: Family['tensor']) {
    this.model = model;
    this.parameters = new Parameters(model);
    this.packed = packParameters(this.parameters, arrays);
    this.tensor = tensor;
  }

  /** The outputs only. */
  async forward(sample: Sample, measure: Measure, gpu: GpuContext | null): Promise<void> {
    const row = input('parameters', 1, this.parameters.length);
    const { out, feeds } = this.trace(this.parameters.weights(row), sample);
    const { exact, single } = await evaluate({ out: out.node }, { ...feeds, parameters: this.packed }, gpu);
    measure.compare('reference', 'out', out.unpack(exact.out), sample.out);
    if (single) measure.compare('forward', 'out', out.unpack(single.out), sample.out);
  }

  /** Outputs, the loss (the sum of squared errors) and its gradients. */
  async train(sample: TrainSample, measure: Measure, gpu: GpuContext | null): Promise<void> {
    const row = input('parameters', 1, this.parameters.length);
    const { pos, x, out, feeds } = this.trace(this.parameters.weights(row), sample);
    const loss = squaredError(out.node, this.target(sample, out, feeds));
    const [byParameters, byPos, byX] = gradient(loss, x ? [row, pos, x.node] : [row, pos]);
    const outputs = { out: out.node, loss, byParameters, byPos, ...(x ? { byX } : {}) };
    const { exact, single } = await evaluate(outputs, { ...feeds, parameters: this.packed }, gpu);
    for (const values of [exact, single]) {
      if (!values) continue;
      const kind = (order: Kind): Kind => (values === exact ? 'reference' : order);
      measure.compare(kind('forward'), 'out', out.unpack(values.out), sample.out);
      measure.compare(kind('forward'), 'loss', values.loss, sample.loss);
      if (sample.grad_pos) measure.compare(kind('first'), 'grad_pos', values.byPos, sample.grad_pos);
      if (sample.grad_x && x) measure.compare(kind('first'), 'grad_x', x.unpack(values.byX), sample.grad_x);
      const arrays = this.parameters.unpack(values.byParameters);
      for (const [name, expected] of Object.entries(sample.grads ?? {}))
        measure.compare(kind('first'), `grads.${name}`, arrays[name].data, expected);
      for (const [name, expected] of Object.entries(sample.grad_summary ?? {}))
        compareSummary(
          measure,
          kind('first'),
          `grad_summary.${name}`,
          arrays[name].data,
          expected,
          this.tensor,
        );
    }
  }

  /** Training from the case's parameters on, by this loss. */
  async adam(
    record: AdamRecord,
    sample: TrainSample,
    measure: Measure,
    gpu: GpuContext | null,
  ): Promise<void> {
    const feeds: Record<string, ArrayLike<number>> = {};
    const loss = (weights: Weights) => {
      const traced = this.trace(weights, sample);
      Object.assign(feeds, traced.feeds);
      return squaredError(traced.out.node, this.target(sample, traced.out, feeds));
    };
    await compareAdam(
      record,
      { parameters: this.parameters, initial: this.packed, loss, feeds },
      measure,
      gpu,
    );
  }

  private trace(weights: Weights, sample: Sample): Traced {
    const { tensor, model } = this;
    const nodes = tensor(sample.pos).shape[0];
    const batch = tensor(sample.batch).data;
    const indices = new Indices();
    const pos = input('pos', nodes, 3);
    const edges = {
      src: indices.map('edge_src', tensor(sample.edge_src).data, nodes),
      dst: indices.map('edge_dst', tensor(sample.edge_dst).data, nodes),
    };
    const graphs = indices.map(
      'batch',
      batch,
      batch.reduce((most, graph) => Math.max(most, graph + 1), 0),
    );
    const feeds: Record<string, ArrayLike<number>> = {
      ...indices.feeds,
      pos: plain(pos).pack(tensor(sample.pos).data),
    };
    let x: Slot | null = null;
    if (model.layoutIn) {
      x = features(input('x', nodes, model.layoutIn.cols), model.layoutIn);
      feeds.x = x.pack(tensor(sample.x).data);
    }
    const given = x && model.layoutIn ? { node: x.node, layout: model.layoutIn } : null;
    const out = model.apply(weights, { pos, edges, graphs }, given);
    return { pos, x, out: features(out.node, out.layout), feeds };
  }

  private target(sample: Sample, out: Slot, feeds: Record<string, ArrayLike<number>>): Node {
    feeds.labels = out.pack(this.tensor(sample.labels).data);
    return input('labels', out.node.rows, out.node.cols);
  }
}

/** Checks that the model has e3nn's parameters: names, shapes, count. Those without numbers do not count. */
export function compareParameterNames(
  model: Module,
  shapes: Readonly<Record<string, number[]>>,
  measure: Measure,
): void {
  const list = (entries: (readonly [string, readonly number[]])[]) =>
    entries
      .filter(([name, shape]) => !name.endsWith('output_mask') && !shape.includes(0))
      .map(([name, shape]) => `${name} [${shape}]`)
      .sort();
  const own = list(model.parameters.map(({ name, shape }) => [name, shape]));
  measure.equal('parameter names and shapes', own, list(Object.entries(shapes)));
}

/** Where a gradient is too large for the file, it has its norm, sum, largest and first entries. */
function compareSummary(
  measure: Measure,
  kind: Kind,
  name: string,
  values: Float64Array,
  expected: Json,
  tensor: Family['tensor'],
): void {
  const norm = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
  const largest = values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const sum = values.reduce((total, v) => total + v, 0);
  measure.compare(kind, `${name}.norm`, norm, expected.norm);
  measure.compare(kind, `${name}.max_abs`, largest, expected.max_abs);
  // A sum may cancel: its error is that of its terms.
  measure.compare(kind, `${name}.sum`, sum, expected.sum, {
    scale: expected.norm * Math.sqrt(values.length) || 1,
  });
  const first = tensor(expected.first4).data;
  measure.compare(kind, `${name}.first4`, values.subarray(0, first.length), first, {
    scale: expected.max_abs || 1,
  });
}
