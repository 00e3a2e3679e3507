import { constantOp, inputOp, stateOp } from '../../src/graph/leaf.ts';
import { ALIGNMENT, type Plan } from '../../src/graph/memory.ts';
import { type Node, shapeOf } from '../../src/graph/node.ts';
import type { Feeds } from '../../src/graph/reference.ts';

/**
 * Runs a memory plan as a GPU would, in f64, with arrays for buffers. Every value that a step reads from its buffer is
 * compared with what it must be by the graph alone, so that nothing can be overwritten too early or found too late.
 */
export class Simulation {
  private readonly plan: Plan;
  private readonly buffers: Float64Array[];
  private runs = 0;

  constructor(plan: Plan) {
    this.plan = plan;
    this.buffers = plan.buffers.map(({ size, leaf }) => {
      if (leaf?.op === stateOp) return Float64Array.from(leaf.attrs.initial);
      if (leaf?.op === constantOp) return Float64Array.from(leaf.attrs.data);
      return new Float64Array(Math.max(1, size));
    });
  }

  /**
   * One run; the prologue only where an input has other numbers than before. Throws where a step breaks a rule of
   * WebGPU or reads something else than it should.
   */
  run(feeds: Feeds): void {
    let stale = this.runs++ === 0;
    this.plan.buffers.forEach(({ leaf }, i) => {
      if (!leaf || leaf.op === stateOp || leaf.op === constantOp) return;
      const fed = Float64Array.from(feeds[leaf.attrs.name]);
      stale ||= fed.some((v, at) => v !== this.buffers[i][at]);
      this.buffers[i].set(fed);
    });
    const values = new Map<Node, Float64Array>();
    this.plan.buffers.forEach(({ leaf }, i) => {
      if (leaf) values.set(leaf, this.buffers[i].slice(0, leaf.rows * leaf.cols));
    });
    this.plan.dispatches.forEach((nodes, at) => {
      if (at < this.plan.prologue && !stale) return;
      const label = `dispatch ${at} of ${this.plan.dispatches.length}`;
      if (nodes.length > 1 || nodes[0].op.batch?.needed) this.checkBatch(nodes, label);
      const results = nodes.map((node) =>
        this.check(node, values, `${label}, ${node.op.name} ${shapeOf(node)}`),
      );
      for (const { node, buffer, offset } of results)
        this.buffers[buffer].set(expectedValue(node, values), offset);
    });
  }

  /** Where the value of a step is to be written; its inputs must be what they should be. */
  private check(node: Node, values: Map<Node, Float64Array>, label: string) {
    const result = this.placeOf(node, label);
    node.inputs.forEach((input, i) => {
      const place = this.placeOf(input, `${label}, input ${i}`);
      const inPlace = i === 0 && node.op.overwrites === true;
      if (inPlace !== (place.buffer === result.buffer))
        throw new Error(
          `${label}: ${inPlace ? 'does not overwrite' : 'reads and writes the buffer of'} input ${i}`,
        );
      if (inPlace && place.offset !== result.offset) throw new Error(`${label}: overwrites elsewhere`);
      assertSame(
        this.read(input, label),
        expectedValue(input, values),
        `${label}: input ${i}, ${input.op.name}`,
      );
    });
    return { node, ...result };
  }

  /** Steps of one dispatch: one op, one buffer for their results, and one for all inputs of a role. */
  private checkBatch(nodes: readonly Node[], label: string): void {
    const [{ op }] = nodes;
    if (new Set(nodes.map((node) => node.op.batch?.key(node))).size > 1 || !op.batch)
      throw new Error(`${label}: steps that cannot share a dispatch`);
    const roles = new Map<number, Node[]>([[-1, [...nodes]]]);
    for (const node of nodes)
      op.batch.roles(node).forEach((inputs, role) => {
        roles.set(role, [...(roles.get(role) ?? []), ...inputs.map((i) => node.inputs[i])]);
      });
    const buffers = [...roles.values()].map((all) => new Set(all.map((x) => this.placeOf(x, label).buffer)));
    if (buffers.some(({ size }) => size !== 1)) throw new Error(`${label}: several buffers for one binding`);
  }

  /** Replaces the numbers of a state. */
  write(name: string, values: Float64Array): void {
    const at = this.plan.buffers.findIndex(({ leaf }) => leaf?.op === stateOp && leaf.attrs.name === name);
    this.buffers[at].set(values);
  }

  /** The numbers that stand where the plan says that a value stands. */
  read(node: Node, label = 'read'): Float64Array {
    const { buffer, offset } = this.placeOf(node, label);
    return this.buffers[buffer].slice(offset, offset + node.rows * node.cols);
  }

  private placeOf(node: Node, label: string) {
    const place = this.plan.places.get(node);
    if (!place) throw new Error(`${label}: ${node.op.name} ${shapeOf(node)} stands nowhere`);
    if (place.offset % ALIGNMENT !== 0)
      throw new Error(`${label}: stands at ${place.offset}, where nothing can be bound`);
    // A binding holds at least one number.
    const end = place.offset + Math.max(1, node.rows * node.cols);
    if (end > Math.max(1, this.plan.buffers[place.buffer].size))
      throw new Error(`${label}: stands beyond its buffer`);
    return place;
  }
}

/** The value by the definitions of the ops alone, whatever the plan says. */
function expectedValue(node: Node, values: Map<Node, Float64Array>): Float64Array {
  const known = values.get(node);
  if (known) return known;
  if (node.op === inputOp) throw new Error(`input ${node.attrs.name} has no buffer`);
  const inputs = node.inputs.map((input) => expectedValue(input, values));
  const value =
    node.op === constantOp
      ? Float64Array.from(node.attrs.data as Float64Array)
      : node.op.reference(inputs, node);
  values.set(node, value);
  return value;
}

function assertSame(actual: Float64Array, expected: Float64Array, label: string): void {
  const at = expected.findIndex((v, i) => !Object.is(v, actual[i]));
  if (at >= 0 || actual.length !== expected.length)
    throw new Error(`${label} holds ${actual[at]} at ${at}, but must hold ${expected[at]}`);
}
