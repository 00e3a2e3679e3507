import { constant } from '../graph/leaf.ts';
import type { Node } from '../graph/node.ts';
import { type ActivationName, activation } from '../nn/activation.ts';
import { linear } from '../nn/linear.ts';
import { type Module, prefixed, type Weights } from '../nn/parameters.ts';
import { envelopedBasis, type RadialBasisName, softOneHotLinspace } from '../nn/radial.ts';
import { norm, sphericalHarmonics } from '../nn/spherical-harmonics.ts';
import { tensor } from '../nn/tensor.ts';
import { Irreps, type IrrepsLike } from '../o3/irreps.ts';
import { Layout } from '../o3/layout.ts';
import { gather, segmentSum } from '../ops/gather.ts';
import { add, scale as scaled } from '../ops/map.ts';
import { type AtomicGraph, edgeVectors } from './atomic-graph.ts';
import { type Interaction, interaction } from './interaction.ts';
import { leanInteraction, neededHidden } from './lean-interaction.ts';

/** Options of `energyModel`. */
export interface EnergyModelOptions {
  /** Number of species of atoms. */
  readonly nSpecies: number;
  /** What the features between the layers may hold; each layer keeps the irreps that a path can reach. */
  readonly hidden: IrrepsLike;
  /** Features that atoms start with, made of their species: scalars. Default: as many 0e as `hidden` has. */
  readonly embed?: IrrepsLike;
  /** Highest degree of the harmonics of the edges. */
  readonly lmax: number;
  /** Number of layers. */
  readonly nLayers: number;
  /** Edges are cut off at this distance; the unit of the positions. */
  readonly rMax: number;
  /** Radial basis functions; default 8. */
  readonly nBasis?: number;
  /** Which; default "bessel". */
  readonly basis?: RadialBasisName;
  /** Exponent (from 2) of the envelope that takes the basis to zero at rMax smoothly; null for none. Default 6. */
  readonly polyP?: number | null;
  /** Widths of the radial networks' hidden layers; default [64]. */
  readonly fcHidden?: number | readonly number[];
  /** Typical number of neighbours; each sum over them is divided by its square root. */
  readonly numNeighbors: number;
  /** Scalars of the readout's hidden layer; default 16x0e. */
  readonly readout?: IrrepsLike;
  /** Its activation; default "silu". */
  readonly readoutAct?: ActivationName;
  /** Unit of the atomic energies that the network predicts; default 1. */
  readonly scale?: number;
  /** Energy of an atom of each species, added to what the network predicts; default 0. */
  readonly shifts?: readonly number[];
}

/** What an energy model gives. */
export interface Energies {
  /** Sum of the atomic energies of each graph: graphs x 1. */
  readonly energy: Node;
  /** Atoms x 1; zero for atoms that are not in use. */
  readonly atomicEnergies: Node;
  /** The vectors of the edges, edges x 3: what `energyDerivatives` differentiates by. */
  readonly vectors: Node;
}

/** A model made by `energyModel`. */
export interface EnergyModel extends Module {
  readonly rMax: number;
  readonly nSpecies: number;
  /** Irreps of the features before the first layer and after each. */
  readonly irrepsNodeSequence: readonly Irreps[];
  /**
   * What each layer is made of, as e3nn has it. The model runs only what reaches the energy; its parameters have the names,
   * shapes and order of these, but other places in memory.
   */
  readonly layers: readonly Interaction[];
  /** `vectors` stands in for pos[dst] - pos[src] + offset. */
  apply(weights: Weights, graph: AtomicGraph, options?: { readonly vectors?: Node }): Energies;
}

/**
 * A NequIP-like model of potential energies (S. Batzner et al., arXiv:2101.03164): the energy is a sum over the atoms, each
 * of which sees the species and the directions of its neighbours. Per layer
 * gate(sc(h, species) + lin2(sum over edges of tp(lin1(h), harmonics, fc(radial basis)) / sqrt(numNeighbors))); at the
 * end e_i = scale out2(act(out1(h))) + shifts[species]. The vector of an edge is pos[dst] - pos[src] + offset.
 * `energyDerivatives` gives forces and virial.
 *
 * @throws Error if a number makes no sense (a radius that is not positive, widths that are no whole numbers, a scale of 0),
 * there is not one shift a species, a layer has irreps to gate but no path gives scalars, or the last layer has no scalars
 * to read out.
 * @example
 * ```ts
 * import { energyModel, Parameters } from 'clebsch';
 * const model = energyModel({
 *   nSpecies: 2, hidden: '8x0e + 4x1o + 4x2e', lmax: 2, nLayers: 2, rMax: 4, numNeighbors: 12,
 * });
 * model.irrepsNodeSequence.map(String); // => ["8x0e", "8x0e+4x1o+4x2e", "8x0e+4x1o+4x2e"]
 * new Parameters(model).count; // => 7648
 * ```
 */
export function energyModel(options: EnergyModelOptions): EnergyModel {
  const { nSpecies, lmax, nLayers, rMax, nBasis = 8, basis = 'bessel', polyP = 6 } = options;
  const { numNeighbors, readout = '16x0e', readoutAct = 'silu', scale = 1 } = options;
  const hidden = Irreps.parse(options.hidden);
  const fcHidden = [options.fcHidden ?? 64].flat();
  check({
    nSpecies,
    lmax,
    nLayers,
    rMax,
    nBasis,
    polyP,
    fcHidden,
    numNeighbors,
    scale,
    shifts: options.shifts,
  });
  const shifts = options.shifts ?? new Array<number>(nSpecies).fill(0);
  const harmonics = Irreps.sphericalHarmonics(lmax);
  const attr = Irreps.parse([[nSpecies, '0e']]);
  const embed = linear(attr, options.embed ?? [[hidden.count('0e'), '0e']], {
    layoutIn: Layout.of(attr),
    layoutOut: Layout.forFeatures(options.embed ?? [[hidden.count('0e'), '0e']]),
  });
  const fcNeurons = [nBasis, ...fcHidden];
  const build = (n: number, before: Interaction | undefined, part: Irreps) =>
    interaction(n, before?.gate.layoutOut ?? embed.layoutOut, {
      hidden: part,
      attr,
      harmonics,
      fcNeurons,
      numNeighbors,
    });
  const layers: Interaction[] = [];
  for (let n = 0; n < nLayers; n++) layers.push(build(n, layers.at(-1), hidden));
  const irrepsLast = layers.at(-1)?.gate.irrepsOut ?? embed.layoutOut.irreps;
  if (linear(irrepsLast, readout).spec.weightNumel === 0)
    throw new Error(
      `energyModel: ${shown(irrepsLast)}, the last layer's irreps, have nothing of ${shown(readout)}`,
    );
  // What runs: with the same parameters, only that part of each layer which reaches the energy.
  const lean: Interaction[] = [];
  for (const [n, part] of neededHidden(layers, harmonics, hidden).entries())
    lean.push(build(n, lean.at(-1), part));
  const run = lean.map((layer, n) => leanInteraction(layer, layers[n]));
  const layoutLast = lean.at(-1)?.gate.layoutOut ?? embed.layoutOut;
  const out1 = linear(layoutLast.irreps, readout, { layoutIn: layoutLast, layoutOut: Layout.of(readout) });
  const act = activation(
    readout,
    out1.spec.irrepsOut.blocks.map(() => readoutAct),
  );
  const out2 = linear(act.irrepsOut, '0e', { layoutIn: Layout.of(act.irrepsOut) });
  const oneHot = constant(
    Array.from({ length: nSpecies ** 2 }, (_, i) => (i % (nSpecies + 1) === 0 ? 1 : 0)),
    nSpecies,
  );
  const radial = (r: Node): Node => {
    const functions = { end: rMax, number: nBasis, basis };
    const values =
      polyP === null
        ? softOneHotLinspace(r, { ...functions, start: 0, cutoff: true })
        : envelopedBasis(r, functions, polyP);
    // As e3nn's networks do with those bases whose squares sum to one.
    return basis === 'bessel' ? values : scaled(values, Math.sqrt(nBasis));
  };
  return {
    rMax,
    nSpecies,
    layers,
    irrepsNodeSequence: [embed.layoutOut, ...layers.map(({ gate }) => gate.layoutOut)].map((l) => l.irreps),
    parameters: [
      ...prefixed('embed', embed),
      ...run.flatMap((layer, n) => prefixed(`layers.${n}`, layer)),
      ...prefixed('out1', out1),
      ...prefixed('out2', out2),
    ],
    apply(weights, graph, { vectors = edgeVectors(graph) } = {}) {
      const { edges, species } = graph;
      if (species.attrs.segments !== nSpecies)
        throw new Error(
          `energyModel: made for ${nSpecies} species, but the graph has ${species.attrs.segments}`,
        );
      const sh = sphericalHarmonics(harmonics, vectors, { normalize: true, normalization: 'component' });
      const scalars = radial(norm(vectors));
      const atoms = tensor(gather(oneHot, species), Layout.of(attr));
      const last = run.reduce(
        (h, layer, n) => layer.apply(weights.at(`layers.${n}`), h, atoms, edges, sh, scalars),
        embed.apply(weights.at('embed'), atoms),
      );
      const read = act.apply(out1.apply(weights.at('out1'), last));
      const own = scaled(out2.apply(weights.at('out2'), read).node, scale);
      const atomicEnergies = shifts.every((s) => s === 0)
        ? own
        : add(own, gather(constant(shifts, nSpecies), species));
      return { energy: segmentSum(atomicEnergies, graph.graphs), atomicEnergies, vectors };
    },
  };
}

const shown = (irreps: IrrepsLike) => String(Irreps.parse(irreps).simplify()) || 'no irreps';

/** The numbers among the options. */
function check(
  options: {
    readonly [name in 'nSpecies' | 'lmax' | 'nLayers' | 'rMax' | 'nBasis' | 'numNeighbors' | 'scale']: number;
  } & {
    readonly polyP: number | null;
    readonly fcHidden: readonly number[];
    readonly shifts: readonly number[] | undefined;
  },
): void {
  const need = (name: string, value: unknown, holds: boolean, what: string) => {
    if (!holds) throw new Error(`energyModel: ${name} is ${value}, but must be ${what}`);
  };
  const wholeFrom = (least: number, v: number) => Number.isInteger(v) && v >= least;
  const positive = (v: number) => v > 0 && Number.isFinite(v);
  for (const name of ['nSpecies', 'nBasis'] as const)
    need(name, options[name], wholeFrom(1, options[name]), 'a whole number from 1');
  for (const name of ['lmax', 'nLayers'] as const)
    need(name, options[name], wholeFrom(0, options[name]), 'a whole number from 0');
  for (const name of ['rMax', 'numNeighbors'] as const)
    need(name, options[name], positive(options[name]), 'positive and finite');
  const { nSpecies, polyP, fcHidden, scale, shifts } = options;
  need('polyP', polyP, polyP === null || wholeFrom(2, polyP), 'a whole number from 2, or null');
  for (const width of fcHidden)
    need('a width of fcHidden', width, wholeFrom(1, width), 'a whole number from 1');
  need('scale', scale, scale !== 0 && Number.isFinite(scale), 'finite and not 0');
  if (shifts)
    need(
      'shifts',
      `[${shifts.join(', ')}]`,
      shifts.length === nSpecies && shifts.every(Number.isFinite),
      `${nSpecies} finite numbers, one a species`,
    );
}
