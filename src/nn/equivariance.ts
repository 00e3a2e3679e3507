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
  /** Largest difference allowed, relative to the largest entry of the output (at least 1); default 1e-4. */
  readonly tolerance?: number;
}

/** The symmetries of point clouds that are tried. */
export type Symmetry = 'rotation' | 'inversion' | 'translation' | 'permutation';

/** Largest difference seen for each symmetry, relative to the largest entry of the output (at least 1). */
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
 * @throws Error if the model gives another number of outputs, or the inputs' rows differ and permutations are tried.
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
  const { trials = 3, permutation = 'rows' } = options;
  const random = new Random(options.seed ?? 0);
  const inputKinds = listOf(irrepsIn);
  const outputKinds = listOf(irrepsOut);
  const inputs = inputKinds.map((kind, i) => {
    if (options.inputs) return Float64Array.from(options.inputs[i]);
    const rows = typeof options.rows === 'number' || !options.rows ? (options.rows ?? 4) : options.rows[i];
    return random.normals(rows * columnsOf(kind));
  });
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
  const scale = Math.max(1, ...still.flatMap((o) => [largest(o)]));
  const errors = { rotation: 0, inversion: 0, translation: 0, permutation: 0 };
  const measure = async (symmetry: Symmetry, onInputs: Change, onOutputs: Change) => {
    const moved = await run(inputs.map((x, i) => change(x, inputKinds[i], onInputs)));
    moved.forEach((output, i) => {
      const expected = change(still[i], outputKinds[i], onOutputs);
      errors[symmetry] = Math.max(errors[symmetry], largest(output.map((v, k) => v - expected[k])) / scale);
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
      const counts = new Set(inputKinds.map((kind, i) => inputs[i].length / columnsOf(kind)));
      if (counts.size !== 1)
        throw new Error(
          'equivariance: inputs have different numbers of rows; pass permutation: false, or permute inside',
        );
      const order = Array.from({ length: [...counts][0] }, (_, i) => i);
      for (let i = order.length - 1; i > 0; i--) {
        const j = random.integer(i + 1);
        [order[i], order[j]] = [order[j], order[i]];
      }
      await measure('permutation', { order }, permutation === 'rows' ? { order } : {});
    }
  }
  return errors;
}

/**
 * Checks a model by `equivarianceErrors`, whose result it gives (e3nn `util.test.assert_equivariant`).
 * `assertEquivariantModel` does so for a graph, on a GPU or without one.
 *
 * @throws Error if an error is larger than `options.tolerance`; it says which symmetry is broken and by how much.
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
  const errors = await equivarianceErrors(model, irrepsIn, irrepsOut, options);
  const broken = Object.entries(errors).filter(([, error]) => !(error <= tolerance));
  if (broken.length > 0)
    throw new Error(
      `the model is not equivariant under ${broken.map(([symmetry, error]) => `${symmetry} (error ${error.toExponential(2)})`).join(', ')}; ` +
        `allowed is ${tolerance}. Inputs: ${listOf(irrepsIn).join(', ')}; outputs: ${listOf(irrepsOut).join(', ')}`,
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
