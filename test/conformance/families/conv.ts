import { input } from '../../../src/graph/leaf.ts';
import { type Convolution, convolution } from '../../../src/nn/convolution.ts';
import { Parameters } from '../../../src/nn/parameters.ts';
import { Layout } from '../../../src/o3/layout.ts';
import type { Family, Json } from '../../support/fixture.ts';
import { features, Indices, plain } from '../arrays.ts';
import { type AutodiffGraph, compareAutodiff } from '../autodiff.ts';
import { type Case, each } from '../case.ts';
import { compareParameterNames } from '../point-model.ts';
import { compareInstructions } from './tensor-product.ts';

/** The layer of a case, and its record's inputs and outputs as nodes. */
export function traceConvolution(
  c: Json,
  tensor: Family['tensor'],
): { layer: Convolution; graph: AutodiffGraph } {
  const { structure } = c;
  const layer = convolution({
    irrepsNodeInput: structure.irreps_node_input,
    irrepsNodeAttr: structure.irreps_node_attr,
    irrepsEdgeAttr: structure.irreps_edge_attr,
    irrepsNodeOutput: structure.irreps_node_output,
    fcNeurons: c.fc_neurons,
    numNeighbors: structure.num_neighbors,
  });
  const rows = (name: string) => tensor(c.inputs[name]).shape[0];
  const slot = (name: string, layout: Layout) => features(input(name, rows(name), layout.cols), layout);
  const [layoutAttr, layoutEdge] = [
    Layout.of(structure.irreps_node_attr),
    Layout.of(structure.irreps_edge_attr),
  ];
  const inputs = {
    node_input: slot('node_input', layer.layoutIn),
    node_attr: slot('node_attr', layoutAttr),
    edge_attr: slot('edge_attr', layoutEdge),
    edge_scalars: plain(input('edge_scalars', rows('edge_scalars'), c.fc_neurons[0])),
  };
  const indices = new Indices();
  const edges = {
    src: indices.map('edge_src', tensor(c.edge_src).data, rows('node_input')),
    dst: indices.map('edge_dst', tensor(c.edge_dst).data, rows('node_input')),
  };
  const parameters = new Parameters(layer);
  const row = input('parameters', 1, parameters.length);
  const out = layer.apply(
    parameters.weights(row),
    { node: inputs.node_input.node, layout: layer.layoutIn },
    { node: inputs.node_attr.node, layout: layoutAttr },
    edges,
    { node: inputs.edge_attr.node, layout: layoutEdge },
    inputs.edge_scalars.node,
  );
  const outputs = { out: features(out.node, out.layout) };
  return { layer, graph: { inputs, outputs, parameters: { node: row, parameters }, feeds: indices.feeds } };
}

export function cases({ json, tensor }: Family): Case[] {
  return each<Json>(
    json.cases,
    ({ name }) => name,
    (c, measure, gpu) => {
      const { layer, graph } = traceConvolution(c, tensor);
      compareParameterNames(layer, c.parameter_names, measure);
      measure.equal('irreps_mid', layer.tp.spec.irrepsOut.toString(), c.structure.tp.irreps_out);
      compareInstructions(layer.tp.spec, c.structure.tp.instructions, measure);
      return compareAutodiff(c, graph, measure, gpu, tensor);
    },
  );
}
