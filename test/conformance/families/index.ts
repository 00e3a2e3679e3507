// The families that this version covers, in the order in which they run.
import type { FamilyRunner } from '../case.ts';
import * as conv from './conv.ts';
import * as equivariance from './equivariance.ts';
import * as forces from './forces.ts';
import * as irreps from './irreps.ts';
import * as linear from './linear.ts';
import * as network from './network.ts';
import * as networkAttributes from './network-attributes.ts';
import * as nonlinearity from './nonlinearity.ts';
import * as radialBasis from './radial-basis.ts';
import * as sphericalHarmonics from './spherical-harmonics.ts';
import * as tensorProduct from './tensor-product.ts';
import * as tetris from './tetris.ts';
import * as wignerD from './wigner-d.ts';
import * as wigner3j from './wigner3j.ts';

export const families: Readonly<Record<string, FamilyRunner>> = {
  irreps: { gpu: false, ...irreps },
  wigner3j: { gpu: false, ...wigner3j },
  wignerD: { gpu: false, ...wignerD },
  sphericalHarmonics: { gpu: true, ...sphericalHarmonics },
  radialBasis: { gpu: true, ...radialBasis },
  tensorProduct: { gpu: true, ...tensorProduct },
  linear: { gpu: true, ...linear },
  nonlinearity: { gpu: true, ...nonlinearity },
  conv: { gpu: true, ...conv },
  network: { gpu: true, ...network },
  network_full: { gpu: true, ...network },
  network_attributes: { gpu: true, ...networkAttributes },
  forces: { gpu: true, ...forces },
  tetris_gate: { gpu: true, ...tetris },
  tetris_polynomial: { gpu: true, ...tetris },
  equivariance: { gpu: true, ...equivariance },
};
