import { Irreps, type IrrepsLike } from '../o3/irreps.ts';
import { Random } from '../o3/random.ts';
import { randMatrix } from '../o3/rotation-group.ts';

/**
 * How an array changes under a symmetry: irreps turn; "cartesian_points" (rows of x, y, z) turn, move and are
 * inverted; null stays as it is (numbers of edges, weights). The names are those of e3nn's `equivariance_error`.
 */
export type Behaviour = IrrepsLike | 'cartesian_points' | null;

/** Arrays in, arrays out, row-major in e3nn's layout; what it computes on is its own business. */
export type ArrayModel = (
  ...inputs: Float64Array[]
) => ArrayLike<number> | ArrayLike<number>[] | Promise<ArrayLike<number> | ArrayLike<number>[]>;

/** What `equivarianceErrors` tries, and what `assertEquivariant` allows. */
export interface EquivarianceOptions {
  /** Rows of each input, which is drawn from the standard normal distribution; default 4 each. */
  readonly rows?: number | readonly number[];
  /** The inputs themselves, row-major. */
  readonly inputs?: readonly ArrayLike<number>[];
  /** Random group elements tried for each symmetry; default 3. */
  readonly trials?: number;
  /** Seed of the random inputs and group elements; default 0. */
  readonly seed?: number;
  /**
   * What happens to an output when the rows of all inputs are permuted: its rows are ("rows", the default) or nothing
   * ("none", for outputs summed over rows); false where the model is not made for other orders.
   */
  readonly permutation?: 'rows' | 'none' | false;
  /**
   * What differences are divided by: the largest entry of all outputs, but no less than 1 ("at least 1", the default: then
   * small outputs are compared absolutely, as in e3nn), or the largest entry of each output ("relative").
   */
  readonly scale?: 'at least 1' | 'relative';
  /** Largest difference allowed after that division; default 1e-4. */
  readonly tolerance?: number;
}

/** The symmetries of point clouds that are tried. */
export type Symmetry = 'rotation' | 'inversion' | 'translation' | 'permutation';

/** Largest difference seen for each symmetry, divided as `EquivarianceOptions.scale` says. */
export type EquivarianceErrors = Readonly<Record<Symmetry, number>>;

/** A change of an array: an orthogonal matrix, a shift of points, an order of rows. */
interface Change {
  readonly matrix?: readonly number[];
  readonly shift?: readonly number[];
  readonly order?: readonly number[];
}

/**
 * Measures f(g x) - g f(x) for random rotations, inversion, translations and permutations g
 * (e3nn `util.test.equivariance_error`).
 *
 * @param model f, of one row-major array an input
 * @param irrepsIn how each input changes
 * @param irrepsOut how each output changes
 * @throws Error if the model gives another number of outputs, a length fits no whole rows, or permutations are tried and the
 * rows of inputs or outputs differ.
 * @example
 * ```ts
 * import { type ArrayModel, equivarianceErrors } from 'clebsch';
 * // The cross product of two vectors is a pseudovector: 1e, not 1o.
 * const cross: ArrayModel = ([a, b, c], [x, y, z]) => [b * z - c * y, c * x - a * z, a * y - b * x];
 * const errors = await equivarianceErrors(cross, ['1o', '1o'], '1e', { rows: 1 });
 * errors.rotation < 1e-12 && errors.inversion < 1e-12; // => true
 * const wrong = await equivarianceErrors(cross, ['1o', '1o'], '1o', { rows: 1 });
 * wrong.inversion > 0.1; // => true
 * ```
 */
export async function equivarianceErrors(
  model: ArrayModel,
  irrepsIn: Behaviour | readonly Behaviour[],
  irrepsOut: Behaviour | readonly Behaviour[],
  options: EquivarianceOptions = {},
): Promise<EquivarianceErrors> {
  return (await measured(model, irrepsIn, irrepsOut, options)).errors;
}

/** The errors, and the largest entry of the outputs. */
async function measured(
  model: ArrayModel,
  irrepsIn: Behaviour | readonly Behaviour[],
  irrepsOut: Behaviour | readonly Behaviour[],
  options: EquivarianceOptions,
): Promise<{ errors: EquivarianceErrors; size: number }> {
  const { trials = 3, permutation = 'rows', scale = 'at least 1' } = options;
  const random = new Random(options.seed ?? 0);
  const inputKinds = listOf(irrepsIn);
  const outputKinds = listOf(irrepsOut);
  for (const [name, list] of Object.entries({ inputs: options.inputs, rows: options.rows }))
    if (Array.isArray(list) && list.length !== inputKinds.length)
      throw new Error(
        `equivariance: ${inputKinds.length} inputs were described, but ${name} has ${list.length}`,
      );
  const inputs = inputKinds.map((kind, i) => {
    if (options.inputs) return Float64Array.from(options.inputs[i]);
    const rows = typeof options.rows === 'number' || !options.rows ? (options.rows ?? 4) : options.rows[i];
    return random.normals(rows * columnsOf(kind));
  });
  const inputRows = inputs.map((x, i) => rowsOf(`input ${i}`, x, inputKinds[i]));
  const run = async (values: Float64Array[]) => {
    const result = await model(...values);
    const list =
      Array.isArray(result) && typeof result[0] !== 'number'
        ? (result as ArrayLike<number>[])
        : [result as ArrayLike<number>];
    if (list.length !== outputKinds.length)
      throw new Error(
        `equivariance: the model gave ${list.length} outputs, but ${outputKinds.length} were described`,
      );
    return list.map((r) => Float64Array.from(r));
  };
  const still = await run(inputs);
  const outputRows = still.map((y, i) => rowsOf(`output ${i}`, y, outputKinds[i]));
  const sizes = still.map(largest);
  const size = Math.max(0, ...sizes);
  const divisors = sizes.map((own) => (scale === 'relative' ? own || 1 : Math.max(1, size)));
  const errors = { rotation: 0, inversion: 0, translation: 0, permutation: 0 };
  const measure = async (symmetry: Symmetry, onInputs: Change, onOutputs: Change) => {
    const moved = await run(inputs.map((x, i) => change(x, inputKinds[i], onInputs)));
    moved.forEach((output, i) => {
      const expected = change(still[i], outputKinds[i], onOutputs);
      if (output.length !== expected.length)
        throw new Error(
          `equivariance: output ${i} has ${expected.length} numbers, but ${output.length} after ${symmetry} of the inputs`,
        );
      const difference = largest(output.map((v, k) => v - expected[k]));
      errors[symmetry] = Math.max(errors[symmetry], difference / divisors[i]);
    });
  };
  const minusOne = [-1, 0, 0, 0, -1, 0, 0, 0, -1];
  await measure('inversion', { matrix: minusOne }, { matrix: minusOne });
  for (let trial = 0; trial < trials; trial++) {
    const matrix = randMatrix(random);
    await measure('rotation', { matrix }, { matrix });
    if (inputKinds.includes('cartesian_points')) {
      const shift = Array.from(random.normals(3));
      await measure('translation', { shift }, { shift });
    }
    if (permutation) {
      if (new Set(inputRows).size !== 1)
        throw new Error(
          'equivariance: inputs have different numbers of rows; pass permutation: false, or permute inside',
        );
      const [count] = inputRows;
      outputRows.forEach((rows, i) => {
        if (permutation === 'rows' && rows !== count && outputKinds[i] !== null)
          throw new Error(
            `equivariance: output ${i} has ${rows} rows and the inputs ${count}, so a permutation of the inputs is none of ` +
              "the output; pass permutation: 'none' for sums over rows, or false",
          );
      });
      const order = Array.from({ length: count }, (_, i) => i);
      random.shuffle(order);
      await measure('permutation', { order }, permutation === 'rows' ? { order } : {});
    }
  }
  return { errors, size };
}

/**
 * Checks a model by `equivarianceErrors`, whose result it gives (e3nn `util.test.assert_equivariant`).
 * `assertEquivariantModel` does so for a graph, on a GPU or without one.
 *
 * @throws Error if an error is larger than `options.tolerance`; it says which symmetry is broken and by how much. Also if
 * outputs are so small (less than ten times the tolerance, compared absolutely) that any would pass; or as
 * `equivarianceErrors` does.
 * @example
 * ```ts
 * import { type ArrayModel, assertEquivariant } from 'clebsch';
 * const squares: ArrayModel = (x) => x.map((v) => v * v);
 * const says = (error: Error) => error.message.slice(0, 46);
 * await assertEquivariant(squares, '1o', '1o').catch(says); // => "the model is not equivariant under rotation (e"
 * ```
 */
export async function assertEquivariant(
  model: ArrayModel,
  irrepsIn: Behaviour | readonly Behaviour[],
  irrepsOut: Behaviour | readonly Behaviour[],
  options: EquivarianceOptions = {},
): Promise<EquivarianceErrors> {
  const { tolerance = 1e-4 } = options;
  const { errors, size } = await measured(model, irrepsIn, irrepsOut, options);
  const broken = Object.entries(errors).filter(([, error]) => !(error <= tolerance));
  if (broken.length > 0)
    throw new Error(
      `the model is not equivariant under ${broken.map(([symmetry, error]) => `${symmetry} (error ${error.toExponential(2)})`).join(', ')}; ` +
        `allowed is ${tolerance}. Inputs: ${listOf(irrepsIn).join(', ')}; outputs: ${listOf(irrepsOut).join(', ')}`,
    );
  if (options.scale !== 'relative' && size > 0 && size < 10 * tolerance)
    throw new Error(
      `assertEquivariant: no entry of the outputs is larger than ${size.toExponential(2)}, so differences up to ${tolerance} ` +
        "say nothing; pass scale: 'relative', or a smaller tolerance",
    );
  return errors;
}

/** A list of [mul, irrep] pairs is irreps; any other list is one behaviour an array. */
function listOf(kinds: Behaviour | readonly Behaviour[]): readonly Behaviour[] {
  return Array.isArray(kinds) && !Array.isArray(kinds[0]) ? kinds : [kinds as Behaviour];
}

function columnsOf(kind: Behaviour): number {
  if (kind === null) return 1;
  return kind === 'cartesian_points' ? 3 : Irreps.parse(kind).dim;
}

/** Rows of an array; what stays as it is has one number a row. */
function rowsOf(what: string, values: Float64Array, kind: Behaviour): number {
  const columns = columnsOf(kind);
  if (columns === 0 ? values.length > 0 : values.length % columns !== 0)
    throw new Error(
      `equivariance: ${what} has ${values.length} numbers, which are no rows of ${columns} (${kind})`,
    );
  return columns === 0 ? 0 : values.length / columns;
}

function largest(values: Float64Array): number {
  return values.reduce(
    (most, v) => (Number.isNaN(v) ? Number.POSITIVE_INFINITY : Math.max(most, Math.abs(v))),
    0,
  );
}

function change(values: Float64Array, kind: Behaviour, { matrix, shift, order }: Change): Float64Array {
  if (kind === null) return values;
  const cols = columnsOf(kind);
  const rows = values.length / cols;
  const out = new Float64Array(values.length);
  const d = matrix && (kind === 'cartesian_points' ? matrix : Irreps.parse(kind).D({ matrix }));
  for (let r = 0; r < rows; r++) {
    const from = (order ? order[r] : r) * cols;
    for (let i = 0; i < cols; i++) {
      let v = 0;
      if (d) for (let j = 0; j < cols; j++) v += d[i * cols + j] * values[from + j];
      else v = values[from + i];
      out[r * cols + i] = shift && kind === 'cartesian_points' ? v + shift[i] : v;
    }
  }
  return out;
}
