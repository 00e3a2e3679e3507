import { input } from '../../../src/graph/leaf.ts';
import { type LinearLayerOptions, linear } from '../../../src/nn/linear.ts';
import { Parameters, Weights } from '../../../src/nn/parameters.ts';
import type { LinearSpec } from '../../../src/o3/index.ts';
import type { Family, Json } from '../../support/fixture.ts';
import { broadcastShape, externalWeights, features, Indices, leaf, type Slot } from '../arrays.ts';
import { compareAutodiff } from '../autodiff.ts';
import { type Case, each } from '../case.ts';
import type { Measure } from '../measure.ts';

const optionsOf = ({ args }: Json): LinearLayerOptions => ({
  fIn: args.f_in,
  fOut: args.f_out,
  instructions: args.instructions,
  biases: args.biases,
  pathNormalization: args.path_normalization,
});

/** The blocks of weights, then those of biases, as the file lists them. */
export function compareInstructions(spec: LinearSpec, expected: readonly Json[], measure: Measure): void {
  const [weights, biases] = [expected.filter(({ bias }) => !bias), expected.filter(({ bias }) => bias)];
  measure.equal(
    'instructions',
    spec.instructions.map((i) => [i.in, i.out, i.pathShape, i.weightSlice]),
    weights.map((i) => [i.i_in, i.i_out, i.path_shape, i.weight_slice]),
  );
  measure.equal(
    'biases',
    spec.biases.map((b) => [b.out, b.pathShape, b.biasSlice]),
    biases.map((b) => [b.i_out, b.path_shape, b.bias_slice]),
  );
  const [own, e3nn] = [spec.instructions, weights].map((list) => list.map(({ coefficient }) => coefficient));
  measure.compare('reference', 'coefficients', own, e3nn);
}

/** The constructions that the file names in words only. */
const invalid: Readonly<Record<string, () => unknown>> = {
  'instruction between different irreps': () => linear('1e', '1o', { instructions: [[0, 0]] }),
  'bias on non scalar': () => linear('1o', '1o', { biases: [true] }),
};

export function cases({ json, tensor }: Family): Case[] {
  return [
    ...each<Json>(
      json.cases,
      ({ name }) => name,
      (c, measure, gpu) => {
        const layer = linear(c.irreps_in, c.irreps_out, optionsOf(c));
        const { spec, layoutIn, layoutOut } = layer;
        measure.equal(
          'weight_numel bias_numel',
          [spec.weightNumel, spec.biasNumel],
          [c.weight_numel, c.bias_numel],
        );
        measure.equal('output_mask', [...spec.outputMask], [...tensor(c.output_mask).data]);
        compareInstructions(spec, c.instructions, measure);
        const [fIn, fOut] = [spec.fIn ?? 1, spec.fOut ?? 1];
        // With f_in the last two axes are one row.
        const leadingX = tensor(c.inputs.x).shape.slice(0, spec.fIn === null ? -1 : -2);
        const x = features(leaf('x', leadingX, fIn * layoutIn.cols), layoutIn);
        const inputs: Record<string, Slot> = { x };
        const indices = new Indices();

        // Weights and biases given as arguments, and the leading dimensions that they have.
        const external = layer.parameters.flatMap((parameter) => {
          const array = c.inputs[parameter.name];
          if (!array) return [];
          const { shape } = tensor(array);
          const slot = externalWeights(parameter, shape);
          inputs[parameter.name] = slot;
          return [
            { name: parameter.name, slot, leading: shape.slice(0, shape.length - parameter.shape.length) },
          ];
        });
        const leading = broadcastShape(leadingX, ...external.map((e) => e.leading));
        const given = new Map(
          external.map(({ name, slot, leading: own }) => [
            name,
            own.length === 0 ? slot.node : indices.broadcast(slot.node, own, leading),
          ]),
        );
        const parameters = new Parameters(layer);
        const own = external.length ? null : { node: input('parameters', 1, parameters.length), parameters };
        const weights = own ? parameters.weights(own.node) : new Weights(given);
        const out = layer.apply(weights, {
          node: indices.broadcast(x.node, leadingX, leading),
          layout: layoutIn,
        });
        measure.equal('columns', out.node.cols, fOut * layoutOut.cols);
        const graph = {
          inputs,
          outputs: { out: features(out.node, layoutOut) },
          parameters: own,
          feeds: indices.feeds,
        };
        return compareAutodiff(c, graph, measure, gpu, tensor);
      },
    ),
    ...each<{ what: string }>(
      json.invalid,
      ({ what }) => `invalid ${what}`,
      ({ what }, measure) => {
        if (!invalid[what]) throw new Error(`no way to reproduce the error of "${what}" is known`);
        measure.raises(what, invalid[what]);
      },
    ),
  ];
}
