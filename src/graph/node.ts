/**
 * The graph's two nouns: a node, and the record of its op.
 *
 * Every value is a matrix, `rows` x `cols`, row-major. A scalar is 1 x 1, a packed weight vector is
 * 1 x n, a batch of features is one row a sample. Two dimensions are all that the op set needs:
 * what a column means (which irrep, multiplicity and component) is written in the attributes of the ops.
 */

import type { Expression } from './expression.ts';
import type { Optimizations } from './optimizations.ts';

/** Number type of a value on the GPU: "f32", or "u32" for index maps. */
export type DType = 'f32' | 'u32';

/** Size of a matrix. */
export interface Shape {
  readonly rows: number;
  readonly cols: number;
  /** Number type on the GPU; `f32` unless said otherwise. */
  readonly dtype?: DType;
}

/**
 * One value of a program: an op applied to earlier values. A value is always a matrix, rows x cols, row-major:
 * a scalar is 1 x 1, a packed weight vector 1 x n, a batch of features one row a sample. Nodes are immutable;
 * calling an op makes one, and nothing is computed until `reference` or a compiled program runs.
 *
 * @example
 * ```ts
 * import { input, sum } from 'clebsch';
 * const total = sum(input('x', 69, 36), 'rows');
 * [total.op.name, total.rows, total.cols]; // => ["sum", 1, 36]
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: a graph mixes ops; each record knows the type of its own attributes.
export interface Node<A = any> {
  /** Counts up as nodes are made. */
  readonly id: number;
  readonly op: Op<A>;
  /** The values that the op is applied to; none for a leaf. */
  readonly inputs: readonly Node[];
  /** What the op was told besides its inputs: a name, a range of columns, a list of paths. */
  readonly attrs: A;
  readonly rows: number;
  readonly cols: number;
  readonly dtype: DType;
}

/** A WGSL kernel for one node: which file of `shaders/`, what is written into it, and what it is bound to. */
export interface Kernel {
  /** Name of the shader family: a file of `shaders/` without its ending. */
  readonly shader: string;
  /** Its text, where the op brings it along: what few programs need is no part of every bundle. */
  readonly text?: string;
  /** Values for the lines marked `//#param`. */
  readonly params?: Readonly<Record<string, number | string>>;
  /** Generated bodies for the places marked `//#slot`; a slot that is not named keeps its default body. */
  readonly slots?: Readonly<Record<string, string>>;
  /** WGSL variable name to the position of the input bound to it, or to the node's own value; in a batch also to any input. */
  readonly bindings: Readonly<Record<string, number | 'result' | Node>>;
  /** Bindings that are given the whole buffer: in a batch the kernel knows where its values stand in it. */
  readonly whole?: readonly string[];
  /** Constant whole numbers for further bindings: sizes and offsets that would otherwise be written into the code. */
  readonly tables?: Readonly<Record<string, Uint32Array>>;
  /** The same value by the shader's default slots: slow, readable, and what the generated code is tested against. */
  readonly plain?: Kernel;
  /** Number of workgroups in all; they are spread over two dimensions when one is not enough. */
  readonly workgroups: number;
}

/**
 * What an op is: one record. A missing field does not compile.
 * `A` is the type of the attributes, everything that is known when the graph is traced.
 */
export interface Op<A> {
  /** As printed programs and error messages have it. */
  readonly name: string;
  /** Shape of the value; throws an error that names the sizes (or irreps) that disagree. */
  shape(inputs: readonly Node[], attrs: A): Shape;
  /** The definition, slow and obvious, in f64. */
  reference(inputs: readonly Float64Array[], node: Node<A>): Float64Array;
  /**
   * The gradient by each input, given the cotangent of the value, as nodes of the same op set.
   * Thunks, since few of them are wanted; null for an input that has no gradient (indices).
   */
  gradient(node: Node<A>, cotangent: Node): readonly ((() => Node) | null)[];
  /** How a GPU computes it (all rules on, unless told otherwise); null for leaves and for values that are views of other values. */
  kernel: ((node: Node<A>, optimizations?: Optimizations) => Kernel) | null;
  /** Small nodes over inputs that the law tests run: gradient, gradient of gradient, GPU against reference. */
  readonly examples: () => readonly Node[];
  /** Short text of the attributes for printed programs. */
  print?(attrs: A): string;
  /** Text that is equal for equal attributes; by default objects are equal only to themselves. */
  key?(attrs: A): string;
  /** An equal, simpler value, or null. */
  simplify?(node: Node<A>): Node | null;
  /** Linear in each input (zero as soon as one is zero), or in all of them together (zero when all are zero). */
  readonly linear?: 'each' | 'jointly';
  /** The op as a table of pointwise pieces, where it is one: what fusion works on. */
  pointwise?(node: Node<A>): readonly Piece[];
  /** How nodes that need nothing of each other share a dispatch, where they can. */
  readonly batch?: Batch<A>;
  /** The kernel finds input 0 in its result's buffer and writes over it: a state, or a sum, that is updated in place. */
  readonly overwrites?: true;
  /** How the op works on a few of its rows at a time, where it does. Pointwise ops need not say it. */
  byRows?(node: Node<A>): ByRows | null;
}

/** Rows start .. start + count of a value. */
export interface RowRange {
  readonly start: number;
  readonly count: number;
}

/** How an op works on a few rows at a time: either row by row, or as a sum over rows. */
export interface ByRows {
  /** The inputs of which a row of the value needs that row only, or which are summed over; the others are needed whole. */
  readonly inputs: readonly number[];
  /** The value is a sum over the rows of those inputs, not a row for each of theirs. */
  readonly sums: boolean;
  /** The value's rows in the range, or the range's part of the sum, from those inputs cut to the range. */
  part(inputs: readonly Node[], range: RowRange): Node;
  /** `before` plus the range's part of the sum, in the buffer of `before`, where the op can do both at once. */
  add?(before: Node, inputs: readonly Node[], range: RowRange): Node;
  /** Products that a number of the value takes; where it is many, the value is stored rather than computed again. */
  readonly products?: number;
}

/** How several nodes of an op are computed by one kernel. */
export interface Batch<A> {
  /** Nodes with equal keys may share a kernel; null for a node that may not. */
  key(node: Node<A>): string | null;
  /** Inputs by role: in a batch all inputs of a role stand in one buffer, as do the results. */
  roles(node: Node<A>): readonly (readonly number[])[];
  /** The op has no other kernel: the memory plan must find a buffer for each role, or refuse it. */
  readonly needed?: true;
  /** Whether a kernel that may read `maxInputs` buffers has room for all of them. */
  fits?(nodes: readonly Node<A>[], maxInputs: number): boolean;
  /**
   * The kernel of all of them, bound to whole buffers: bindings name an input of the first node. `offsetOf` says where a
   * value starts in its buffer, in numbers.
   */
  kernel(nodes: readonly Node<A>[], offsetOf: (node: Node) => number, optimizations?: Optimizations): Kernel;
}

/**
 * A column range of a pointwise value and the scalar expression that fills it.
 * Argument i of the expression is read through `views[i]`.
 */
export interface Piece {
  readonly start: number;
  readonly end: number;
  readonly expression: Expression;
  readonly views: readonly View[];
  /** The expression is summed over so many columns, which views count from 0; the piece is then as wide as one column. */
  readonly over?: number;
}

/** Where a pointwise kernel reads, for row r and column c of its value: input[row ? r : 0, column ? c + offset : offset]. */
export interface View {
  readonly input: number;
  readonly row: boolean;
  readonly column: boolean;
  readonly offset: number;
}

let nextId = 0;

/** Applies an op: checks the shapes and makes the node. */
export function apply<A>(op: Op<A>, inputs: readonly Node[], attrs: A): Node<A> {
  const { rows, cols, dtype = 'f32' } = op.shape(inputs, attrs);
  if (!Number.isInteger(rows) || !Number.isInteger(cols) || rows < 0 || cols < 0)
    throw new Error(`${op.name}: a value must have whole numbers of rows and columns, not ${rows}x${cols}`);
  return { id: nextId++, op, inputs, attrs, rows, cols, dtype };
}

/** "69x36", as in messages and printed programs. */
export function shapeOf(node: Shape): string {
  return `${node.rows}x${node.cols}`;
}

/**
 * The nodes that the given ones depend on, themselves included, every node after its inputs, and after what `also`
 * says must come before it.
 */
export function topologicalOrder(
  outputs: readonly Node[],
  also: (node: Node) => readonly Node[] = () => [],
): Node[] {
  const seen = new Set<Node>();
  const order: Node[] = [];
  // An explicit stack: a deep network must not overflow the call stack.
  const stack: { node: Node; before: readonly Node[]; next: number }[] = [];
  const visit = (node: Node) => {
    if (seen.has(node)) return;
    seen.add(node);
    const others = also(node);
    stack.push({ node, before: others.length > 0 ? [...others, ...node.inputs] : node.inputs, next: 0 });
  };
  for (const output of outputs) {
    visit(output);
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (top.next < top.before.length) visit(top.before[top.next++]);
      else {
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}

/** A copy of the node over other inputs (the node itself where nothing changes). */
export function withInputs<A>(node: Node<A>, inputs: readonly Node[]): Node<A> {
  if (inputs.every((input, i) => input === node.inputs[i])) return node;
  return apply(node.op, inputs, node.attrs);
}
