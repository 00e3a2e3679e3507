import { energyModel } from '../../src/models/energy-model.ts';
import { Parameters } from '../../src/nn/parameters.ts';
import { Random } from '../../src/o3/random.ts';

/** A small energy model of two species, with random parameters. */
export function smallModel() {
  const model = energyModel({
    nSpecies: 2,
    hidden: '3x0e + 2x1o',
    lmax: 1,
    nLayers: 1,
    rMax: 2.5,
    nBasis: 4,
    fcHidden: 6,
    readout: '4x0e',
    numNeighbors: 3,
  });
  return { model, parameters: new Parameters(model).initial(new Random(1)) };
}
