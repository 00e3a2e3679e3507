import * as e from '../graph/expression.ts';
import { input } from '../graph/leaf.ts';
import { apply, type Node, type Op, shapeOf } from '../graph/node.ts';
import { multiply } from './map.ts';
import { sum } from './sum.ts';

export interface RadialBasisAttrs {
  /** The function, of the distance (argument 0) and of one number per basis function (argument 1). */
  readonly basis: e.Expression;
  /** That number for each basis function: a centre, or a frequency. */
  readonly values: readonly number[];
}

/**
 * Column n is the basis function with number values[n] at each distance (a column): rows x values.length.
 * Its derivative is the same op over the derivative of the function.
 */
export const radialBasisOp: Op<RadialBasisAttrs> = {
  name: 'radialBasis',
  shape([x], { values }) {
    if (x.cols !== 1) throw new Error(`radialBasis: distances are one column, got ${shapeOf(x)}`);
    return { rows: x.rows, cols: values.length };
  },
  reference([x], { rows, cols, attrs: { basis, values } }) {
    const out = new Float64Array(rows * cols);
    for (let r = 0; r < rows; r++)
      for (let n = 0; n < cols; n++) out[r * cols + n] = e.evaluate(basis, [x[r], values[n]]);
    return out;
  },
  gradient: ({ inputs: [x], attrs: { basis, values } }, cotangent) => [
    () => {
      const slope = radialBasis(x, e.differentiate(basis, 0), values);
      return sum(multiply(slope, cotangent), 'cols');
    },
  ],
  byRows: ({ attrs }) => ({ inputs: [0], sums: false, part: (parts) => apply(radialBasisOp, parts, attrs) }),
  kernel({ rows, cols, attrs: { basis, values } }) {
    const { lines, result } = e.toWgsl(basis, ['x', 'v']);
    return {
      shader: 'radial-basis',
      params: {
        SIZE: `${rows * cols}u`,
        COLS: `${cols}u`,
        VALUES: `array(${values.map(e.literal).join(', ')})`,
      },
      slots: { basis: [...lines, `return ${result};`].join('\n') },
      bindings: { distances: 0, result: 'result' },
      workgroups: Math.ceil((rows * cols) / 64),
    };
  },
  key: ({ basis, values }) => {
    const { lines, result } = e.toWgsl(basis, ['x', 'v']);
    return `${lines.join('')}${result} ${values}`;
  },
  print: ({ basis, values }) => `${values.length}: ${e.print(basis)}`,
  examples() {
    const [x, v] = [e.argument(0), e.argument(1)];
    const d = e.sub(x, v);
    return [
      radialBasis(input('x', 7, 1), e.exp(e.neg(e.mul(d, d))), [-0.5, 0, 0.5]),
      radialBasis(input('x', 7, 1), e.mul(v, e.sinc(e.mul(v, x))), [1, 2]),
      radialBasis(
        input('x', 7, 1),
        e.mul(e.softUnitStep(e.add(d, e.number(1))), e.softUnitStep(e.sub(e.number(1), d))),
        [0, 0.4],
      ),
    ];
  },
};

/**
 * A family of functions of the distance: column n is `basis` with the number `values[n]` (a centre, a frequency).
 * x is rows x 1, the result rows x values.length. `softOneHotLinspace` has e3nn's families.
 *
 * @param basis an expression of the distance (argument 0) and of the function's number (argument 1)
 * @throws Error if x has more than one column.
 * @example
 * ```ts
 * import { expression as e, input, radialBasis, reference } from 'clebsch';
 * const [x, centre] = [e.argument(0), e.argument(1)];
 * const y = radialBasis(input('x', 1, 1), e.power(e.sub(x, centre), 2), [0, 1, 2]);
 * reference([y], { x: [3] }); // => [[9, 4, 1]]
 * ```
 */
export function radialBasis(x: Node, basis: e.Expression, values: readonly number[]): Node {
  return apply(radialBasisOp, [x], { basis, values });
}
