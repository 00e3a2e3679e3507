import { input } from '../../../src/graph/leaf.ts';
import { networkForAGraphWithAttributes } from '../../../src/models/gate-points-networks.ts';
import { Parameters } from '../../../src/nn/parameters.ts';
import type { Layout } from '../../../src/o3/layout.ts';
import type { Family, Json } from '../../support/fixture.ts';
import { features, Indices, plain } from '../arrays.ts';
import { compareAutodiff } from '../autodiff.ts';
import { type Case, each } from '../case.ts';
import { compareParameterNames } from '../point-model.ts';

export function cases({ json, tensor }: Family): Case[] {
  return each<Json>(
    json.cases,
    ({ name }) => name,
    (c, measure, gpu) => {
      const { args } = c;
      const model = networkForAGraphWithAttributes({
        irrepsNodeInput: args.irreps_node_input,
        irrepsNodeAttr: args.irreps_node_attr,
        irrepsEdgeAttr: args.irreps_edge_attr,
        irrepsNodeOutput: args.irreps_node_output,
        maxRadius: args.max_radius,
        numNeighbors: args.num_neighbors,
        numNodes: args.num_nodes,
        mul: args.mul,
        layers: args.layers,
        lmax: args.lmax,
        poolNodes: args.pool_nodes,
        numberOfBasis: args.number_of_basis,
        fcHidden: args.fc_hidden,
      });
      compareParameterNames(model, c.state_dict_shapes, measure);
      measure.equal(
        'irreps_node_sequence',
        model.irrepsNodeSequence.map(String),
        c.structure.irreps_node_sequence,
      );
      const indices = new Indices();
      const nodes = tensor(c.inputs.pos).shape[0];
      const [src, dst] = [tensor(c.edge_src).data, tensor(c.edge_dst).data];
      const edges = { src: indices.map('edge_src', src, nodes), dst: indices.map('edge_dst', dst, nodes) };
      // Without a batch all points are one graph.
      const batch = c.batch ? tensor(c.batch).data : new Float64Array(nodes);
      const graphs = indices.map('batch', batch, Math.max(0, ...batch) + 1);
      const slot = (name: string, layout: Layout) =>
        features(input(name, tensor(c.inputs[name]).shape[0], layout.cols), layout);
      const inputs = {
        pos: plain(input('pos', nodes, 3)),
        node_input: slot('node_input', model.layoutIn),
        node_attr: slot('node_attr', model.layoutNodeAttr),
        edge_attr: slot('edge_attr', model.layoutEdgeAttr),
      };
      const parameters = new Parameters(model);
      const row = input('parameters', 1, parameters.length);
      const out = model.apply(
        parameters.weights(row),
        { pos: inputs.pos.node, edges, graphs },
        { node: inputs.node_input.node, layout: model.layoutIn },
        { node: inputs.node_attr.node, layout: model.layoutNodeAttr },
        { node: inputs.edge_attr.node, layout: model.layoutEdgeAttr },
      );
      const outputs = { out: features(out.node, out.layout) };
      const graph = { inputs, outputs, parameters: { node: row, parameters }, feeds: indices.feeds };
      return compareAutodiff(c, graph, measure, gpu, tensor);
    },
  );
}
