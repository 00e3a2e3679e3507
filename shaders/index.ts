/** Shaders by name. Those that find neighbours are in neighbours.ts, because few programs need them; no other file reads WGSL. */
import channelProduct from './channel-product.wgsl?raw';
import contract from './contract.wgsl?raw';
import contractWeights from './contract-weights.wgsl?raw';
import edgeProduct from './edge-product.wgsl?raw';
import gather from './gather.wgsl?raw';
import optimizer from './optimizer.wgsl?raw';
import pointwise from './pointwise.wgsl?raw';
import radialBasis from './radial-basis.wgsl?raw';
import randomUniform from './random-uniform.wgsl?raw';
import reduce from './reduce.wgsl?raw';
import reduceLong from './reduce-long.wgsl?raw';
import segmentMaximum from './segment-maximum.wgsl?raw';
import segmentSum from './segment-sum.wgsl?raw';
import functions from './shared/functions.wgsl?raw';
import sphericalHarmonics from './spherical-harmonics.wgsl?raw';
import tensorProduct from './tensor-product.wgsl?raw';

export const shaders: Readonly<Record<string, string>> = {
  'channel-product': channelProduct,
  contract,
  'contract-weights': contractWeights,
  'edge-product': edgeProduct,
  gather,
  optimizer,
  pointwise,
  'radial-basis': radialBasis,
  'random-uniform': randomUniform,
  reduce,
  'reduce-long': reduceLong,
  'segment-maximum': segmentMaximum,
  'segment-sum': segmentSum,
  'spherical-harmonics': sphericalHarmonics,
  'tensor-product': tensorProduct,
};

/** What `//#import NAME` brings in: functions for generated code. */
export const imports: Readonly<Record<string, string>> = { functions };
