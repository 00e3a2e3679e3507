import { type Parameter, Weights } from '../nn/parameters.ts';
import type { Irrep } from '../o3/irrep.ts';
import { Irreps } from '../o3/irreps.ts';
import { pathExists } from '../o3/path-selection.ts';
import { slice } from '../ops/slice.ts';
import type { Interaction } from './interaction.ts';

/**
 * For each layer the part of `hidden` that the energy depends on: after the last layer the scalars, after each other one
 * what paths of the next bring to something needed there. (The self-connection keeps irreps, as harmonics of degree 0 do.
 * Gates are even here and leave parities as they are: from scalars every layer reaches 0e.) In NequIP's model the rest is
 * parameters without effect, most of the last layer's paths among them.
 */
export function neededHidden(layers: readonly Interaction[], harmonics: Irreps, hidden: Irreps): Irreps[] {
  const list: Irreps[] = [];
  let isNeeded = (ir: Irrep) => ir.l === 0;
  for (const { gate } of [...layers].reverse()) {
    const keep = isNeeded;
    const part = (irreps: Irreps) =>
      Irreps.parse(
        irreps.blocks.filter(({ ir }) => keep(ir)).map(({ mul, ir }): [number, Irrep] => [mul, ir]),
      );
    list.unshift(part(hidden));
    const gated = part(gate.irrepsGated);
    const targets = part(gate.irrepsScalars).add(
      gated.dim > 0 ? gate.irrepsGates.add(gated) : Irreps.parse(''),
    );
    isNeeded = (ir) => targets.blocks.some((to) => pathExists(Irreps.parse([[1, ir]]), harmonics, to.ir));
  }
  return list;
}

/**
 * The layer `lean`, which computes a part of what `whole` does, with the parameters of `whole`: those that it reads stand
 * in memory as it wants them, the others after them.
 */
export function leanInteraction(lean: Interaction, whole: Interaction): Interaction {
  const sources = sourcesOf(lean, whole);
  const lengths = new Map<string, number>();
  const parameters = whole.parameters.map((parameter, i): Parameter => {
    const own = lean.parameters[i];
    const from = sources[parameter.name] ?? null;
    lengths.set(own.name, own.packedLength);
    if (!from) return own;
    const positions = new Int32Array(parameter.shape.reduce((a, b) => a * b, 1)).fill(-1);
    from.forEach((at, j) => {
      positions[at] = own.positions ? own.positions[j] : j;
    });
    let length = own.packedLength;
    for (let j = 0; j < positions.length; j++) if (positions[j] < 0) positions[j] = length++;
    return { ...parameter, packedLength: length, positions };
  });
  return {
    ...whole,
    parameters,
    apply(weights, ...rest) {
      const used = [...lengths].map(([name, length]) => [name, slice(weights.get(name), 0, length)] as const);
      return lean.apply(new Weights(new Map(used)), ...rest);
    },
  };
}

/** For each weight of the lean layer's parameters, in e3nn's order, its number in the whole one's. */
function sourcesOf(lean: Interaction, whole: Interaction): Record<string, Int32Array> {
  const copies = copiesOf(lean, whole);
  const [own, all] = [blocksOf(lean), blocksOf(whole)];
  const match = (part: keyof WeightBlocks) => {
    const others = new Map(all[part].map((block) => [block.name, block]));
    const from: number[] = [];
    for (const { name, rows, cols, gateInput } of own[part]) {
      const other = others.get(name)!;
      const columns = gateInput === undefined ? null : copies.get(gateInput)!;
      for (let r = 0; r < rows; r++)
        for (let w = 0; w < cols; w++) from.push(other.start + r * other.cols + (columns ? columns[w] : w));
    }
    return Int32Array.from(from);
  };
  // The radial network's last layer has a column for each weight of the paths.
  const radial = match('tp');
  const wholeRadial = whole.tp.spec.weightNumel;
  const rows = lean.fcNeurons.at(-2)!;
  return {
    'sc.weight': match('sc'),
    'lin1.weight': match('lin1'),
    [`fc.layer${lean.fcNeurons.length - 2}.weight`]: Int32Array.from(
      { length: rows * radial.length },
      (_, i) => Math.floor(i / radial.length) * wholeRadial + radial[i % radial.length],
    ),
    'lin2.weight': match('lin2'),
  };
}

/** A block of weights [rows, cols], by a name that is the same in both layers. */
interface WeightBlock {
  readonly name: string;
  readonly start: number;
  readonly rows: number;
  readonly cols: number;
  /** Which of the gate's input irreps the columns are copies of. */
  readonly gateInput?: string;
}

type WeightBlocks = Readonly<Record<'sc' | 'lin1' | 'tp' | 'lin2', readonly WeightBlock[]>>;

/** The blocks of weights of a layer's parts, in order. */
function blocksOf({ sc, lin1, tp, lin2 }: Interaction): WeightBlocks {
  const inputs = namesOf(lin1.spec.irrepsIn);
  const irOf = ({ irrepsOut }: { irrepsOut: Irreps }, out: number) => String(irrepsOut.blocks[out].ir);
  const pathNames = tp.spec.instructions.map(
    ({ in1, in2, out }) => `${inputs[in1]} ${in2} ${irOf(tp.spec, out)}`,
  );
  return {
    sc: sc.spec.instructions.map(({ in1, in2, out, weightSlice, pathShape: [a, b, cols] }) => {
      const gateInput = irOf(sc.spec, out);
      return {
        name: `${inputs[in1]} ${in2} ${gateInput}`,
        start: weightSlice![0],
        rows: a * b,
        cols,
        gateInput,
      };
    }),
    lin1: lin1.spec.instructions.map(({ in: i, out, weightSlice: [start], pathShape: [rows, cols] }) => {
      return { name: `${inputs[i]} ${inputs[out]}`, start, rows, cols };
    }),
    tp: tp.spec.instructions.map(({ weightSlice, pathShape: [a, b] }, i) => {
      return { name: pathNames[i], start: weightSlice![0], rows: 1, cols: a * b };
    }),
    lin2: lin2.spec.instructions.map(({ in: i, out, weightSlice: [start], pathShape: [rows, cols] }) => {
      // Each path has a middle block of its own.
      const name = pathNames[tp.spec.instructions.findIndex((path) => path.out === i)];
      return { name, start, rows, cols, gateInput: irOf(lin2.spec, out) };
    }),
  };
}

/** A name for each block: its irrep, and how many blocks of that come before. What is left out goes irrep by irrep. */
function namesOf({ blocks }: Irreps): string[] {
  return blocks.map(({ ir }, i) => `${ir}#${blocks.slice(0, i).filter((b) => b.ir.equals(ir)).length}`);
}

/** For each irrep that goes into the lean gate, which copy of the whole gate's input each copy is. */
function copiesOf(lean: Interaction, whole: Interaction): Map<string, number[]> {
  const copies = new Map<string, number[]>();
  for (const { mul, ir } of lean.gate.irrepsIn.blocks)
    copies.set(
      String(ir),
      Array.from({ length: mul }, (_, u) => u),
    );
  const gateIr = lean.gate.irrepsGates.blocks.find(({ mul }) => mul > 0)?.ir;
  if (!gateIr) return copies;
  // Scalars come first, then a gate for each gated irrep, in their order.
  const scalars = whole.gate.irrepsScalars.count(gateIr);
  const own = Array.from({ length: scalars }, (_, u) => u);
  let at = scalars;
  for (const { mul, ir } of whole.gate.irrepsGated.blocks) {
    if (lean.gate.irrepsGated.has(ir)) for (let u = 0; u < mul; u++) own.push(at + u);
    at += mul;
  }
  copies.set(String(gateIr), own);
  return copies;
}
