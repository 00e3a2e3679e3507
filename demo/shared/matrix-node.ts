import {
  add,
  broadcast,
  contract,
  expression,
  gradient,
  map,
  multiply,
  type Node,
  subtract,
  sum,
} from '../../src/index.ts';

/**
 * The matrix product a W of values: rows x mulOut from a (rows x mulIn) and W in one row, 1 x (mulIn mulOut), row-major:
 * `contract` with a single block, so that matrices can be fed as they are.
 */
export function matrixProduct(a: Node, w: Node): Node {
  const [mulIn, mulOut] = [a.cols, w.cols / a.cols];
  const block = { a: 0, aStride: mulIn, o: 0, oStride: mulOut, w: 0, mulIn, mulOut, dim: 1, coefficient: 1 };
  return contract({ blocks: [block], aCols: mulIn, wCols: w.cols, oCols: mulOut, perSample: false }, a, w);
}

/** |value| times the direction of its row: rows x 3, points of the surface that shows a function of the direction. */
export function radialPoints(directions: Node, values: Node): Node {
  const radius = map(expression.abs(expression.argument(0)), values);
  return multiply(directions, broadcast(radius, directions.rows, 3));
}

/**
 * Directions across that surface, f n - (grad f - n (n . grad f)), by the engine's own gradient: rows x 3, of any length.
 *
 * @param values f, rows x 1, computed from `directions`
 */
export function radialNormals(directions: Node, values: Node): Node {
  const [slope] = gradient(sum(values, 'all'), [directions]);
  const outward = add(values, sum(multiply(directions, slope), 'cols'));
  return subtract(multiply(directions, broadcast(outward, directions.rows, 3)), slope);
}

/** The sum over rows of values times weights, column by column: 1 x cols (a quadrature). */
export function weightedSumOfRows(values: Node, weights: Node): Node {
  return sum(multiply(values, broadcast(weights, values.rows, values.cols)), 'rows');
}

/** For each value, `positive` or `negative` (1 x 4 each) by its sign: rows x 4, red, green, blue and opacity. */
export function signColours(values: Node, positive: Node, negative: Node): Node {
  const { argument, add, mul, step, sub } = expression;
  const [rows, cols] = [values.rows, 4];
  const [v, p, n] = [argument(0), argument(1), argument(2)];
  return map(
    add(n, mul(step(v), sub(p, n))),
    broadcast(values, rows, cols),
    broadcast(positive, rows, cols),
    broadcast(negative, rows, cols),
  );
}
