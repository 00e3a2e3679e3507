// forces.json: a model of potential energies, its forces and stress, and training on them.
import { radiusGraph } from '../../../src/data/radius-graph.ts';
import type { GpuContext } from '../../../src/gpu/device.ts';
import { input } from '../../../src/graph/leaf.ts';
import type { Node } from '../../../src/graph/node.ts';
import {
  type AtomicGraphSize,
  type AtomicSystem,
  atomicGraph,
  atomicGraphFeeds,
} from '../../../src/models/atomic-graph.ts';
import { type EnergyModel, energyModel } from '../../../src/models/energy-model.ts';
import {
  cellVolume,
  type EnergyPart,
  type EnergyReference,
  energyForceLoss,
  energyTargetFeeds,
  energyTargets,
} from '../../../src/nn/energy-loss.ts';
import { energyDerivatives } from '../../../src/nn/forces.ts';
import { Parameters, type Weights } from '../../../src/nn/parameters.ts';
import { Irreps, linear } from '../../../src/o3/index.ts';
import { gradient } from '../../../src/ops/index.ts';
import { multiply } from '../../../src/ops/map.ts';
import { sum } from '../../../src/ops/sum.ts';
import type { Family, Json } from '../../support/fixture.ts';
import { compareAdam } from '../adam.ts';
import { packParameters, tensorsOf } from '../autodiff.ts';
import type { Case } from '../case.ts';
import type { Kind, Measure } from '../measure.ts';
import { compareParameterNames } from '../point-model.ts';
import { compareQuantities, type Quantity } from '../quantities.ts';
import { compareInstructions as compareLinear } from './linear.ts';
import { compareInstructions } from './tensor-product.ts';

export function cases({ json, tensor }: Family): Case[] {
  const runner = new EnergyModelCases(json, tensor);
  return [
    { name: 'structure', run: (measure) => compareStructure(runner.model, json.model, measure) },
    ...json.cases.flatMap((c: Json): Case[] => [
      {
        name: `${c.name} edges`,
        run: (measure) => compareEdges(c, json.model.config.r_max, measure, tensor),
      },
      { name: c.name, run: (...to) => runner.derivatives(c, ...to) },
      ...(c.loss ? [{ name: `${c.name} loss`, run: (...to) => runner.loss(c, ...to) } satisfies Case] : []),
      ...(c.adam ? [{ name: `${c.name} adam`, run: (...to) => runner.adam(c, ...to) } satisfies Case] : []),
    ]),
  ];
}

/** The model of a file with its parameters, and what is compared of it. */
export class EnergyModelCases {
  readonly model: EnergyModel;
  private readonly parameters: Parameters;
  private readonly packed: Float64Array;
  private readonly tensor: Family['tensor'];

  constructor(json: Json, tensor: Family['tensor']) {
    this.model = modelOf(json.model);
    this.parameters = new Parameters(this.model);
    this.packed = packParameters(this.parameters, tensorsOf(json.parameters, tensor));
    this.tensor = tensor;
  }

  /** Energies, forces, stress, and whichever derivatives of them the case has. */
  async derivatives(c: Json, measure: Measure, gpu: GpuContext | null): Promise<void> {
    const row = this.row();
    const { energy, atomicEnergies, forces, virial, pos, feeds, system } = this.trace(
      this.parameters.weights(row),
      c,
    );
    const quantities: Quantity[] = [];
    const add = (name: string, kind: Kind, node: Node, expected: Json, unpack = same) => {
      if (expected !== null && expected !== undefined)
        quantities.push({ name, kind, node, expected, unpack });
    };
    add('energy', 'forward', energy, c.energy);
    add('atomic_energies', 'forward', atomicEnergies, c.atomic_energies);
    add('forces', 'first', forces, c.forces);
    add('virial_dE_dstrain', 'first', virial, c.virial_dE_dstrain);
    if (c.stress) {
      const volume = cellVolume(system.cell!);
      if (c.volume) measure.compare('reference', 'volume', volume, c.volume);
      add('stress', 'first', virial, c.stress, (values) => Array.from(values, (v) => v / volume));
    }
    if (c.grad_energy) {
      const [slope] = gradient(sum(energy, 'all'), [row]);
      for (const [name, expected] of Object.entries(c.grad_energy))
        add(`grad_energy.${name}`, 'first', slope, expected, this.unpack(name));
    }
    if (c.force_jvp) {
      const v = input('v', forces.rows, 3);
      feeds.v = this.tensor(c.force_jvp.v).data;
      const [product] = gradient(sum(multiply(v, forces), 'all'), [pos]);
      add('force_jvp', 'second', product, c.force_jvp.grad_of_v_dot_forces_wrt_pos);
    }
    await compareQuantities(quantities, { ...feeds, parameters: this.packed }, measure, gpu, this.tensor);
  }

  /** The loss on energy, forces and stress, and its gradient. */
  async loss(c: Json, measure: Measure, gpu: GpuContext | null): Promise<void> {
    const row = this.row();
    const { loss, feeds } = this.traceLoss(this.parameters.weights(row), c);
    const [slope] = gradient(loss, [row]);
    const quantities: Quantity[] = [
      { name: 'loss.value', kind: 'first', node: loss, expected: c.loss.value, unpack: same },
      ...Object.entries<Json>(c.loss.grads).map(
        ([name, expected]): Quantity => ({
          name: `loss.grads.${name}`,
          kind: 'second',
          node: slope,
          expected,
          unpack: this.unpack(name),
        }),
      ),
    ];
    await compareQuantities(quantities, { ...feeds, parameters: this.packed }, measure, gpu, this.tensor);
  }

  /** Training on that loss. */
  async adam(c: Json, measure: Measure, gpu: GpuContext | null): Promise<void> {
    const { feeds } = this.traceLoss(this.parameters.weights(this.row()), c);
    const loss = (weights: Weights) => this.traceLoss(weights, c).loss;
    const { parameters, packed: initial } = this;
    await compareAdam(c.adam, { parameters, initial, loss, feeds }, measure, gpu);
  }

  private row = () => input('parameters', 1, this.parameters.length);
  /** A parameter of the file; one without numbers need not be here. */
  private unpack = (name: string) => (values: ArrayLike<number>) =>
    this.parameters.unpack(values)[name]?.data ?? [];

  private trace(weights: Weights, c: Json) {
    const system = systemOf(c, this.tensor);
    const size: AtomicGraphSize = {
      atoms: system.species.length,
      edges: system.edges.src.length,
      graphs: 1,
      species: this.model.nSpecies,
    };
    const graph = atomicGraph(size);
    const energies = this.model.apply(weights, graph);
    const feeds: Record<string, ArrayLike<number>> = { ...atomicGraphFeeds(size, [system]) };
    const derivatives = energyDerivatives(energies.energy, graph, energies.vectors);
    return { ...energies, ...derivatives, pos: graph.pos, feeds, system, size };
  }

  private traceLoss(weights: Weights, c: Json): { loss: Node; feeds: Record<string, ArrayLike<number>> } {
    const { feeds, system, size, ...values } = this.trace(weights, c);
    const { energy, forces, stress } = c.loss.reference;
    const own: EnergyReference = {
      atoms: size.atoms,
      energy,
      forces: this.tensor(forces).data,
      ...(stress && { stress: this.tensor(stress).data, cell: system.cell }),
    };
    const factors: Partial<Record<EnergyPart, number>> = { ...c.loss.weights };
    if (!stress) delete factors.stress;
    const targets = energyTargets(size, Object.keys(factors) as EnergyPart[]);
    return {
      loss: energyForceLoss(values, targets),
      feeds: { ...feeds, ...energyTargetFeeds(size, [own], factors) },
    };
  }
}

const same = (values: ArrayLike<number>) => values;

function modelOf({ config, readout_act }: Json): EnergyModel {
  return energyModel({
    nSpecies: config.n_species,
    hidden: config.hidden,
    embed: config.embed,
    lmax: config.lmax,
    nLayers: config.n_layers,
    rMax: config.r_max,
    nBasis: config.n_basis,
    polyP: config.poly_p,
    fcHidden: config.fc_hidden,
    numNeighbors: config.num_neighbors,
    readout: config.readout,
    readoutAct: readout_act,
    scale: config.scale,
    shifts: config.shifts,
  });
}

/** A system of the file; one without a cell has no shifts. */
function systemOf(c: Json, tensor: Family['tensor']): AtomicSystem {
  const edges = { src: tensor(c.edge_src).data, dst: tensor(c.edge_dst).data };
  const points = { pos: tensor(c.pos).data, species: tensor(c.species).data };
  if (!c.cell) return { ...points, edges };
  const shift = c.edge_shift && tensor(c.edge_shift).data;
  return { ...points, edges: { ...edges, shift }, cell: tensor(c.cell).data };
}

function compareStructure(model: EnergyModel, expected: Json, measure: Measure): void {
  compareParameterNames(model, expected.parameter_names, measure);
  measure.equal('parameter_count', new Parameters(model).count, expected.parameter_count);
  measure.equal('layers', model.layers.length, expected.layers.length);
  model.layers.forEach(({ sc, lin1, tp, lin2, gate, fcNeurons }, n) => {
    const layer = expected.layers[n];
    const irreps = (name: string, own: Irreps, e3nn: string) =>
      measure.equal(`layers.${n}.${name}`, own.toString(), Irreps.parse(e3nn).toString());
    irreps('irreps_in', sc.spec.irrepsIn1, layer.irreps_in);
    irreps('gate.irreps_in', gate.irrepsIn, layer.gate.irreps_in);
    irreps('gate.irreps_out', gate.irrepsOut, layer.gate.irreps_out);
    irreps('irreps_mid', tp.spec.irrepsOut, layer.irreps_mid);
    irreps('irreps_mid_simplified', lin2.spec.irrepsIn.simplify(), layer.irreps_mid_simplified);
    measure.equal(`layers.${n}.fc_hs`, fcNeurons, layer.fc_hs);
    compareInstructions(sc.spec, layer.sc.instructions, measure);
    compareLinear(lin1.spec, layer.lin1.instructions, measure);
    compareInstructions(tp.spec, layer.tp.instructions, measure);
    // Ours reads the unsimplified blocks where they stand; e3nn's simplified ones have the same weights.
    compareLinear(linear(lin2.spec.irrepsIn.simplify(), gate.irrepsIn), layer.lin2.instructions, measure);
  });
}

/** The graph of the atoms, by the engine's own search; edges may come in any order. */
function compareEdges(c: Json, radius: number, measure: Measure, tensor: Family['tensor']): void {
  const cell = c.cell ? tensor(c.cell).data : undefined;
  const own = radiusGraph(tensor(c.pos).data, radius, cell && { cell });
  const src = tensor(c.edge_src).data;
  const shift = c.edge_shift ? tensor(c.edge_shift).data : new Float64Array(3 * src.length);
  measure.equal(
    'edges (src, dst, shift)',
    sorted(own.src, own.dst, own.shift),
    sorted(src, tensor(c.edge_dst).data, shift),
  );
}

const sorted = (src: ArrayLike<number>, dst: ArrayLike<number>, shift: ArrayLike<number>) =>
  Array.from(src, (from, e) =>
    [from, dst[e], shift[3 * e], shift[3 * e + 1], shift[3 * e + 2]].join(' '),
  ).sort();
