import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GpuContext, requestDevice } from '../../src/gpu/device.ts';
import type { Executable } from '../../src/gpu/execute.ts';
import type { Node } from '../../src/graph/node.ts';
import type { Feeds } from '../../src/graph/reference.ts';
import { cellErrors, crystals, displacedCrystals } from '../support/cells.ts';
import { slopeAlong, slopeError, unitVector } from '../support/differences.ts';
import { buildFor, energyNetworks } from '../support/energy-networks.ts';
import { feedsOf, load, runOnGpu } from '../support/on-gpu.ts';

/** Derivatives of energies in 32 bits: against differences, and against the reference. */

let gpu: GpuContext;
beforeAll(async () => {
  gpu = await requestDevice();
});
afterAll(() => gpu?.device.destroy());

test.each(Object.entries(energyNetworks))(
  '%s: forces and second derivatives are those of differences, to 1e-3',
  async (_, network) => {
    const built = buildFor(network(), 5);
    const feeds = built.feeds([built.system]);
    const [byPos, byParameters] = built.forceLossGradients;
    const values = await runOnGpu(gpu, { forces: built.forces, byPos, byParameters }, feeds);
    const inPos = unitVector(3 * built.size.atoms, 1);
    const inParameters = unitVector(byParameters.cols, 2, built.within.parameters);
    const force = slopeAlong(built.energy, 'pos', inPos, feeds);
    expect(slopeError(-force, values.forces, inPos)).toBeLessThan(1e-3);
    expect(slopeError(slopeAlong(built.forceLoss, 'pos', inPos, feeds), values.byPos, inPos)).toBeLessThan(
      1e-3,
    );
    const slope = slopeAlong(built.forceLoss, 'parameters', inParameters, feeds);
    expect(slopeError(slope, values.byParameters, inParameters)).toBeLessThan(1e-3);
  },
);

describe('the same crystal in other cells', () => {
  let executable: Executable;
  const onGpu = async (outputs: Record<string, Node>) => {
    let program: Executable | null = null;
    return async (feeds: Feeds) => {
      const own = feedsOf({ outputs }, feeds);
      program ??= await load(gpu, { outputs }, feeds);
      executable = program;
      program.write(own);
      return program.runAndRead();
    };
  };

  test.each([
    ['of the file', crystals()],
    ['displaced', displacedCrystals(0.1)],
  ])('%s: energy per atom, forces and stress agree to 1e-5', async (_, list) => {
    const errors = await cellErrors(list, onGpu);
    executable.dispose();
    for (const { energy, forces, stress } of Object.values(errors))
      expect(Math.max(energy, forces, stress)).toBeLessThan(1e-5);
  });
});
