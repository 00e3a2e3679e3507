// tetris_gate.json and tetris_polynomial.json: small versions of e3nn's two other Tetris examples.
import { radiusGraph } from '../../../src/data/radius-graph.ts';
import { tetrisGate } from '../../../src/models/tetris-gate.ts';
import { tetrisPolynomial } from '../../../src/models/tetris-polynomial.ts';
import type { ActivationName } from '../../../src/nn/activation.ts';
import { Irreps } from '../../../src/o3/index.ts';
import type { Family, Json } from '../../support/fixture.ts';
import { tensorsOf } from '../autodiff.ts';
import type { Case } from '../case.ts';
import type { Measure } from '../measure.ts';
import { compareParameterNames, type PointModel, PointModelCases } from '../point-model.ts';

/** One activation for each block of scalars, by its parity. */
const acts = (irreps: string, even: ActivationName, odd: ActivationName): ActivationName[] =>
  Irreps.parse(irreps).blocks.map(({ ir }) => (ir.p === 1 ? even : odd));

const models: Readonly<Record<string, (config: Json) => Omit<PointModel, 'layoutIn'>>> = {
  tetris_gate: (config) =>
    tetrisGate({
      irrepsScalars: config.irreps_scalars,
      actScalars: acts(config.irreps_scalars, 'relu', 'abs'),
      irrepsGates: config.irreps_gates,
      actGates: acts(config.irreps_gates, 'relu', 'tanh'),
      irrepsGated: config.irreps_gated,
      irrepsOut: config.irreps_out,
      lmax: config.lmax,
      start: config.start,
      end: config.end,
      numberOfBasis: config.n_basis,
      fcHidden: config.fc_hidden,
      numNeighbors: config.num_neighbors,
      numNodes: config.num_nodes,
    }),
  tetris_polynomial: (config) =>
    tetrisPolynomial({
      irrepsMid: config.irreps_mid,
      irrepsOut: config.irreps_out,
      lmax: config.lmax,
      numNeighbors: config.num_neighbors,
      numNodes: config.num_nodes,
    }),
};

const modelOf = (json: Json): PointModel => ({
  layoutIn: null,
  ...models[json.family](json.model.config),
});

/** The model of a file with its parameters. */
export function tetrisCases({ json, tensor }: Family): PointModelCases {
  return new PointModelCases(modelOf(json), tensorsOf(json.parameters, tensor), tensor);
}

export function cases({ json, tensor }: Family): Case[] {
  const model = modelOf(json);
  const runner = tetrisCases({ json, tensor });
  const structure = (measure: Measure) => compareParameterNames(model, json.model.parameter_names, measure);
  return [
    { name: 'structure', run: structure },
    ...json.cases.flatMap((c: Json): Case[] => [
      {
        name: `${c.name} edges`,
        run(measure) {
          const options = { batch: tensor(c.batch).data, inclusive: true };
          const { src, dst } = radiusGraph(tensor(c.pos).data, c.radius, options);
          measure.equal('edge_src', [...src], [...tensor(c.edge_src).data]);
          measure.equal('edge_dst', [...dst], [...tensor(c.edge_dst).data]);
        },
      },
      { name: `${c.name} train`, run: (...to) => runner.train(c, ...to) },
      ...(c.adam
        ? [{ name: `${c.name} adam`, run: (...to) => runner.adam(c.adam, c, ...to) } satisfies Case]
        : []),
    ]),
  ];
}
