/** The shaders of neighbour lists by name. Their ops bring them along, so that they are no part of a bundle without them. */
import neighbourBins from './neighbour-bins.wgsl?raw';
import neighbourFrame from './neighbour-frame.wgsl?raw';
import neighbourIndex from './neighbour-index.wgsl?raw';
import neighbourSearch from './neighbour-search.wgsl?raw';
import packIndices from './pack-indices.wgsl?raw';
import runningSum from './running-sum.wgsl?raw';
import unpackBits from './unpack-bits.wgsl?raw';

export const neighbourShaders = {
  'neighbour-bins': neighbourBins,
  'neighbour-frame': neighbourFrame,
  'neighbour-index': neighbourIndex,
  'neighbour-search': neighbourSearch,
  'pack-indices': packIndices,
  'running-sum': runningSum,
  'unpack-bits': unpackBits,
} as const;
