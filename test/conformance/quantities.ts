// Arrays of one graph, computed together and compared one by one.
import type { GpuContext } from '../../src/gpu/device.ts';
import type { Node } from '../../src/graph/node.ts';
import type { Feeds } from '../../src/graph/reference.ts';
import type { Json, Tensor } from '../support/fixture.ts';
import { type Kind, type Measure, numbersOf } from './measure.ts';
import { evaluate } from './on-gpu.ts';

/** One array to compare, of whichever order of derivative. */
export interface Quantity {
  readonly name: string;
  /** Of the comparison on the GPU. */
  readonly kind: Kind;
  readonly node: Node;
  readonly expected: Json;
  /** The same for f32, where that differs. */
  readonly expectedSingle?: Json;
  unpack(values: ArrayLike<number>): ArrayLike<number>;
}

/** An array that is this much smaller than others of its kind is zero, but for e3nn's rounding errors. */
const NEGLIGIBLE = 1e-13;

export async function compareQuantities(
  quantities: readonly Quantity[],
  feeds: Feeds,
  measure: Measure,
  gpu: GpuContext | null,
  tensor: (object: Json) => Tensor,
): Promise<void> {
  // Several parameters are parts of one node; each node is computed and read once.
  const nodes = [...new Set(quantities.map(({ node }) => node))];
  const named = Object.fromEntries(nodes.map((node, i) => [`value ${i}`, node]));
  const { exact, single } = await evaluate(named, feeds, gpu);

  const sizes = quantities.map(({ expected }) => largest(numbersOf(expected, tensor)));
  quantities.forEach(({ name, kind, node, expected, expectedSingle, unpack }, i) => {
    const most = Math.max(...sizes.filter((_, other) => quantities[other].kind === kind));
    const scale = sizes[i] < NEGLIGIBLE * most ? most : undefined;
    const key = `value ${nodes.indexOf(node)}`;
    measure.compare('reference', name, unpack(exact[key]), expected, { scale });
    if (single) measure.compare(kind, name, unpack(single[key]), expectedSingle ?? expected, { scale });
  });
}

function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++)
    if (Number.isFinite(values[i])) most = Math.max(most, Math.abs(values[i]));
  return most;
}
