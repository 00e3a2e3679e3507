// network.json and network_full.json: e3nn's SimpleNetwork on the Tetris shapes.
import { radiusGraph } from '../../../src/data/radius-graph.ts';
import { type SimpleNetwork, simpleNetwork } from '../../../src/models/gate-points-networks.ts';
import {
  type Family,
  type Json,
  parseSafetensors,
  type ReadFile,
  type Tensor,
} from '../../support/fixture.ts';
import { tensorsOf } from '../autodiff.ts';
import { type Case, each } from '../case.ts';
import type { Measure } from '../measure.ts';
import { compareParameterNames, type PointModel, PointModelCases, type Sample } from '../point-model.ts';

export async function cases({ json, tensor }: Family, readFile: ReadFile): Promise<Case[]> {
  const list: Case[] = [];
  for (const c of json.cases) {
    if (c.model !== 'SimpleNetwork') throw new Error(`${c.name}: there is no model "${c.model}"`);
    const network = networkOf(c.args);
    const model = await networkCases(c, { json, tensor }, readFile);
    const one = (name: string, run: Case['run']): Case => ({ name: `${c.name} ${name}`, run });
    list.push(one('structure', (measure) => compareStructure(network, c, measure)));
    if (c.all_shapes) {
      list.push(one('all_shapes', (...to) => model.forward(c.all_shapes, ...to)));
      list.push(one('edges', (measure) => compareEdges(c.all_shapes, c.args.max_radius, measure, tensor)));
    }
    if (c.train) list.push(one('train', (...to) => model.train(c.train, ...to)));
    if (c.adam) list.push(one('adam', (...to) => model.adam(c.adam, c.train, ...to)));
    list.push(
      ...each<Json>(
        c.rotated,
        (_, i) => `${c.name} rotated ${i}`,
        ({ pos, out }, ...to) => model.forward({ ...c.all_shapes, pos, out }, ...to),
      ),
    );
  }
  return list;
}

/** The network of a case with its parameters. */
export async function networkCases(
  c: Json,
  { json, tensor }: Family,
  readFile: ReadFile,
): Promise<PointModelCases> {
  /** e3nn's arrays: all in a file beside, or the case's own, on top of those of another case. */
  const parametersOf = async (one: Json): Promise<Record<string, Tensor>> => {
    if (one.parameters_file) {
      const stored = parseSafetensors(await readFile(one.parameters_file), one.parameters_file);
      const own = [...stored].filter(([key]) => key.startsWith(one.parameters_prefix));
      return Object.fromEntries(own.map(([key, array]) => [key.slice(one.parameters_prefix.length), array]));
    }
    // "tetris_small except the entries listed in parameters"
    const base = one.parameters_same_as?.split(' ')[0];
    const other = base && json.cases.find(({ name }: Json) => name === base);
    return { ...(other ? await parametersOf(other) : {}), ...tensorsOf(one.parameters, tensor) };
  };
  return new PointModelCases(asPointModel(networkOf(c.args)), await parametersOf(c), tensor);
}

function networkOf(args: Json): SimpleNetwork {
  return simpleNetwork({
    irrepsIn: args.irreps_in,
    irrepsOut: args.irreps_out,
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
}

function asPointModel({ apply, ...network }: SimpleNetwork): PointModel {
  return { ...network, apply: (weights, graph, x) => apply(weights, graph, x!) };
}

function compareStructure(network: SimpleNetwork, c: Json, measure: Measure): void {
  compareParameterNames(network, c.state_dict_shapes, measure);
  const count = network.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  measure.equal('parameter_count', count, c.parameter_count);
  const sequence = c.structure?.irreps_node_sequence;
  if (sequence) measure.equal('irreps_node_sequence', network.irrepsNodeSequence.map(String), sequence);
}

/** The graph of the points, by the engine's own search. */
function compareEdges(sample: Sample, radius: number, measure: Measure, tensor: Family['tensor']): void {
  const { src, dst } = radiusGraph(tensor(sample.pos).data, radius, { batch: tensor(sample.batch).data });
  measure.equal('edge_src', [...src], [...tensor(sample.edge_src).data]);
  measure.equal('edge_dst', [...dst], [...tensor(sample.edge_dst).data]);
}
