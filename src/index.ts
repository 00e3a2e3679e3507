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
export {
  arrayModel,
  assertEquivariantModel,
  type CompiledArrayModel,
  type ModelOfTensors,
} from './checks/array-model.ts';
export { checkEnergyModel } from './checks/check-energy-model.ts';
export { assertGradients, checkGradients, type GradientCheckOptions } from './checks/check-gradients.ts';
export type { CurvePoint } from './checks/difference-curve.ts';
export { type GradientEntry, GradientReport, type WrongNumber } from './checks/gradient-report.ts';
export { type CompileOptions, compile, type PreparedProgram, type Program, prepare } from './compile.ts';
export * from './data/atomic-masses.ts';
export { atomicNumber, chemicalSymbols } from './data/elements.ts';
export { type JoinedGraphs, joinGraphs } from './data/join-graphs.ts';
export {
  type EdgeList,
  type PeriodicEdgeList,
  type RadiusGraphOptions,
  radiusGraph,
} from './data/radius-graph.ts';
export * from './data/tetris.ts';
export { type EnergyDrift, type EnergyDriftOptions, energyDrift } from './dynamics/energy-drift.ts';
export { type ModelDynamicsOptions, type MovingSystem, modelDynamics } from './dynamics/model-dynamics.ts';
export {
  type DynamicsSample,
  type HostNeighbours,
  MolecularDynamics,
  type MolecularDynamicsOptions,
  type RunOptions,
} from './dynamics/molecular-dynamics.ts';
export * from './dynamics/units.ts';
export type { Potential } from './dynamics/velocity-verlet.ts';
export { type DeviceOptions, type GpuContext, LimitError, requestDevice } from './gpu/device.ts';
export { Executable, type GpuFeeds, type GpuRows } from './gpu/execute.ts';
export { ShaderError } from './gpu/pipeline.ts';
export { StateStore } from './gpu/state-store.ts';
export * as expression from './graph/expression.ts';
export { type IndexNode, index, indexMapLength, NOWHERE, packIndexMap } from './graph/index-map.ts';
export { constant, input, state } from './graph/leaf.ts';
export type { Place, Plan, PlannedBuffer, Update } from './graph/memory.ts';
export type { DType, Kernel, Node, Op } from './graph/node.ts';
export { type OptimizationChoice, type Optimizations, optimizationNames } from './graph/optimizations.ts';
export { printGraph } from './graph/print.ts';
export { type Feeds, reference } from './graph/reference.ts';
export type { StripSize } from './graph/strips.ts';
export {
  type Checkpoint,
  type CheckpointOptions,
  type DecodedCheckpoint,
  decodeCheckpoint,
  encodeCheckpoint,
} from './io/checkpoint.ts';
export {
  type CheckpointStore,
  memoryCheckpointStore,
  StoreError,
  type StoreFailure,
} from './io/checkpoint-store.ts';
export {
  type Conventions,
  conventions,
  describedModel,
  type ModelDescription,
} from './io/conventions.ts';
export { type StoredArray, type StoredTensor, type StoredType, toNumbers } from './io/dtype.ts';
export type { XyzValue } from './io/extxyz-comment.ts';
export { FileError } from './io/file-error.ts';
export type { Json } from './io/json.ts';
export { readNpy } from './io/npy.ts';
export { type CheckpointStoreOptions, openCheckpointStore } from './io/open-checkpoint-store.ts';
export { readSafetensors, type SafetensorsFile, writeSafetensors } from './io/safetensors.ts';
export { readXyz } from './io/xyz.ts';
export type { XyzColumns, XyzFrame } from './io/xyz-frame.ts';
export type { XyzOptions } from './io/xyz-labels.ts';
export { writeXyz } from './io/xyz-write.ts';
export * from './models/atomic-graph.ts';
export {
  type Energies,
  type EnergyModel,
  type EnergyModelOptions,
  energyModel,
} from './models/energy-model.ts';
export * from './models/gate-points-networks.ts';
export type { Interaction } from './models/interaction.ts';
export {
  type MessagePassing,
  type MessagePassingLayer,
  type MessagePassingOptions,
  messagePassing,
} from './models/message-passing.ts';
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
export {
  type BatchNorm,
  type BatchNormMode,
  type BatchNormOptions,
  batchNorm,
  type Normalized,
} from './nn/batch-norm.ts';
export { type Convolution, type ConvolutionOptions, convolution, type Edges } from './nn/convolution.ts';
export { type Dropout, type DropoutStep, dropout, stepCounter } from './nn/dropout.ts';
export * from './nn/energy-loss.ts';
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
  type Extract,
  extract,
  extractIr,
  identity as identityLayer,
  type Selection,
} from './nn/extract.ts';
export { type EnergyDerivatives, energyDerivatives } from './nn/forces.ts';
export {
  type FullyConnectedNet,
  type FullyConnectedNetOptions,
  fullyConnectedNet,
} from './nn/fully-connected-net.ts';
export { type Gate, gate } from './nn/gate.ts';
export { type LayerNorm, type LayerNormOptions, layerNorm } from './nn/layer-norm.ts';
export { type Linear, type LinearLayerOptions, linear as linearLayer } from './nn/linear.ts';
export { crossEntropy, squaredError, weightedSum } from './nn/loss.ts';
export { type Norm, norm as normLayer } from './nn/norm.ts';
export { type NormActivation, type NormActivationOptions, normActivation } from './nn/norm-activation.ts';
export {
  type AdamOptions,
  adam,
  adamW,
  type Optimizer,
  type OptimizerOptions,
  type SgdOptions,
  sgd,
} from './nn/optimizer.ts';
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
  envelopedBasis,
  polynomialEnvelope,
  type RadialBasisName,
  radialBases,
  type SoftOneHotOptions,
  softOneHotLinspace,
  softUnitStep,
} from './nn/radial.ts';
export { cosineDecay, exponentialDecay, type Schedule, stepDecay, warmup } from './nn/schedule.ts';
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
export {
  checkNeighbourCount,
  type NeighbourListOptions,
  type Neighbours,
  neighbourList,
} from './ops/neighbours.ts';
export { optimizerStep } from './ops/optimizer-step.ts';
export type { PathMode, ProductPath, ProductSlot, ProductSpec, SlotBlock } from './ops/product-form.ts';
export { radialBasis } from './ops/radial-basis.ts';
export { randomUniform } from './ops/random-uniform.ts';
export type { Axis } from './ops/reduce.ts';
export { segmentMaximum } from './ops/segment-maximum.ts';
export { concat, place, slice } from './ops/slice.ts';
export { solidHarmonics as solidHarmonicsOf } from './ops/spherical-harmonics.ts';
export { broadcast, sum } from './ops/sum.ts';
export { tensorProduct as tensorProductOf } from './ops/tensor-product.ts';
export { AtomicBatches, type AtomicBatchesOptions } from './training/atomic-batches.ts';
export * from './training/atomic-data.ts';
export {
  type EnergyErrors,
  energyErrors,
  energyPredictions,
  energyTaskLoss,
} from './training/energy-task.ts';
export type { Evaluator } from './training/evaluator.ts';
export { NonFiniteError, type NonFinitePlace } from './training/non-finite.ts';
export { Plateau, type PlateauOptions } from './training/plateau.ts';
export { type Progress, ProgressMeter } from './training/progress.ts';
export { Trainer } from './training/trainer.ts';
export type {
  StepResult,
  TracedLoss,
  TrainerEvent,
  TrainerOptions,
  TrainOptions,
} from './training/trainer-options.ts';
export type { Notes, Snapshot } from './training/training-file.ts';
