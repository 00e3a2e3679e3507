// Which fixture files are run, and which are missing.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { REPOSITORY } from '../support/server.ts';
import { families } from './families/index.ts';

export const DEFAULT_FOLDER = join(REPOSITORY, 'test/fixtures');

export interface Selection {
  /** Fixture files (without ending) by family, in the order in which they run. */
  readonly files: readonly { readonly family: string; readonly files: readonly string[] }[];
  /** Families that should have been run and cannot be: no runner in this version, or no file in the folder. */
  readonly missing: readonly string[];
  /** Families of the default folder that this version does not cover: their files are kept for later. */
  readonly notCovered: readonly string[];
}

/**
 * Without names: of the default folder, the families that this version covers, all of which must be there; of any other
 * folder, whatever it holds, and what this version does not cover is missing. With names: exactly those.
 */
export function select(folder: string, names: readonly string[]): Selection {
  const found = filesByFamily(folder);
  const covered = Object.keys(families);
  const beyond = [...found.keys()].filter((family) => !covered.includes(family)).sort();
  const isDefault = resolve(folder) === DEFAULT_FOLDER;
  const wanted = names.length
    ? [...new Set(names)]
    : isDefault
      ? covered
      : [...covered.filter((family) => found.has(family)), ...beyond];
  const canRun = (family: string) => covered.includes(family) && found.has(family);
  return {
    files: wanted.filter(canRun).map((family) => ({ family, files: found.get(family)! })),
    missing: wanted.filter((family) => !canRun(family)),
    notCovered: isDefault && names.length === 0 ? beyond : [],
  };
}

/** The fixture files of a folder, by the family that each says it is. */
function filesByFamily(folder: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.json') || name === 'manifest.json') continue;
    const { format, family } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    if (format !== 'e3nn-golden/1') throw new Error(`${name}: format is ${format}, not e3nn-golden/1`);
    const file = name.slice(0, -'.json'.length);
    const files = found.get(family);
    if (files) files.push(file);
    else found.set(family, [file]);
  }
  return found;
}
