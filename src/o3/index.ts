/** Representation theory of O(3) in double precision: irreps, rotations, harmonics, couplings. */
export * from './angular.ts';
export { changeBasisRealToComplex } from './change-basis.ts';
export * from './clebsch-gordan.ts';
export {
  type ConnectionMode,
  type Instruction,
  type InstructionLike,
  type TensorProductOptions,
  type TensorProductSpec,
  tensorProduct,
} from './instructions.ts';
export * from './irrep.ts';
export * from './irreps.ts';
export { legendre } from './legendre.ts';
export * from './linear.ts';
export { type Matrix3, matrixX, matrixY, matrixZ } from './matrix3.ts';
export type { FilteredTensorProductOptions } from './path-selection.ts';
export * from './random.ts';
export { type ReducedTensorProducts, reducedTensorProducts } from './reduced-tensor-products.ts';
export * from './rotation.ts';
export * from './rotation-group.ts';
export * from './spherical-harmonics.ts';
export * from './tensor-product-rules.ts';
export * from './tensor-square.ts';
export * from './wigner.ts';
