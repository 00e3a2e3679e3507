import {
  atomicStatistics,
  describedModel,
  type EnergyModelOptions,
  type Json,
  type LabelledSystem,
  labelledSystem,
  readSafetensors,
} from '../../src/index.ts';
import { type NamedFrame, within } from './data-folder.ts';

/** What an energy model is made of, and what its species mean: the description in its checkpoint. */
export interface ModelOptions extends EnergyModelOptions {
  readonly hidden: string;
  readonly scale: number;
  /** Atomic number of each species. */
  readonly elements: readonly number[];
  /** Energy of an atom of each species, eV. */
  readonly atomicEnergies: readonly number[];
}

/** What was asked for, so far as it was. */
export type GivenOptions = Partial<Pick<ModelOptions, 'hidden' | 'lmax' | 'nLayers' | 'rMax'>>;

const defaults = { hidden: '16x0e+16x1o+16x2e', lmax: 2, nLayers: 2, rMax: 5 };

/**
 * The description of the model in a checkpoint; null for a state dict without one.
 *
 * @throws FileError if the file is damaged; Error if it is of another model, or says too little.
 */
export function describedOptions(file: Uint8Array): ModelOptions | null {
  const described = describedModel(readSafetensors(file).metadata);
  if (!described) return null;
  const { name, options } = described;
  if (name !== 'energyModel') throw new Error(`the file is of the model ${name}, and not of an energyModel`);
  const { nSpecies, hidden, elements, atomicEnergies } = options;
  const numbers = ['nSpecies', 'lmax', 'nLayers', 'rMax', 'numNeighbors', 'scale'];
  const missing = numbers.find((key) => !Number.isFinite(options[key]));
  const perSpecies = (list: Json) =>
    Array.isArray(list) && list.length === nSpecies && list.every(Number.isFinite);
  const wrong =
    missing ??
    (typeof hidden !== 'string' ? 'hidden' : undefined) ??
    (perSpecies(elements) ? undefined : 'elements') ??
    (perSpecies(atomicEnergies) ? undefined : 'atomicEnergies');
  if (wrong) throw new Error(`the file's description of its model has no ${wrong} that can be used`);
  return options as unknown as ModelOptions;
}

/**
 * The options of the model to train: those of the file that is gone on from, or else of the training frames; what was
 * asked for comes first.
 *
 * @throws Error if a frame is not as it should be; the message names the frame.
 */
export function modelOptions(
  given: GivenOptions,
  described: ModelOptions | null,
  train: readonly NamedFrame[],
): ModelOptions {
  if (described) return { ...described, ...given };
  const own = { ...defaults, ...given };
  const { elements, atomicEnergies, forceRms, numNeighbors } = statisticsOf(train, own.rMax);
  return {
    ...own,
    nSpecies: elements.length,
    numNeighbors,
    scale: forceRms,
    elements: [...elements],
    atomicEnergies: [...atomicEnergies],
  };
}

/**
 * Frames as the model reads them.
 *
 * @throws Error if a frame has an element that the model does not know; the message names the frame.
 */
export function systemsOf(
  frames: readonly NamedFrame[],
  { rMax, elements, atomicEnergies }: Pick<ModelOptions, 'rMax' | 'elements' | 'atomicEnergies'>,
): LabelledSystem[] {
  return frames.map((frame) =>
    within(frame.name, () => labelledSystem(frame, rMax, { elements, atomicEnergies })),
  );
}

function statisticsOf(frames: readonly NamedFrame[], rMax: number) {
  try {
    return atomicStatistics(frames, rMax);
  } catch (error) {
    // Frames are counted as they were shuffled; if one of them is to blame, this says its name.
    const elements = Array.from({ length: 118 }, (_, i) => i + 1);
    systemsOf(frames, { rMax, elements, atomicEnergies: elements.map(() => 0) });
    throw error;
  }
}
