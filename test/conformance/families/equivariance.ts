// equivariance.json: the models of other files on transformed inputs. `ref` names the file and the case.
import type { GpuContext } from '../../../src/gpu/device.ts';
import { type Family, type Json, loadFamilyWith, type ReadFile, type Tensor } from '../../support/fixture.ts';
import { packParameters, tensorsOf } from '../autodiff.ts';
import type { Case } from '../case.ts';
import type { Measure } from '../measure.ts';
import { evaluate } from '../on-gpu.ts';
import { traceConvolution } from './conv.ts';
import { EnergyModelCases } from './forces.ts';
import { networkCases } from './network.ts';
import { tetrisCases } from './tetris.ts';

/** A model of another file: its case `c`, with the transformed inputs and the values that they are expected to have. */
type Runner = (
  c: Json,
  changed: { readonly inputs: Json; readonly expected: Json },
  family: Family,
  measure: Measure,
  gpu: GpuContext | null,
) => void | Promise<void>;

export async function cases({ json, tensor }: Family, readFile: ReadFile): Promise<Case[]> {
  const loaded = new Map<string, Promise<Family>>();
  const load = (name: string) => {
    if (!loaded.has(name)) loaded.set(name, loadFamilyWith(readFile, name));
    return loaded.get(name)!;
  };
  const runners: Readonly<Record<string, Runner>> = {
    conv: convolution,
    forces: (c, { inputs, expected }, family, ...to) =>
      new EnergyModelCases(family.json, family.tensor).derivatives(
        { ...without(c, ENERGY_EXPECTATIONS), ...inputs, ...expected },
        ...to,
      ),
    network: async (c, { inputs, expected }, family, ...to) =>
      (await networkCases(c, family, readFile)).forward({ ...c.sample, ...inputs, out: expected }, ...to),
    tetris_gate: (c, { inputs, expected }, family, ...to) =>
      tetrisCases(family).forward({ ...c.sample, ...inputs, out: expected }, ...to),
    tetris_polynomial: (c, { inputs, expected }, family, ...to) =>
      tetrisCases(family).forward({ ...c.sample, ...inputs, out: expected }, ...to),
  };
  return json.cases.filter(isCovered).map(
    ({ name, ref, model, inputs, expected }: Json): Case => ({
      name,
      async run(measure, gpu) {
        const runner = runners[model];
        if (!runner) throw new Error(`there is no runner for the model "${model}" of ${ref.file}`);
        const family = await load(ref.file.replace(/\.json$/, ''));
        const c = family.json.cases.find((one: Json) => one.name === ref.case);
        if (!c) throw new Error(`${ref.file} has no case "${ref.case}"`);
        const changed = { inputs: inlined(inputs, tensor), expected: inlined(expected, tensor) };
        return runner({ ...c, sample: ref.inputs ? c[ref.inputs] : c }, changed, family, measure, gpu);
      },
    }),
  );
}

/** Files whose models a later version has. */
const LATER = ['reduce.json', 's2grid.json', 'voxel.json'];
const isCovered = ({ ref }: Json) => !LATER.includes(ref.file);

/** How many cases there are of models that this version does not have. */
export function notCovered({ json }: Family): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { ref } of json.cases.filter((c: Json) => !isCovered(c)))
    counts[ref.file] = (counts[ref.file] ?? 0) + 1;
  return counts;
}

const ENERGY_EXPECTATIONS = [
  ...['energy', 'atomic_energies', 'forces', 'virial_dE_dstrain', 'stress', 'volume'],
  ...['grad_energy', 'force_jvp'],
];

const without = (object: Json, names: readonly string[]): Json =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

/** Tensors with their numbers, which every file's reader can read: those in a safetensors file are of this family's. */
function inlined(value: Json, tensor: Family['tensor']): Json {
  if (value === null || typeof value !== 'object') return value;
  if (!Array.isArray(value.shape))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inlined(item, tensor)]));
  const { shape, data } = tensor(value);
  return { shape, data: Array.from(data) };
}

async function convolution(
  c: Json,
  { inputs, expected }: { readonly inputs: Json; readonly expected: Json },
  { tensor }: Family,
  measure: Measure,
  gpu: GpuContext | null,
): Promise<void> {
  const { graph } = traceConvolution({ ...c, inputs: { ...c.inputs, ...inputs } }, tensor);
  const { node, parameters } = graph.parameters!;
  const arrays: Record<string, Tensor> = tensorsOf(c.params, tensor);
  const feeds: Record<string, ArrayLike<number>> = {
    ...graph.feeds,
    [node.attrs.name]: packParameters(parameters, arrays),
  };
  for (const [name, slot] of Object.entries(graph.inputs))
    feeds[slot.node.attrs.name] = slot.pack(tensor(inputs[name] ?? c.inputs[name]).data);
  const { out } = graph.outputs;
  const { exact, single } = await evaluate({ out: out.node }, feeds, gpu);
  measure.compare('reference', 'out', out.unpack(exact.out), expected);
  if (single) measure.compare('forward', 'out', out.unpack(single.out), expected);
}
