/** Every shader by name: the one place that reads the files. */
import channelProduct from './channel-product.wgsl?raw';
import contract from './contract.wgsl?raw';
import contractWeights from './contract-weights.wgsl?raw';
import gather from './gather.wgsl?raw';
import neighbourBins from './neighbour-bins.wgsl?raw';
import neighbourFrame from './neighbour-frame.wgsl?raw';
import neighbourIndex from './neighbour-index.wgsl?raw';
import neighbourSearch from './neighbour-search.wgsl?raw';
import optimizer from './optimizer.wgsl?raw';
import packIndices from './pack-indices.wgsl?raw';
import pointwise from './pointwise.wgsl?raw';
import radialBasis from './radial-basis.wgsl?raw';
import randomUniform from './random-uniform.wgsl?raw';
import reduce from './reduce.wgsl?raw';
import reduceLong from './reduce-long.wgsl?raw';
import runningSum from './running-sum.wgsl?raw';
import segmentMaximum from './segment-maximum.wgsl?raw';
import segmentSum from './segment-sum.wgsl?raw';
import functions from './shared/functions.wgsl?raw';
import sphericalHarmonics from './spherical-harmonics.wgsl?raw';
import tensorProduct from './tensor-product.wgsl?raw';
import unpackBits from './unpack-bits.wgsl?raw';

export const shaders: Readonly<Record<string, string>> = {
  'channel-product': channelProduct,
  contract,
  'contract-weights': contractWeights,
  gather,
  'neighbour-bins': neighbourBins,
  'neighbour-frame': neighbourFrame,
  'neighbour-index': neighbourIndex,
  'neighbour-search': neighbourSearch,
  optimizer,
  'pack-indices': packIndices,
  pointwise,
  'radial-basis': radialBasis,
  'random-uniform': randomUniform,
  reduce,
  'reduce-long': reduceLong,
  'segment-maximum': segmentMaximum,
  'running-sum': runningSum,
  'segment-sum': segmentSum,
  'spherical-harmonics': sphericalHarmonics,
  'tensor-product': tensorProduct,
  'unpack-bits': unpackBits,
};

/** What `//#import NAME` brings in: functions for generated code. */
export const imports: Readonly<Record<string, string>> = { functions };
