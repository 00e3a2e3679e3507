import { quoted } from './file-error.ts';

/**
 * Which names of a file mean what. Energy, forces, stress and virial are those of one method, which their names start
 * with: "energy" and "forces", "REF_energy" and "REF_forces", "dft_energy" and "dft_forces". The first method that has
 * both an energy and forces is taken; labels of others stay in `info` and `arrays`.
 */
export interface XyzOptions {
  /** Key of the energy; by default energy, total_energy, potential_energy, free_energy, REF_energy, dft_energy. */
  readonly energy?: string;
  /** Property with the forces; by default forces, force, REF_forces, dft_forces. */
  readonly forces?: string;
}

/** What the labels of one method are called in a frame. */
export interface XyzLabels {
  readonly energy?: string;
  readonly forces?: string;
  readonly stress?: string;
  readonly virial?: string;
}

const METHODS = ['', 'ref_', 'dft_'];
const LABELS = {
  energy: ['energy', 'total_energy', 'potential_energy', 'free_energy'],
  forces: ['forces', 'force'],
  stress: ['stress'],
  virial: ['virial', 'virials'],
};

/** What a name starts with: "ref_" of "REF_energy", nothing of a name that is none of ours. */
const methodOf = (name: string) =>
  /^(.*?)(?:(?:total_|potential_|free_)?energy|forces?)$/.exec(name.toLowerCase())?.[1] ?? '';

/** The labels of one method: `properties` are names of columns, `keys` those of the comment line. */
export function labelsOf(
  properties: readonly string[],
  keys: readonly string[],
  options: XyzOptions,
  fail: (what: string) => never,
): XyzLabels {
  const find = (names: readonly string[], wanted: readonly string[]) =>
    wanted.flatMap((one) => names.filter((name) => name.toLowerCase() === one)).at(0);
  const asked = (names: readonly string[], name: string | undefined, missing: string) =>
    name === undefined ? undefined : (find(names, [name.toLowerCase()]) ?? fail(missing));
  const own = {
    energy: asked(keys, options.energy, `there is no energy ${quoted(options.energy ?? '')}`),
    forces: asked(
      properties,
      options.forces,
      `there is no property ${quoted(options.forces ?? '')} with forces`,
    ),
  };
  const labels = (method: string): XyzLabels => {
    const of = (names: readonly string[], label: keyof typeof LABELS) =>
      find(
        names,
        LABELS[label].map((name) => method + name),
      );
    return {
      energy: own.energy ?? of(keys, 'energy'),
      forces: own.forces ?? of(properties, 'forces'),
      stress: of(keys, 'stress'),
      virial: of(keys, 'virial'),
    };
  };
  const chosen = own.energy ?? own.forces;
  const found = (chosen === undefined ? METHODS : [methodOf(chosen)]).map(labels);
  const both = found.find(({ energy, forces }) => energy !== undefined && forces !== undefined);
  if (both) return both;
  const all = METHODS.map(labels);
  const [energy] = all.flatMap((one) => one.energy ?? []);
  const [forces] = all.flatMap((one) => one.forces ?? []);
  if (energy !== undefined && forces !== undefined)
    fail(
      `the energy ${quoted(energy)} and the forces ${quoted(forces)} are of two methods, by their names; ` +
        'say which are meant by the options `energy` and `forces`',
    );
  const only = [...found, ...all];
  return only.find((one) => one.energy ?? one.forces) ?? only.find((one) => one.stress ?? one.virial) ?? {};
}
