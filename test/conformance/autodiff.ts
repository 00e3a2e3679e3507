// The records that most families consist of (test/fixtures/README.md, "Autodiff record"): values, first and second
// derivatives of one function.
import type { GpuContext } from '../../src/gpu/device.ts';
import { input } from '../../src/graph/leaf.ts';
import type { Node } from '../../src/graph/node.ts';
import type { Feeds } from '../../src/graph/reference.ts';
import type { Parameters } from '../../src/nn/parameters.ts';
import { gradient } from '../../src/ops/index.ts';
import { add, filled, multiply } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import type { Json, Tensor } from '../support/fixture.ts';
import { plain, product, type Slot } from './arrays.ts';
import type { Kind, Measure } from './measure.ts';
import { compareQuantities, type Quantity } from './quantities.ts';

/** A record as the file has it: names to tensor objects. */
export interface AutodiffRecord {
  readonly inputs: Arrays;
  readonly params: Arrays;
  readonly outputs: Arrays;
  readonly cotangents: Arrays;
  readonly grads: Gradients;
  readonly second?: { readonly v: Arrays; readonly value: Json; readonly grads: Gradients };
}

export interface Gradients {
  readonly inputs: Arrays;
  readonly params: Arrays;
  /** Of the second order only. */
  readonly cotangents?: Arrays;
}
type Arrays = Readonly<Record<string, Json>>;

/** The same function as nodes. */
export interface AutodiffGraph {
  readonly inputs: Readonly<Record<string, Slot>>;
  readonly outputs: Readonly<Record<string, Slot>>;
  /** The packed row of the module's own weights; null where it has none. */
  readonly parameters: { readonly node: Node; readonly parameters: Parameters } | null;
  /** Index maps, and whatever else is not differentiated. */
  readonly feeds?: Feeds;
}

/**
 * Compares a record with the graph of the same function, in f64 and on the GPU. `recordOfGpu` differs from `record` in
 * expectations only: more of them may be NaN ("any finite number") where f32 cannot tell which side of a jump it is on.
 */
export async function compareAutodiff(
  record: AutodiffRecord,
  graph: AutodiffGraph,
  measure: Measure,
  gpu: GpuContext | null,
  tensor: (object: Json) => Tensor,
  recordOfGpu: AutodiffRecord = record,
): Promise<void> {
  expectNames('inputs', record.inputs, graph.inputs);
  expectNames('outputs', record.outputs, graph.outputs);
  const feeds: Record<string, ArrayLike<number>> = { ...graph.feeds };
  const quantities: Quantity[] = [];
  /** A leaf of the slot's shape that holds the array, seen as that slot. */
  const seed = (prefix: string, name: string, slot: Slot, values: Json): Slot => {
    const node = input(`${prefix} ${name}`, slot.node.rows, slot.node.cols);
    feeds[node.attrs.name] = slot.pack(tensor(values).data);
    return { ...slot, node };
  };

  const inputs = Object.entries(graph.inputs);
  for (const [name, slot] of inputs)
    feeds[slot.node.attrs.name] = slot.pack(tensor(record.inputs[name]).data);
  const { parameters } = graph;
  if (parameters)
    feeds[parameters.node.attrs.name] = packParameters(
      parameters.parameters,
      tensorsOf(record.params, tensor),
    );
  else if (Object.values(record.params).some((array) => tensor(array).data.length > 0))
    throw new Error(`the file has parameters ${Object.keys(record.params)}, but the layer has none`);

  const outputs = Object.entries(graph.outputs);
  const cotangents = outputs.map(([name, slot]) => seed('cotangent of', name, slot, record.cotangents[name]));
  for (const [name, slot] of outputs)
    quantities.push({ ...slot, name: `outputs.${name}`, kind: 'forward', expected: record.outputs[name] });
  const inner = (a: readonly Node[], b: readonly Node[]) =>
    a.map((x, i) => sum(multiply(x, b[i]), 'all')).reduce(add, filled(1, 1, 0));

  /** Adds the gradient of a scalar, by inputs, parameters and, for the second order, cotangents. */
  const differentiate = (
    kind: Kind,
    prefix: string,
    scalar: Node,
    [expected, single]: readonly [Gradients, Gradients],
  ): Node[] => {
    const both = (of: keyof Gradients, name: string) => ({
      expected: expected[of]![name],
      expectedSingle: single[of]![name],
    });
    const slots = inputs.map(([, slot]) => slot);
    const wrt = [...slots, ...cotangents].map(({ node }) => node);
    const all = gradient(scalar, parameters ? [...wrt, parameters.node] : wrt);
    inputs.forEach(([name, slot], i) => {
      const entry = { name: `${prefix}.inputs.${name}`, kind, node: all[i], unpack: slot.unpack };
      quantities.push({ ...entry, ...both('inputs', name) });
    });
    if (expected.cotangents)
      outputs.forEach(([name, slot], i) => {
        const entry = {
          name: `${prefix}.cotangents.${name}`,
          kind,
          node: all[slots.length + i],
          unpack: slot.unpack,
        };
        quantities.push({ ...entry, ...both('cotangents', name) });
      });
    if (parameters)
      for (const name of Object.keys(expected.params)) {
        const unpack = (values: ArrayLike<number>) => parameters.parameters.unpack(values)[name].data;
        const entry = { name: `${prefix}.params.${name}`, kind, node: all[wrt.length], unpack };
        quantities.push({ ...entry, ...both('params', name) });
      }
    return all;
  };

  const scalar = inner(
    cotangents.map(({ node }) => node),
    outputs.map(([, { node }]) => node),
  );
  const first = differentiate('first', 'grads', scalar, [record.grads, recordOfGpu.grads]);
  const { second } = record;
  if (second) {
    const pairs = inputs.flatMap(([name, slot], i) =>
      name in second.v ? [{ gradient: first[i], v: seed('v of', name, slot, second.v[name]).node }] : [],
    );
    const value = inner(
      pairs.map((pair) => pair.v),
      pairs.map((pair) => pair.gradient),
    );
    const ofGpu = recordOfGpu.second!;
    const values = { expected: second.value, expectedSingle: ofGpu.value };
    quantities.push({ ...plain(value), name: 'second.value', kind: 'second', ...values });
    differentiate('second', 'second.grads', value, [second.grads, ofGpu.grads]);
  }
  await compareQuantities(quantities, feeds, measure, gpu, tensor);
}

/** The packed row of e3nn's arrays. Parameters without numbers may be missing on either side. */
export function packParameters(
  parameters: Parameters,
  arrays: Readonly<Record<string, Tensor>>,
): Float64Array {
  const known = new Map(
    parameters.list.map(({ name, shape }) => [name, { shape, data: new Float64Array(0) }]),
  );
  const empty = [...known].filter(([, { shape }]) => product(shape) === 0);
  const full = Object.entries(arrays).filter(([name, { data }]) => known.has(name) || data.length > 0);
  return parameters.pack(Object.fromEntries([...empty, ...full]));
}

/** The tensors behind an object of tensor objects. */
export function tensorsOf(arrays: Arrays, tensor: (object: Json) => Tensor): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, tensor(array)]));
}

function expectNames(what: string, file: Arrays, graph: object): void {
  const [expected, actual] = [Object.keys(file).sort().join(), Object.keys(graph).sort().join()];
  if (expected !== actual) throw new Error(`the file has the ${what} ${expected}, and the runner ${actual}`);
}
