import { type CheckpointOptions, decodeCheckpoint, encodeCheckpoint } from '../io/checkpoint.ts';
import { FileError } from '../io/file-error.ts';
import type { Json } from '../io/json.ts';
import type { SafetensorsFile } from '../io/safetensors.ts';
import type { Optimizer } from '../nn/optimizer.ts';

/** All states of a training as they are after a step: what `Trainer.restore` takes, and what checkpoints hold. */
export interface Snapshot {
  readonly step: number;
  readonly states: Readonly<Record<string, Float32Array>>;
}

/** What a training itself wants to find again in its checkpoint: numbers, texts, lists and records of them. */
export type Notes = Json;

/**
 * A snapshot as a checkpoint file. The optimiser's row of states is taken apart: the parameters stand under e3nn's
 * names, each moment under its own ("adam.exp_avg/conv.weight").
 */
export function writeTraining(
  { step, states, notes }: Snapshot & { readonly notes: Notes },
  optimizer: Optimizer,
  options: CheckpointOptions,
): Uint8Array {
  const buffers = new Set(options.parameters.buffers.map(({ name }) => name));
  const others = Object.entries(states).filter(
    ([name]) => name !== optimizer.states.values && !buffers.has(name),
  );
  const [values, ...moments] = rowsOf(states, optimizer, options);
  return encodeCheckpoint(
    {
      values,
      buffers: states,
      rows: Object.fromEntries(moments.map((row, i) => [rowName(optimizer, i + 1), row])),
      states: Object.fromEntries(others.map(([name, state]) => [name, Float32Array.from(state)])),
      training: { step, notes },
    },
    options,
  );
}

/** One row of the optimiser's state (parameters, average) and the buffers alone, in the form of the file they were loaded from. */
export function writeStateDict(
  { states }: Snapshot,
  part: number,
  optimizer: Optimizer,
  options: CheckpointOptions,
  origin: SafetensorsFile | null,
): Uint8Array {
  const values = rowsOf(states, optimizer, options)[part];
  return encodeCheckpoint({ values, buffers: states, ...(origin && { origin }) }, options);
}

/** The way back; of a plain state dict the parameters and buffers are taken, and everything else from `initial`. */
export function readTraining(
  bytes: Uint8Array,
  optimizer: Optimizer,
  initial: Snapshot,
  options: CheckpointOptions,
): Snapshot & { readonly notes: Notes; readonly origin: SafetensorsFile } {
  const { values, rows, states, buffers, training, origin } = decodeCheckpoint(bytes, options);
  const { length } = options.parameters;
  const all = new Float32Array(length * optimizer.parts.length);
  all.set(values);
  const own = { ...buffers, [optimizer.states.values]: all };
  if (training === null) {
    const average = optimizer.parts.indexOf('ema');
    if (average > 0) all.set(values, average * length);
    return { step: 0, states: { ...initial.states, ...own }, notes: null, origin };
  }
  const names = optimizer.parts.map((_, i) => rowName(optimizer, i)).slice(1);
  if ([...names].sort().join() !== Object.keys(rows).sort().join())
    throw new Error(
      `the checkpoint was written with another optimiser: it holds ${Object.keys(rows).join(', ') || 'no moments'}, ` +
        `this one needs ${names.join(', ') || 'none'}`,
    );
  names.forEach((name, i) => {
    all.set(rows[name], (i + 1) * length);
  });
  const { step, notes = null } = Object(training) as { step: unknown; notes?: Notes };
  if (!(typeof step === 'number' && Number.isSafeInteger(step) && step >= 0))
    throw new FileError(
      'checkpoint',
      'the training',
      `its step is ${JSON.stringify(step)}, no whole number from 0`,
    );
  const others = Object.entries(states).map(([name, state]) => [name, Float32Array.from(state, Number)]);
  return { step, states: { ...Object.fromEntries(others), ...own }, notes, origin };
}

function rowsOf(states: Snapshot['states'], optimizer: Optimizer, { parameters }: CheckpointOptions) {
  const all = states[optimizer.states.values];
  return optimizer.parts.map((_, i) => all.subarray(i * parameters.length, (i + 1) * parameters.length));
}

function rowName(optimizer: Optimizer, part: number): string {
  return `${optimizer.states.values.replace(/\.values$/, '')}.${optimizer.parts[part]}`;
}
