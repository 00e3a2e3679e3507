import type { GpuContext } from '../gpu/device.ts';
import { indexOp } from '../graph/index-map.ts';
import { type Node, shapeOf, topologicalOrder } from '../graph/node.ts';
import { type Feeds, reference } from '../graph/reference.ts';
import {
  type ArrayModel,
  assertEquivariant,
  type Behaviour,
  type EquivarianceErrors,
  type EquivarianceOptions,
} from '../nn/equivariance.ts';
import type { GeometricTensor } from '../nn/tensor.ts';
import type { IrrepsLike } from '../o3/irreps.ts';
import { feed, load, unload } from './load.ts';

/** A graph as a function of arrays: what `arrayModel` is told. */
export interface ModelOfTensors {
  /** The leaves that change: features with their layouts, or the positions of points, rows x 3, without one. */
  readonly inputs: readonly (GeometricTensor | Node)[];
  /** What is computed. Forces are a tensor of irreps 1o. */
  readonly outputs: readonly GeometricTensor[];
  /** Numbers for the other leaves, or a function that gives them for inputs (edges that follow the points, say). */
  readonly feeds?: Feeds | ((...inputs: Float64Array[]) => Feeds);
}

/** A compiled graph that takes and gives arrays in e3nn's layout. */
export interface CompiledArrayModel {
  /** The function that `equivarianceErrors` and `assertEquivariant` take. */
  readonly model: ArrayModel;
  /** How its inputs and outputs change, and the inputs' rows, for the same functions. */
  readonly irrepsIn: readonly Behaviour[];
  readonly irrepsOut: readonly IrrepsLike[];
  readonly rows: readonly number[];
  /** Frees the GPU's buffers. */
  dispose(): void;
}

/**
 * Compiles a graph once, as a function from arrays to arrays, row-major in e3nn's layout.
 *
 * @param gpu where it runs, or null for f64 on the host
 * @throws Error if an input is neither a tensor nor positions (rows x 3), or as `compile` does; the function throws as
 * `Executable.write` and `reference` do.
 * @example
 * ```ts
 * import { arrayModel, scale, tensor, tensorInput } from 'clebsch';
 * const x = tensorInput('x', 1, '2x1o'); // x x y y z z inside, x y z x y z outside
 * const twice = tensor(scale(x.node, 2), x.layout);
 * const { model } = await arrayModel(null, { inputs: [x], outputs: [twice] });
 * await model(Float64Array.of(1, 2, 3, 4, 5, 6)); // => [[2, 4, 6, 8, 10, 12]]
 * ```
 */
export async function arrayModel(
  gpu: GpuContext | null,
  { inputs, outputs, feeds = {} }: ModelOfTensors,
): Promise<CompiledArrayModel> {
  const leaves = inputs.map((given) => {
    const node = 'node' in given ? given.node : given;
    const layout = 'node' in given ? given.layout : null;
    if (!layout && node.cols !== 3)
      throw new Error(
        `arrayModel: an input of ${shapeOf(node)} is given without a layout, but only positions have none; ` +
          'pass tensor(node, Layout.of(irreps))',
      );
    return { name: node.attrs.name as string, rows: node.rows, layout };
  });
  const nodes = outputs.map(({ node }) => node);
  const named = Object.fromEntries(nodes.map((node, i) => [i, node]));
  const program = gpu && (await load(gpu, named, typeof feeds === 'function' ? {} : feeds));
  return {
    irrepsIn: leaves.map(({ layout }) => layout?.irreps ?? 'cartesian_points'),
    irrepsOut: outputs.map(({ layout }) => layout.irreps),
    rows: leaves.map(({ rows }) => rows),
    dispose: () => program && unload(program),
    async model(...arrays) {
      const own = Object.fromEntries(
        leaves.map(({ name, layout }, i) => [name, layout ? layout.pack(arrays[i]) : arrays[i]]),
      );
      const all = { ...(typeof feeds === 'function' ? feeds(...arrays) : feeds), ...own };
      if (!program) return reference(nodes, all).map((values, i) => outputs[i].layout.unpack(values));
      feed(program, typeof feeds === 'function' ? all : own);
      const values = await program.runAndRead();
      return outputs.map(({ layout }, i) => layout.unpack(values[i]));
    },
  };
}

/**
 * Checks that a graph is equivariant, as `assertEquivariant` does, in f64 or on the GPU: the irreps are those of its
 * tensors. Permutations are tried where the inputs have one number of rows and no index map is fed fixed numbers.
 *
 * @param gpu where it runs, or null for f64 on the host
 * @param options the default of `permutation` depends on the graph: "rows" if inputs and outputs have one number of rows,
 * "none" if the outputs have others
 * @throws Error if a symmetry is broken, it says which and by how much; or as `arrayModel` does.
 * @example
 * ```ts
 * import { assertEquivariantModel, linearLayer, Parameters, Random, tensorInput, input } from 'clebsch';
 * const layer = linearLayer('3x0e + 2x1o', '1o');
 * const parameters = new Parameters(layer);
 * const x = tensorInput('x', 4, layer.layoutIn);
 * const y = layer.apply(parameters.weights(input('p', 1, parameters.length)), x);
 * const feeds = { p: parameters.initial(new Random(0)) };
 * const errors = await assertEquivariantModel(null, { inputs: [x], outputs: [y], feeds });
 * errors.rotation < 1e-12; // => true
 * ```
 */
export async function assertEquivariantModel(
  gpu: GpuContext | null,
  graph: ModelOfTensors,
  options: EquivarianceOptions = {},
): Promise<EquivarianceErrors> {
  const { model, irrepsIn, irrepsOut, rows, dispose } = await arrayModel(gpu, graph);
  const nodes = graph.outputs.map(({ node }) => node);
  const fixed = typeof graph.feeds !== 'function' && topologicalOrder(nodes).some(({ op }) => op === indexOp);
  const alike = rows.every((n) => n === rows[0]);
  const perRow = nodes.every((node) => node.rows === rows[0]);
  const permutation = fixed || !alike ? false : perRow ? 'rows' : 'none';
  try {
    return await assertEquivariant(model, irrepsIn, irrepsOut, { rows, permutation, ...options });
  } finally {
    dispose();
  }
}
