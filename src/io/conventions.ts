import { Irreps } from '../o3/irreps.ts';
import { FileError, quoted } from './file-error.ts';
import { canonicalJson, firstDifference, type Json, parseJson } from './json.ts';

/** What the numbers of a model mean, besides its architecture: metadata of a checkpoint, key by key. */
export interface Conventions {
  /** Order of a vector's components, and the polar axis of the harmonics. */
  readonly axis_order: string;
  /** e3nn's `irrep_normalization` of tensor products. */
  readonly irrep_normalization: string;
  /** e3nn's `path_normalization` of tensor products and linear maps. */
  readonly path_normalization: string;
  /** e3nn's `normalization` of spherical harmonics. */
  readonly harmonics_normalization: string;
  /** Order of the numbers of irreps: copy by copy (`mul_ir`) or component by component (`ir_mul`). */
  readonly layout: string;
  /** Version of e3nn whose formulas hold: signs of Clebsch-Gordan coefficients, activation constants. */
  readonly e3nn: string;
}

/**
 * The conventions of this library, which are e3nn's defaults.
 *
 * @example
 * ```ts
 * import { conventions } from 'clebsch';
 * conventions.axis_order; // => "xyz, polar axis y"
 * ```
 */
export const conventions: Conventions = {
  axis_order: 'xyz, polar axis y',
  irrep_normalization: 'component',
  path_normalization: 'element',
  harmonics_normalization: 'component',
  layout: 'mul_ir',
  e3nn: '0.6',
};

/** Which model a checkpoint belongs to. */
export interface ModelDescription {
  /** Of the function that makes it: "simpleNetwork". */
  readonly name: string;
  /** Its options, as plain JSON values. */
  readonly options: { readonly [key: string]: Json };
  /** Irreps by what they are of ("in", "out"); compared as irreps, so that "0e" is "1x0e". */
  readonly irreps?: Readonly<Record<string, string>>;
}

const FORMAT = '1';
/** Characters; no model's are near it. */
const MAX_IRREPS = 10_000;
const KEYS = {
  format: 'clebsch.format',
  model: 'clebsch.model',
  options: 'clebsch.options',
  irreps: 'clebsch.irreps',
};

/** The metadata that says so. */
export function describe(ours: Conventions, model: ModelDescription | undefined): Map<string, string> {
  const metadata = new Map([[KEYS.format, FORMAT], ...Object.entries(ours)]);
  if (!model) return metadata;
  metadata.set(KEYS.model, model.name);
  metadata.set(KEYS.options, canonicalJson(model.options, 'options'));
  if (model.irreps) metadata.set(KEYS.irreps, canonicalJson(canonicalIrreps(model.irreps), 'irreps'));
  return metadata;
}

/** Whether the file is one of ours, with more in it than a state dict. */
export const isOurs = (metadata: ReadonlyMap<string, string>): boolean => metadata.has(KEYS.format);

const fail = (key: string, what: string): never => {
  throw new FileError('checkpoint', `metadata ${quoted(key)}`, what);
};

/**
 * Compares what a file says with what is wanted. What the file does not say is taken to be as wanted.
 *
 * @throws FileError if it says something else; the message names both.
 */
export function compare(
  metadata: ReadonlyMap<string, string>,
  ours: Conventions,
  model: ModelDescription | undefined,
): void {
  const same = (key: string, wanted: string, advice: string) => {
    const stated = metadata.get(key);
    if (stated !== undefined && stated !== wanted)
      fail(key, `the file has ${quoted(stated)}, and ${quoted(wanted)} is wanted; ${advice}`);
  };
  same(KEYS.format, FORMAT, 'read it with the version of the library that wrote it');
  for (const [key, wanted] of Object.entries(ours))
    same(key, wanted, 'its numbers mean something else: convert them first');
  if (!model) return;
  const advice = 'make the model with the options of the file (`describedModel` reads them)';
  same(KEYS.model, model.name, advice);
  const sameJson = (key: string, what: string, wanted: Json, convert = (stated: Json) => stated) => {
    const text = metadata.get(key);
    if (text === undefined) return;
    const difference = firstDifference(convert(parse(key, text)), wanted);
    if (difference)
      fail(
        key,
        `${what}${difference.path}: the file has ${difference.a}, and the model that it is to be loaded into ${difference.b}; ${advice}`,
      );
  };
  // Through JSON, so that both have its numbers and keys.
  sameJson(KEYS.options, 'options', JSON.parse(canonicalJson(model.options, 'options')));
  if (model.irreps) sameJson(KEYS.irreps, 'irreps', canonicalIrreps(model.irreps), storedIrreps);
}

const parse = (key: string, text: string) => parseJson(text, 'checkpoint', `metadata ${quoted(key)}`);

/**
 * Which model a checkpoint says that it is of; null where it does not. With it a model can be made for a file.
 *
 * @param metadata of the file (`readSafetensors`)
 * @throws FileError if the description is damaged.
 * @example
 * ```ts
 * import { describedModel } from 'clebsch';
 * describedModel(new Map([['format', 'pt']])); // => null
 * ```
 */
export function describedModel(metadata: ReadonlyMap<string, string>): ModelDescription | null {
  const name = metadata.get(KEYS.model);
  if (name === undefined) return null;
  const options = parse(KEYS.options, metadata.get(KEYS.options) ?? '{}');
  const irreps = metadata.get(KEYS.irreps);
  return {
    name,
    options: record(KEYS.options, options),
    ...(irreps !== undefined && { irreps: storedIrreps(parse(KEYS.irreps, irreps)) }),
  };
}

function record(key: string, value: Json): { readonly [key: string]: Json } {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as { readonly [key: string]: Json };
  return fail(key, 'it must be a JSON object; the file is damaged');
}

function canonicalIrreps(irreps: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(irreps).map(([key, text]) => [key, Irreps.parse(text).toString()]),
  );
}

function storedIrreps(value: Json): Record<string, string> {
  const irreps = record(KEYS.irreps, value);
  try {
    for (const text of Object.values(irreps))
      if (typeof text !== 'string' || text.length > MAX_IRREPS)
        throw new Error(`irreps must be text of at most ${MAX_IRREPS} characters`);
    return canonicalIrreps(irreps as Record<string, string>);
  } catch (error) {
    return fail(KEYS.irreps, `${(error as Error).message.slice(0, 200)}; the file is damaged`);
  }
}
