import type { GpuContext } from '../../../src/gpu/device.ts';
import { input } from '../../../src/graph/leaf.ts';
import type { Node } from '../../../src/graph/node.ts';
import { Parameters } from '../../../src/nn/parameters.ts';
import { type GeometricTensor, tensor as geometricTensor } from '../../../src/nn/tensor.ts';
import { type TensorProductLayer, tensorProductLayer } from '../../../src/nn/tensor-product.ts';
import {
  elementwiseTensorProduct,
  fullTensorProduct,
  fullyConnectedTensorProduct,
  type InstructionLike,
  type TensorProductSpec,
  tensorProduct,
  tensorSquare,
} from '../../../src/o3/index.ts';
import type { Family, Json } from '../../support/fixture.ts';
import { broadcastShape, externalWeights, features, Indices, leaf, product, type Slot } from '../arrays.ts';
import { compareAutodiff, packParameters, tensorsOf } from '../autodiff.ts';
import { type Case, each } from '../case.ts';
import type { Measure } from '../measure.ts';
import { evaluate } from '../on-gpu.ts';

/** The tensor product of a case, built as its class builds it in e3nn. */
export function specOf(c: Json): TensorProductSpec {
  const options = {
    irrepNormalization: c.irrep_normalization,
    pathNormalization: c.path_normalization,
    in1Var: c.in1_var,
    in2Var: c.in2_var,
    outVar: c.out_var,
    filterIrOut: c.args?.filter_ir_out,
  };
  switch (c.class) {
    case 'TensorProduct':
      return tensorProduct(c.irreps_in1, c.irreps_in2, c.irreps_out, c.instructions.map(asWritten), options);
    case 'FullyConnectedTensorProduct':
      return fullyConnectedTensorProduct(c.irreps_in1, c.irreps_in2, c.irreps_out, options);
    case 'ElementwiseTensorProduct':
      return elementwiseTensorProduct(c.args.irreps_in1, c.args.irreps_in2, options);
    case 'FullTensorProduct':
      return fullTensorProduct(c.args.irreps_in1, c.args.irreps_in2, options);
    case 'TensorSquare':
      return tensorSquare(c.args.irreps_in, c.args.irreps_out ?? null, options);
    default:
      throw new Error(`there is no class "${c.class}"`);
  }
}

const asWritten = (i: Json): InstructionLike => [
  i.i_in1,
  i.i_in2,
  i.i_out,
  i.mode,
  i.has_weight,
  i.path_weight,
];

/** The paths of a tensor product, as a file lists them. */
export function compareInstructions(
  spec: TensorProductSpec,
  expected: readonly Json[],
  measure: Measure,
): void {
  measure.equal(
    'instructions',
    spec.instructions.map((i) => [
      i.in1,
      i.in2,
      i.out,
      i.connectionMode,
      i.hasWeight,
      i.pathShape,
      i.weightSlice,
    ]),
    expected.map((i) => [i.i_in1, i.i_in2, i.i_out, i.mode, i.has_weight, i.path_shape, i.weight_slice]),
  );
  const [own, e3nn] = [spec.instructions, expected].map((list) => list.map(({ coefficient }) => coefficient));
  measure.compare('reference', 'coefficients', own, e3nn);
}

/** A layer with its arrays as leaves: what both the record and the partial evaluation apply it to. */
interface Applied {
  readonly layer: TensorProductLayer;
  readonly x: Slot;
  readonly y: Slot | null;
  readonly weight: Slot | null;
  readonly own: { readonly node: Node; readonly parameters: Parameters } | null;
}

export function cases({ json, tensor }: Family): Case[] {
  const leadingOf = (array: Json) => tensor(array).shape.slice(0, -1);

  const leaves = (c: Json, layer: TensorProductLayer): Applied => {
    const { x, y, weight } = c.inputs;
    const [parameter] = layer.parameters;
    const parameters = new Parameters(layer);
    const external = weight && product(tensor(weight).shape) > 0;
    return {
      layer,
      x: features(leaf('x', leadingOf(x), layer.layoutIn1.cols), layer.layoutIn1),
      y: y ? features(leaf('y', leadingOf(y), layer.layoutIn2.cols), layer.layoutIn2) : null,
      weight: external ? externalWeights(parameter, tensor(weight).shape) : null,
      own: parameter && !external ? { node: input('parameters', 1, parameters.length), parameters } : null,
    };
  };
  /** Weights that all rows share are one row; others follow the leading dimensions. */
  const weightsOf = ({ weight, own }: Applied, spread: (slot: Slot) => Node) => {
    if (own) return own.parameters.weights(own.node);
    return weight && (weight.node.rows === 1 ? weight.node : spread(weight));
  };

  const compare = (c: Json, measure: Measure, gpu: GpuContext | null) => {
    const spec = specOf(c);
    compareSpec(spec, c, measure);
    const applied = leaves(c, tensorProductLayer(spec));
    const { layer, x, y, weight, own } = applied;
    const indices = new Indices();
    const { x: arrayX, y: arrayY, weight: arrayW } = c.inputs;
    const shared = weight === null || tensor(arrayW).shape.length === 1;
    const leading = broadcastShape(
      leadingOf(arrayX),
      arrayY ? leadingOf(arrayY) : [],
      shared ? [] : leadingOf(arrayW),
    );
    const spread = (slot: Slot, array: Json) => indices.broadcast(slot.node, leadingOf(array), leading);
    const left = geometricTensor(spread(x, arrayX), layer.layoutIn1);
    // The square of x takes x twice, in the same layout.
    const right: GeometricTensor = y ? geometricTensor(spread(y, arrayY), layer.layoutIn2) : left;
    const out = layer.apply(
      weightsOf(applied, (slot) => spread(slot, arrayW)),
      left,
      right,
    );
    const slots = { x, y, weight: arrayW ? (weight ?? noWeights(arrayW)) : null };
    const inputs = Object.fromEntries(
      Object.entries(slots).filter((entry): entry is [string, Slot] => entry[1] !== null),
    );
    const graph = {
      inputs,
      outputs: { out: features(out.node, layer.layoutOut) },
      parameters: own,
      feeds: indices.feeds,
    };
    return compareAutodiff(c, graph, measure, gpu, tensor);
  };
  const noWeights = (array: Json): Slot => {
    const node = input('weight', product(leadingOf(array)), 0);
    return { node, pack: () => new Float64Array(0), unpack: () => new Float64Array(0) };
  };

  /** `right`: the matrix [dim1, dimOut] of x -> out for given y and weights, by the images of the unit vectors. */
  const compareRight = async (c: Json, measure: Measure, gpu: GpuContext | null) => {
    const applied = leaves(c, tensorProductLayer(specOf(c)));
    const { layer, y, weight, own } = applied;
    const shape = tensor(c.right).shape;
    const [samples, dim] = [product(shape.slice(0, -2)), shape.at(-2)!];
    const indices = new Indices();
    const rows = Array.from({ length: samples * dim }, (_, row) => Math.floor(row / dim));
    const spread = (slot: Slot, array: Json) => {
      const sample = indices.broadcast(slot.node, leadingOf(array), shape.slice(0, -2));
      return indices.gather(`samples of ${slot.node.attrs.name}`, sample, rows);
    };
    const unit = leaf('unit vectors', [samples * dim], layer.layoutIn1.cols);
    const left = geometricTensor(unit, layer.layoutIn1);
    const right = geometricTensor(spread(y!, c.inputs.y), layer.layoutIn2);
    const out = layer.apply(
      weightsOf(applied, (slot) => spread(slot, c.inputs.weight)),
      left,
      right,
    );
    const identity = Float64Array.from({ length: samples * dim * dim }, (_, i) =>
      Math.floor(i / dim) % dim === i % dim ? 1 : 0,
    );
    const feeds: Record<string, ArrayLike<number>> = {
      ...indices.feeds,
      'unit vectors': layer.layoutIn1.pack(identity),
      y: y!.pack(tensor(c.inputs.y).data),
    };
    if (weight) feeds.weight = weight.pack(tensor(c.inputs.weight).data);
    if (own) feeds.parameters = packParameters(own.parameters, tensorsOf(c.params, tensor));
    const { exact, single } = await evaluate({ out: out.node }, feeds, gpu);
    measure.compare('reference', 'right', layer.layoutOut.unpack(exact.out), c.right);
    if (single) measure.compare('forward', 'right', layer.layoutOut.unpack(single.out), c.right);
  };

  const compareSpec = (spec: TensorProductSpec, c: Json, measure: Measure) => {
    const irreps = [spec.irrepsIn1, spec.irrepsIn2, spec.irrepsOut].map(String);
    measure.equal('irreps', irreps, [c.irreps_in1, c.irreps_in2, c.irreps_out]);
    measure.equal('weight_numel', spec.weightNumel, c.weight_numel);
    measure.equal('output_mask', [...spec.outputMask], [...tensor(c.output_mask).data]);
    compareInstructions(spec, c.instructions, measure);
  };

  return [
    ...each<Json>(json.cases, ({ name }) => name, compare),
    ...each<Json>(
      json.cases?.filter((c: Json) => c.right),
      ({ name }) => `${name} right`,
      compareRight,
    ),
    ...each<Json>(
      json.invalid,
      ({ what }) => `invalid ${what}`,
      (c, measure) =>
        measure.raises(c.what, () => tensorProduct(c.irreps_in1, c.irreps_in2, c.irreps_out, c.instructions)),
    ),
  ];
}
