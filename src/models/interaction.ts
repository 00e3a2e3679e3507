import type { Node } from '../graph/node.ts';
import type { Gate } from '../nn/gate.ts';
import { type Linear, linear } from '../nn/linear.ts';
import { type Module, prefixed, type Weights } from '../nn/parameters.ts';
import type { Edges } from '../nn/radial-convolution.ts';
import { radialConvolution } from '../nn/radial-convolution.ts';
import { type GeometricTensor, tensor } from '../nn/tensor.ts';
import { type TensorProductLayer, tensorProductLayer } from '../nn/tensor-product.ts';
import { tensorProduct } from '../o3/instructions.ts';
import type { Irreps } from '../o3/irreps.ts';
import { Layout } from '../o3/layout.ts';
import { messagePaths } from '../o3/path-selection.ts';
import { fullyConnectedTensorProduct } from '../o3/tensor-product-rules.ts';
import { add } from '../ops/map.ts';
import { hiddenGate } from './hidden-gate.ts';

/** A layer of an energy model: its parts, by the names of their parameters. */
export interface Interaction extends Module {
  readonly sc: TensorProductLayer;
  readonly lin1: Linear;
  readonly tp: TensorProductLayer;
  readonly lin2: Linear;
  readonly gate: Gate;
  /** Widths of the radial network, input and output included. */
  readonly fcNeurons: readonly number[];
  /** Features of each atom after the layer, from those before it: atoms x gate.irrepsOut. */
  apply(
    weights: Weights,
    h: GeometricTensor,
    attr: GeometricTensor,
    edges: Edges,
    harmonics: GeometricTensor,
    scalars: Node,
  ): GeometricTensor;
}

interface InteractionOptions {
  /** Irreps that the features may have afterwards. */
  readonly hidden: Irreps;
  /** Irreps of the atoms' attributes: their species. */
  readonly attr: Irreps;
  readonly harmonics: Irreps;
  readonly fcNeurons: readonly number[];
  readonly numNeighbors: number;
}

/** gate(sc(h, attr) + lin2(convolution of lin1(h))), layer number n: NequIP's interaction (arXiv:2101.03164). */
export function interaction(n: number, layoutIn: Layout, options: InteractionOptions): Interaction {
  const { attr, harmonics, fcNeurons, numNeighbors } = options;
  const irrepsIn = layoutIn.irreps;
  const gate = hiddenGate(n, irrepsIn, harmonics, options.hidden);
  const { irrepsMid, instructions } = messagePaths(irrepsIn, harmonics, (ir) => gate.irrepsIn.has(ir));
  const layoutMid = Layout.of(
    irrepsMid,
    layoutIn.isPadded || layoutIn.blocks.every((b) => b.mul % 4 === 0) ? 4 : 1,
  );
  const sc = tensorProductLayer(fullyConnectedTensorProduct(irrepsIn, attr, gate.irrepsIn), {
    layoutIn1: layoutIn,
    layoutOut: gate.layoutIn,
  });
  const lin1 = linear(irrepsIn, irrepsIn, { layoutIn, layoutOut: layoutIn });
  const convolution = radialConvolution(tensorProduct(irrepsIn, harmonics, irrepsMid, instructions), {
    fcNeurons,
    act: 'silu',
    numNeighbors,
    layoutIn1: layoutIn,
    layoutOut: layoutMid,
  });
  // e3nn's has irrepsMid simplified: the same blocks of weights in the same order, and the same coefficients.
  const lin2 = linear(irrepsMid, gate.irrepsIn, { layoutIn: layoutMid, layoutOut: gate.layoutIn });
  return {
    sc,
    lin1,
    tp: convolution.tp,
    lin2,
    gate,
    fcNeurons: [...fcNeurons, convolution.tp.spec.weightNumel],
    parameters: [
      ...prefixed('sc', sc),
      ...prefixed('lin1', lin1),
      ...convolution.parameters,
      ...prefixed('lin2', lin2),
    ],
    apply(weights, h, atoms, edges, sh, scalars) {
      const self = sc.apply(weights.at('sc'), h, atoms);
      const sum = convolution.apply(weights, lin1.apply(weights.at('lin1'), h), edges, sh, scalars);
      const mixed = lin2.apply(weights.at('lin2'), sum);
      return gate.apply(tensor(add(self.node, mixed.node), gate.layoutIn));
    },
  };
}
