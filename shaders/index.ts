/** Every shader by name: the one place that reads the files. */
import contract from './contract.wgsl?raw';
import contractWeights from './contract-weights.wgsl?raw';
import gather from './gather.wgsl?raw';
import optimizer from './optimizer.wgsl?raw';
import pointwise from './pointwise.wgsl?raw';
import radialBasis from './radial-basis.wgsl?raw';
import reduce from './reduce.wgsl?raw';
import reduceLong from './reduce-long.wgsl?raw';
import segmentSum from './segment-sum.wgsl?raw';
import functions from './shared/functions.wgsl?raw';
import sphericalHarmonics from './spherical-harmonics.wgsl?raw';
import tensorProduct from './tensor-product.wgsl?raw';

export const shaders: Readonly<Record<string, string>> = {
  contract,
  'contract-weights': contractWeights,
  gather,
  optimizer,
  pointwise,
  'radial-basis': radialBasis,
  reduce,
  'reduce-long': reduceLong,
  'segment-sum': segmentSum,
  'spherical-harmonics': sphericalHarmonics,
  'tensor-product': tensorProduct,
};

/** What `//#import NAME` brings in: functions for generated code. */
export const imports: Readonly<Record<string, string>> = { functions };
