/**
 * The public API of Clebsch, and nothing else: E(3)-equivariant networks, with e3nn's mathematics, on WebGPU.
 *
 * Calls of ops, layers and models make a graph of `Node`s, and `gradient` adds derivatives to it. `compile` makes
 * a program of it that runs on a GPU; `reference` computes it in f64 without one. Every value is a matrix, rows x
 * cols, row-major: a row is a sample (a node, an edge, a graph), and a `Layout` says which column is which irrep.
 * Arrays outside programs are in e3nn's order; `Layout.pack` and `Layout.unpack` convert. The polar axis is y.
 * Lengths have the unit of the positions that are fed.
 *
 * @example
 * ```ts
 * import { gradient, input, norm, reference } from 'clebsch';
 * const x = input('x', 1, 3);
 * const [slope] = gradient(norm(x), [x]); // the unit vector
 * reference([slope], { x: [0, 3, 4] }); // => [[0, 0.6, 0.8]]
 * ```
 *
 * @module
 */
export { type CompileOptions, compile, type PreparedProgram, type Program, prepare } from './compile.ts';
export * from './data/radius-graph.ts';
export * from './data/tetris.ts';
export { type DeviceOptions, type GpuContext, LimitError, requestDevice } from './gpu/device.ts';
export { Executable, type GpuFeeds } from './gpu/execute.ts';
export { ShaderError } from './gpu/pipeline.ts';
export { StateStore } from './gpu/state-store.ts';
export * as expression from './graph/expression.ts';
export { type IndexNode, index, indexMapLength, NOWHERE, packIndexMap } from './graph/index-map.ts';
export { constant, input, state } from './graph/leaf.ts';
export type { Place, Plan, PlannedBuffer, Update } from './graph/memory.ts';
export type { DType, Kernel, Node, Op } from './graph/node.ts';
export { printGraph } from './graph/print.ts';
export { type Feeds, reference } from './graph/reference.ts';
export * from './models/gate-points-networks.ts';
export { type MessagePassing, type MessagePassingOptions, messagePassing } from './models/message-passing.ts';
export * from './models/point-graph.ts';
export { type PointModel, type TetrisGateOptions, tetrisGate } from './models/tetris-gate.ts';
export { type TetrisPolynomialOptions, tetrisPolynomial } from './models/tetris-polynomial.ts';
export {
  type Activation,
  type ActivationLike,
  type ActivationName,
  activation,
  activations,
  normalize2mom,
  parityOf,
  secondMomentConstant,
} from './nn/activation.ts';
export { type Convolution, type ConvolutionOptions, convolution, type Edges } from './nn/convolution.ts';
export {
  type ArrayModel,
  assertEquivariant,
  type Behaviour,
  type EquivarianceErrors,
  type EquivarianceOptions,
  equivarianceErrors,
  type Symmetry,
} from './nn/equivariance.ts';
export {
  type FullyConnectedNet,
  type FullyConnectedNetOptions,
  fullyConnectedNet,
} from './nn/fully-connected-net.ts';
export { type Gate, gate } from './nn/gate.ts';
export { type Linear, type LinearLayerOptions, linear as linearLayer } from './nn/linear.ts';
export { crossEntropy, squaredError, weightedSum } from './nn/loss.ts';
export { type AdamOptions, adam, type Optimizer, type SgdOptions, sgd } from './nn/optimizer.ts';
export {
  type Module,
  type Parameter,
  type ParameterArray,
  Parameters,
  prefixed,
  Weights,
} from './nn/parameters.ts';
export {
  bessel,
  type RadialBasisName,
  radialBases,
  type SoftOneHotOptions,
  softOneHotLinspace,
  softUnitStep,
} from './nn/radial.ts';
export {
  type HarmonicsOptions,
  norm,
  normalized,
  sphericalHarmonics as sphericalHarmonicsLayer,
} from './nn/spherical-harmonics.ts';
export { type GeometricTensor, tensor, tensorInput } from './nn/tensor.ts';
export {
  type TensorProductLayer,
  type TensorProductLayerOptions,
  tensorProductLayer,
} from './nn/tensor-product.ts';
export * from './o3/index.ts';
export { Layout, type LayoutBlock } from './o3/layout.ts';
export { contract } from './ops/contract.ts';
export type { ContractBlock, ContractSpec } from './ops/contract-form.ts';
export { gather, segmentSum } from './ops/gather.ts';
export { gradient, ops } from './ops/index.ts';
export { add, filled, map, multiply, scale, subtract } from './ops/map.ts';
export { maximum } from './ops/maximum.ts';
export { optimizerStep } from './ops/optimizer-step.ts';
export type { PathMode, ProductPath, ProductSlot, ProductSpec, SlotBlock } from './ops/product-form.ts';
export { radialBasis } from './ops/radial-basis.ts';
export type { Axis } from './ops/reduce.ts';
export { concat, place, slice } from './ops/slice.ts';
export { solidHarmonics as solidHarmonicsOf } from './ops/spherical-harmonics.ts';
export { broadcast, sum } from './ops/sum.ts';
export { tensorProduct as tensorProductOf } from './ops/tensor-product.ts';
