// Between the arrays of a fixture (any number of leading dimensions, e3nn's column order) and matrices of a graph.
import { type IndexNode, index, packIndexMap } from '../../src/graph/index-map.ts';
import { input } from '../../src/graph/leaf.ts';
import type { Node } from '../../src/graph/node.ts';
import type { Parameter } from '../../src/nn/parameters.ts';
import type { Layout } from '../../src/o3/layout.ts';
import { gather } from '../../src/ops/gather.ts';

/** An array of the fixture as a node: how its numbers get into the node's matrix, and back. */
export interface Slot {
  readonly node: Node;
  pack(values: ArrayLike<number>): ArrayLike<number>;
  unpack(values: ArrayLike<number>): ArrayLike<number>;
}

const same = (values: ArrayLike<number>) => values;

/** A node whose matrix is the array, row-major. */
export function plain(node: Node): Slot {
  return { node, pack: same, unpack: same };
}

/** A node of features in a memory layout; a row may hold several of them (f_in, f_out of a linear map). */
export function features(node: Node, layout: Layout): Slot {
  return { node, pack: (values) => layout.pack(values), unpack: (values) => layout.unpack(values) };
}

/** A node that holds number i of the array at column positions[i] of each row, zeros elsewhere. */
export function placed(node: Node, positions: ArrayLike<number>): Slot {
  const count = positions.length;
  return {
    node,
    pack(values) {
      const out = new Float64Array(node.rows * node.cols);
      for (let r = 0; r < node.rows; r++)
        for (let i = 0; i < count; i++) out[r * node.cols + positions[i]] = values[r * count + i];
      return out;
    },
    unpack(values) {
      const out = new Float64Array(node.rows * count);
      for (let r = 0; r < node.rows; r++)
        for (let i = 0; i < count; i++) out[r * count + i] = values[r * node.cols + positions[i]];
      return out;
    },
  };
}

export const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** The shape that several shapes broadcast to. Throws where they do not fit. */
export function broadcastShape(...shapes: (readonly number[])[]): number[] {
  const length = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length }, (_, axis) => {
    const sizes = shapes
      .map((shape) => shape[axis - length + shape.length] ?? 1)
      .filter((size) => size !== 1);
    if (sizes.some((size) => size !== sizes[0]))
      throw new Error(`the shapes ${shapes.map((s) => `[${s}]`).join(' and ')} do not broadcast`);
    return sizes[0] ?? 1;
  });
}

/** For each row of the broadcast shape, the row of the source: both row-major over their leading dimensions. */
export function broadcastRows(from: readonly number[], to: readonly number[]): number[] {
  const padded = [...new Array<number>(to.length - from.length).fill(1), ...from];
  return Array.from({ length: product(to) }, (_, row) => {
    let [rest, stride, source] = [row, 1, 0];
    for (let axis = to.length - 1; axis >= 0; axis--) {
      const at = rest % to[axis];
      rest = (rest - at) / to[axis];
      if (padded[axis] !== 1) source += at * stride;
      stride *= padded[axis];
    }
    return source;
  });
}

/** Index maps of one graph and the numbers they are fed with. */
export class Indices {
  readonly feeds: Record<string, Uint32Array> = {};

  /** An index map of these rows, each into one of `segments`. */
  map(name: string, rows: ArrayLike<number>, segments: number): IndexNode {
    this.feeds[name] = packIndexMap(rows, rows.length, segments, name);
    return index(name, rows.length, segments);
  }

  /**
   * A node whose rows run over the leading dimensions `from`, repeated to `to`. A gather does it, so that the gradient
   * sums over the repetitions.
   */
  broadcast(node: Node, from: readonly number[], to: readonly number[]): Node {
    if (product(from) === product(to)) return node;
    return this.gather(`broadcast of ${node.attrs.name}`, node, broadcastRows(from, to));
  }

  /** The named rows of a node. */
  gather(name: string, node: Node, rows: readonly number[]): Node {
    return gather(node, this.map(name, rows, node.rows));
  }
}

/** A leaf for an array whose last axis is `cols` wide, a row for each combination of the others. */
export function leaf(name: string, shape: readonly number[], cols: number): Node {
  return input(name, product(shape), cols);
}

/** Weights that a module takes as an argument: e3nn's array of the parameter, with leading dimensions in front. */
export function externalWeights(parameter: Parameter, shape: readonly number[], name = parameter.name): Slot {
  const leading = shape.slice(0, shape.length - parameter.shape.length);
  const positions = parameter.positions ?? Array.from({ length: product(parameter.shape) }, (_, i) => i);
  return placed(leaf(name, leading, parameter.packedLength), positions);
}
