// nonlinearity.json: activations, gates, norms, normalisations, dropout, and cuts of features.
import type { GpuContext } from '../../../src/gpu/device.ts';
import { input } from '../../../src/graph/leaf.ts';
import type { Node } from '../../../src/graph/node.ts';
import {
  type ActivationName,
  activation,
  normalize2mom,
  secondMomentConstant,
} from '../../../src/nn/activation.ts';
import { batchNorm } from '../../../src/nn/batch-norm.ts';
import { extract, extractIr } from '../../../src/nn/extract.ts';
import { fullyConnectedNet } from '../../../src/nn/fully-connected-net.ts';
import { gate } from '../../../src/nn/gate.ts';
import { norm } from '../../../src/nn/norm.ts';
import { type NormActivationOptions, normActivation } from '../../../src/nn/norm-activation.ts';
import { type Module, Parameters, type Weights } from '../../../src/nn/parameters.ts';
import { type GeometricTensor, tensor as geometricTensor } from '../../../src/nn/tensor.ts';
import { Irreps } from '../../../src/o3/irreps.ts';
import { Layout } from '../../../src/o3/layout.ts';
import { map } from '../../../src/ops/map.ts';
import type { Family, Json } from '../../support/fixture.ts';
import { features, Indices, plain, product } from '../arrays.ts';
import { type AutodiffGraph, compareAutodiff } from '../autodiff.ts';
import { type Case, each } from '../case.ts';
import { compareDropout, compareDropoutEdges } from '../dropout.ts';
import type { Measure } from '../measure.ts';
import { evaluate } from '../on-gpu.ts';

/** How a case of each module becomes a graph; compares on the way what is no number. */
type Build = (c: Json, measure: Measure, tensor: Family['tensor']) => AutodiffGraph;

const acts = (list: readonly (string | null)[]) => list as (ActivationName | null)[];

/** The leaf of x, and the graph of a layer without weights. */
function onFeatures(
  c: Json,
  tensor: Family['tensor'],
  layoutIn: Layout,
  apply: (x: GeometricTensor) => GeometricTensor,
): AutodiffGraph {
  const x = input('x', product(tensor(c.inputs.x).shape.slice(0, -1)), layoutIn.cols);
  const out = apply(geometricTensor(x, layoutIn));
  return {
    inputs: { x: features(x, layoutIn) },
    outputs: { out: features(out.node, out.layout) },
    parameters: null,
  };
}

/** The same for a layer with weights. */
function weighted(module: Module): { weights: Weights; parameters: AutodiffGraph['parameters'] } {
  const parameters = new Parameters(module);
  const node = input('parameters', 1, parameters.length);
  return {
    weights: parameters.weights(node),
    parameters: parameters.list.length > 0 ? { node, parameters } : null,
  };
}

const constantsOf = (list: readonly (string | null)[]) =>
  list.map((act) => (act === null ? null : secondMomentConstant(act as ActivationName)));

const builders: Readonly<Record<string, Build>> = {
  Activation(c, measure, tensor) {
    const layer = activation(c.irreps_in, acts(c.acts));
    measure.equal('irreps_out', layer.irrepsOut.toString(), c.irreps_out);
    measure.equal('constants', constantsOf(c.acts), c.constants);
    return onFeatures(c, tensor, Layout.of(layer.irrepsIn), layer.apply);
  },
  Gate(c, measure, tensor) {
    const layer = gate(
      c.irreps_scalars,
      acts(c.act_scalars),
      c.irreps_gates,
      acts(c.act_gates),
      c.irreps_gated,
    );
    measure.equal('irreps_in', layer.irrepsIn.toString(), c.irreps_in);
    measure.equal('irreps_out', layer.irrepsOut.toString(), c.irreps_out);
    measure.equal('constants_scalars', constantsOf(c.act_scalars), c.constants_scalars);
    measure.equal('constants_gates', constantsOf(c.act_gates), c.constants_gates);
    return onFeatures(c, tensor, layer.layoutIn, layer.apply);
  },
  Norm(c, measure, tensor) {
    const layer = norm(c.irreps_in, { squared: c.squared });
    measure.equal('irreps_out', layer.irrepsOut.toString(), c.irreps_out);
    return onFeatures(c, tensor, Layout.forFeatures(layer.irrepsIn), layer.apply);
  },
  NormActivation(c, _, tensor) {
    const { normalize, bias, epsilon } = c;
    const layer = normActivation(c.irreps_in, c.act, { normalize, bias, epsilon: epsilon ?? undefined });
    const { weights, parameters } = weighted(layer);
    const layout = Layout.forFeatures(layer.irreps);
    return { ...onFeatures(c, tensor, layout, (x) => layer.apply(weights, x)), parameters };
  },
  FullyConnectedNet(c, measure, tensor) {
    const net = fullyConnectedNet(c.hs, c.act, {
      varianceIn: c.variance_in,
      varianceOut: c.variance_out,
      outAct: c.out_act,
    });
    if (c.act !== null) measure.equal('act_constant', secondMomentConstant(c.act), c.act_constant);
    const { weights, parameters } = weighted(net);
    const x = input('x', product(tensor(c.inputs.x).shape.slice(0, -1)), c.hs[0]);
    return { inputs: { x: plain(x) }, outputs: { out: plain(net.apply(weights, x)) }, parameters };
  },
  BatchNorm: (c, measure, tensor) => traceBatchNorm(c, measure, tensor).graph,
};

/** The features' leading dimensions are [batch, middle...]: a row is a point of a sample. */
function traceBatchNorm(c: Json, measure: Measure, tensor: Family['tensor']) {
  const { args } = c;
  const layer = batchNorm(c.irreps, {
    eps: args.eps,
    momentum: args.momentum,
    affine: args.affine,
    reduce: args.reduce,
    instance: args.instance,
    includeBias: args.include_bias,
    normalization: args.normalization,
  });
  const buffers = new Parameters(layer).buffers;
  const listed = (names: object | null) => Object.keys(names ?? {}).sort();
  measure.equal('buffers', buffers.map(({ name }) => name).sort(), listed(c.buffers_before));
  const { weights, parameters } = weighted(layer);
  const [batch, ...middle] = tensor(c.inputs.x).shape.slice(0, -1);
  const indices = new Indices();
  const size = product(middle);
  const rows = Array.from({ length: batch * size }, (_, row) => Math.floor(row / size));
  const samples = middle.length > 0 ? indices.map('samples', rows, batch) : undefined;
  let updates: Readonly<Record<string, Node>> = {};
  const graph = onFeatures(c, tensor, Layout.forFeatures(layer.irreps), (x) => {
    const out = layer.apply(weights, x, { training: c.mode === 'train', samples });
    updates = Object.fromEntries(out.updates.map(({ state, next }) => [state.attrs.name, next]));
    return out;
  });
  const before = Object.entries<Json>(c.buffers_before ?? {});
  const states = Object.fromEntries(before.map(([name, array]) => [name, tensor(array).data]));
  return { graph: { ...graph, parameters, feeds: { ...indices.feeds, ...states } }, updates, states };
}

export function cases({ json, tensor }: Family): Case[] {
  const compare = async (c: Json, measure: Measure, gpu: GpuContext | null) => {
    await compareAutodiff(c, builders[c.module](c, measure, tensor), measure, gpu, tensor);
    if (c.buffers_after) await compareBuffers(c, measure, gpu);
  };

  /** The running statistics after one call. */
  const compareBuffers = async (c: Json, measure: Measure, gpu: GpuContext | null) => {
    const { graph, updates, states } = traceBatchNorm(c, measure, tensor);
    const { x } = graph.inputs;
    const feeds = { ...graph.feeds, x: x.pack(tensor(c.inputs.x).data) };
    const { exact, single } = await evaluate(updates, feeds, gpu);
    for (const [name, expected] of Object.entries<Json>(c.buffers_after)) {
      // What has no update stays as it is.
      measure.compare('reference', name, exact[name] ?? states[name], expected);
      if (single) measure.compare('forward', name, single[name] ?? states[name], expected);
    }
  };

  const compareExtract = (c: Json, measure: Measure, gpu: GpuContext | null) => {
    const layer = c.ir ? extractIr(c.irreps_in, c.ir) : extract(c.irreps_in, c.irreps_outs, c.instructions);
    const layout = Layout.forFeatures(c.irreps_in);
    const x = input('x', product(tensor(c.inputs.x).shape.slice(0, -1)), layout.cols);
    const result = layer.apply(geometricTensor(x, layout));
    const outs = Array.isArray(result) ? result : [result];
    const names = c.ir ? ['out'] : outs.map((_, i) => `${i}`);
    const irreps = outs.map((out) => out.layout.irreps.toString());
    const expected: string[] = c.ir ? [c.irreps_out] : c.irreps_outs;
    measure.equal(
      'irreps_out',
      irreps,
      expected.map((text) => Irreps.parse(text).toString()),
    );
    const graph = {
      inputs: { x: features(x, layout) },
      outputs: Object.fromEntries(outs.map((out, i) => [names[i], features(out.node, out.layout)])),
      parameters: null,
    };
    return compareAutodiff(c, graph, measure, gpu, tensor);
  };

  return [
    ...each<Json>(
      json.activation_constants,
      ({ act }) => `constant ${act}`,
      ({ act, sampled }, measure) =>
        measure.compare('reference', 'sampled', secondMomentConstant(act), sampled),
    ),
    ...each<Json>(
      json.normalized_activations,
      ({ name }) => `normalized ${name}`,
      (c, measure, gpu) => {
        const x = input('x', product(tensor(c.inputs.x).shape), 1);
        const out = map(normalize2mom(c.act), x);
        const graph = { inputs: { x: plain(x) }, outputs: { out: plain(out) }, parameters: null };
        return compareAutodiff(c, graph, measure, gpu, tensor);
      },
    ),
    ...each<Json>(
      json.activation_invalid,
      (c) => `invalid ${c.irreps_in} ${c.acts}`,
      (c, measure) => measure.raises('activation', () => activation(c.irreps_in, c.acts)),
    ),
    ...each<Json>(json.cases?.filter(isCovered), ({ name }) => name, compare),
    ...each<Json>(
      json.norm_activation_errors,
      ({ what }) => `error ${what}`,
      ({ what }, measure) => {
        const options = normActivationErrors[what];
        if (options === undefined) throw new Error(`no way to reproduce the error of "${what}" is known`);
        // e3nn means to allow this one, and raises by mistake: the file has the values of the formula.
        if (options === null)
          measure.equal(what, normActivation('1o', 'tanh', { normalize: false }).parameters, []);
        else measure.raises(what, () => normActivation('1o', 'tanh', options));
      },
    ),
    ...each<Json>(json.dropout?.statistics, (c) => `dropout ${c.irreps} p ${c.p}`, compareDropout),
    ...each<Json>(json.dropout?.edge ? [json.dropout.edge] : [], () => 'dropout edge', compareDropoutEdges),
    ...each<Json>(json.extract, ({ name }) => name, compareExtract),
  ];
}

const normActivationErrors: Readonly<Record<string, NormActivationOptions | null>> = {
  'normalize=False': null,
  'epsilon with normalize=False': { normalize: false, epsilon: 1e-8 },
  'epsilon=0': { epsilon: 0 },
};

const isCovered = ({ module }: Json) => module in builders;

/** Modules of the file that this version has not: how many cases of each. */
export function notCovered({ json }: Family): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const c of json.cases ?? []) if (!isCovered(c)) counts[c.module] = (counts[c.module] ?? 0) + 1;
  return counts;
}
