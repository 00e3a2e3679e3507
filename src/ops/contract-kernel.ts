import type { Kernel } from '../graph/node.ts';
import type { ContractBlock, ContractSlot, ContractSpec } from './contract-form.ts';
import { type ColumnBlock, groupBy, indent, uncovered } from './wgsl.ts';

/** A contraction of a dispatch, which may hold several. Offsets are numbers from the start of what is bound. */
export interface Contraction {
  readonly samples: number;
  /** What is summed; terms share the open slot's blocks. With the weights open there is one. */
  readonly terms: readonly { readonly form: ContractSpec; readonly left: number; readonly right: number }[];
  readonly result: number;
}

/**
 * The kernel of contractions that have one slot open. Sizes and offsets go into a table, not into the code, so that few
 * pipelines serve all products of a network: compiling is what users wait for.
 */
export function contractKernel(open: ContractSlot, contractions: readonly Contraction[]): Kernel {
  const width = contractions.every(isAligned) ? 4 : 1;
  const make = open === 'w' ? weightsKernel : rowsKernel;
  return {
    ...make(open, contractions, width, true),
    get plain() {
      return make(open, contractions, 1, false);
    },
  };
}

/** Whether four neighbouring numbers can be read, and computed, at once. */
export function isAligned({ terms, result }: Contraction): boolean {
  const numbers = terms.flatMap(({ form, left, right }) => [
    ...form.blocks.flatMap((b) => [b.a, b.aStride, b.o, b.oStride, b.w, b.mulIn, b.mulOut]),
    ...[form.aCols, form.wCols, form.oCols, left, right],
  ]);
  return [...numbers, result].every((n) => n % 4 === 0);
}

/** Numbers in the table before the sections, in a section, and in a section of weights; see the shaders. */
const HEADER = 1;
const SECTION = 12;
const WEIGHT_SECTION = 18;

/** Offsets of a list of things that are alike, linear in their number: the first and the step. */
interface Affine {
  readonly count: number;
  readonly first: readonly number[];
  readonly step: readonly number[];
}

/** Cuts a list into runs of equal `shape` whose offsets are linear in their number. */
function affineRuns<T>(
  items: readonly T[],
  shape: (x: T) => string,
  offsets: (x: T) => number[],
): { item: T; run: Affine }[] {
  const runs: { item: T; run: Affine }[] = [];
  for (let at = 0; at < items.length; ) {
    const first = offsets(items[at]);
    const key = shape(items[at]);
    const step =
      at + 1 < items.length ? offsets(items[at + 1]).map((o, i) => o - first[i]) : first.map(() => 0);
    let count = 1;
    while (
      at + count < items.length &&
      shape(items[at + count]) === key &&
      offsets(items[at + count]).every((o, i) => o === first[i] + count * step[i])
    )
      count++;
    runs.push({ item: items[at], run: { count, first, step: count === 1 ? first.map(() => 0) : step } });
    at += count;
  }
  return runs;
}

const floatBits = (value: number) => new Uint32Array(Float32Array.of(value).buffer)[0];

/** One input block of a sum: offsets and lengths in units of `width` numbers. */
interface Source {
  readonly from: number;
  readonly stride: number;
  readonly rowColumns: number;
  readonly weights: number;
  readonly length: number;
  readonly weightColumns: number;
  readonly factor: number;
}

/** Runs of input blocks that add into one block of the result. */
interface Target {
  readonly out: number;
  readonly stride: number;
  readonly columns: number;
  readonly dim: number;
  readonly runs: readonly { item: Source; run: Affine }[];
}

/** The blocks of a result, and what adds into each. */
function targetsOf({ terms, result }: Contraction, open: ContractSlot, width: number): Target[] {
  const forward = open === 'o';
  const inputs = terms.flatMap(({ form, left, right }) => form.blocks.map((b) => ({ b, form, left, right })));
  const targets = groupBy(inputs, ({ b }) => (forward ? b.o : b.a)).map((group): Target => {
    const active = group.filter(({ b }) => b.coefficient !== 0);
    const sources = active.map(
      ({ b, form, left, right }, i): Source => ({
        from: (left + (forward ? b.a : b.o)) / width,
        stride: (forward ? b.aStride : b.oStride) / width,
        rowColumns: (forward ? form.aCols : form.oCols) / width,
        weights: (right + b.w) / width,
        length: (forward ? b.mulIn : b.mulOut) / width,
        weightColumns: b.mulOut / width,
        // One running sum: after each block it is rescaled from its coefficient to the next one's.
        factor: b.coefficient / (active[i + 1]?.b.coefficient ?? 1),
      }),
    );
    const [{ b }] = group;
    return {
      out: (result + (forward ? b.o : b.a)) / width,
      stride: (forward ? b.oStride : b.aStride) / width,
      columns: (forward ? b.mulOut : b.mulIn) / width,
      dim: b.dim,
      // Blocks in a run share one factor at its end, so within it the factor must be 1.
      runs: runsOf(sources),
    };
  });
  const covered = inputs.map(
    ({ b }): ColumnBlock =>
      forward
        ? { offset: b.o, stride: b.oStride, mul: b.mulOut, dim: b.dim }
        : { offset: b.a, stride: b.aStride, mul: b.mulIn, dim: b.dim },
  );
  const { form } = terms[0];
  for (const { start, end } of uncovered(forward ? form.oCols : form.aCols, covered)) {
    const columns = (end - start) / width;
    targets.push({ out: (result + start) / width, stride: 0, columns, dim: 1, runs: [] });
  }
  return targets;
}

function rowsKernel(
  open: ContractSlot,
  contractions: readonly Contraction[],
  width: number,
  tiled: boolean,
): Kernel {
  const forward = open === 'o';
  const all = contractions.map((contraction) => ({
    ...contraction,
    form: contraction.terms[0].form,
    targets: targetsOf(contraction, open, width),
  }));
  const largest = Math.max(
    ...all.map(({ samples, targets }) => samples * Math.max(1, ...targets.map((t) => t.dim))),
  );
  const height = !tiled ? 1 : largest >= 256 && !all.some(({ form }) => form.perSample) ? 8 : 4;
  const shapeOfTarget = (t: Target) =>
    `${t.stride} ${t.columns} ${t.dim} ${t.runs.map(({ item: s, run }) => `${run.count} ${run.step} ${s.stride} ${s.rowColumns} ${s.length} ${s.weightColumns} ${s.factor}`)}`;
  const families = all.flatMap(({ samples, form, targets }) =>
    groupBy(targets, shapeOfTarget)
      .flatMap((alike) =>
        affineRuns(alike, shapeOfTarget, (t) => [t.out, ...t.runs.flatMap(({ run }) => run.first)]),
      )
      .map((family) => ({ ...family, samples, form })),
  );
  const sections: number[] = [];
  const runs: number[] = [];
  let threads = 0;
  for (const { item: t, run: family, samples, form } of families) {
    const groupRows = form.perSample ? t.dim : samples * t.dim;
    const tiles = Math.ceil(groupRows / height) * (form.perSample ? samples : 1);
    const each = tiles * t.columns;
    if (each === 0) continue;
    const firstRun = HEADER + families.length * SECTION + runs.length;
    t.runs.forEach(({ item: s, run }, i) => {
      const [byVariant, weightsByVariant] = family.step.slice(1 + 2 * i);
      runs.push(run.count, run.first[0], run.step[0], byVariant, s.stride);
      runs.push(run.first[1], run.step[1], weightsByVariant, s.length, s.weightColumns, floatBits(s.factor));
      runs.push(s.rowColumns);
    });
    const lastRun = HEADER + families.length * SECTION + runs.length;
    sections.push(each * family.count, each, t.columns, t.dim, t.out, family.step[0], t.stride);
    sections.push(firstRun, lastRun, samples, (forward ? form.oCols : form.aCols) / width);
    sections.push(form.perSample ? form.wCols / width : 0);
    threads += each * family.count;
  }
  // Families without invocations are left out; their places stay empty at the end of the sections.
  const count = sections.length / SECTION;
  while (sections.length < families.length * SECTION) sections.push(0);
  return {
    shader: 'contract',
    params: {
      Value: width === 4 ? 'vec4f' : 'f32',
      WIDTH: `${width}u`,
      HEIGHT: `${height}u`,
      TRANSPOSED: `${!forward}`,
    },
    ...(tiled && { slots: { tile: tileBody(height, width, forward) } }),
    bindings: { left: forward ? 0 : 1, right: forward ? 1 : 0, result: 'result' },
    tables: { table: Uint32Array.from([count, ...sections, ...runs]) },
    workgroups: Math.ceil(threads / 64),
  };
}

/** Input blocks in runs; a factor other than 1 ends its run. */
function runsOf(sources: readonly Source[]): { item: Source; run: Affine }[] {
  const pieces: Source[][] = [[]];
  for (const s of sources) {
    pieces[pieces.length - 1].push(s);
    if (s.factor !== 1) pieces.push([]);
  }
  const shape = (s: Source) => `${s.stride} ${s.rowColumns} ${s.length} ${s.weightColumns}`;
  return pieces.flatMap((piece) => {
    const runs = affineRuns(piece, shape, (s) => [s.from, s.weights]);
    // The factor of the last block is that of its run.
    return runs.map(({ item, run }, i) => ({
      item: { ...item, factor: i === runs.length - 1 ? (piece.at(-1)?.factor ?? 1) : 1 },
      run,
    }));
  });
}

/** HEIGHT rows by WIDTH columns in registers. */
function tileBody(height: number, width: number, forward: boolean): string {
  const rows = Array.from({ length: height }, (_, i) => i);
  const columns = Array.from({ length: width }, (_, j) => j);
  const lines: string[] = ['let resultColumns = table[section + 10u];'];
  for (const i of rows) {
    // Rows past the end repeat the last one and are not stored.
    lines.push(`let row${i} = sample * groupRows + min(firstRow + ${i}u, groupRows - 1u);`);
    lines.push(`let z${i} = row${i} / dim;`, `let k${i} = row${i} % dim;`, `var sum${i} = Value();`);
  }
  lines.push('for (var run = table[section + 7u]; run < table[section + 8u]; run += RUN) {');
  lines.push(
    '  let stride = table[run + 4u];',
    '  let length = table[run + 8u];',
    '  let weightColumns = table[run + 9u];',
    '  let leftColumns = table[run + 11u];',
  );
  lines.push('  var source = table[run + 1u] + variant * table[run + 3u];');
  lines.push('  var weights = sample * perSample + table[run + 5u] + variant * table[run + 7u];');
  lines.push('  for (var b = 0u; b < table[run]; b++) {');
  for (const i of rows) lines.push(`    let left${i} = z${i} * leftColumns + k${i} * stride + source;`);
  // Forward, WIDTH rows of the weights meet as many inputs; transposed, column j of the tile is a row of the weights.
  lines.push(
    forward ? '    var at = weights + column;' : `    let at = weights + column * ${width}u * weightColumns;`,
  );
  lines.push('    for (var u = 0u; u < length; u++) {');
  for (const j of columns)
    lines.push(
      `      let w${j} = right[at + ${j === 0 ? '0u' : `${j}u * weightColumns`}${forward ? '' : ' + u'}];`,
    );
  for (const i of rows) {
    lines.push(`      let x${i} = left[left${i} + u];`);
    const product =
      width === 1
        ? `x${i} * w0`
        : forward
          ? `x${i}.x * w0 + x${i}.y * w1 + x${i}.z * w2 + x${i}.w * w3`
          : `vec4f(dot(x${i}, w0), dot(x${i}, w1), dot(x${i}, w2), dot(x${i}, w3))`;
    lines.push(`      sum${i} += ${product};`);
  }
  if (forward) lines.push(`      at += ${width}u * weightColumns;`);
  lines.push('    }', '    source += table[run + 2u];', '    weights += table[run + 6u];', '  }');
  lines.push('  let factor = bitcast<f32>(table[run + 10u]);');
  for (const i of rows) lines.push(`  sum${i} *= factor;`);
  lines.push('}');
  for (const i of rows) {
    const store = `result[z${i} * resultColumns + k${i} * resultStride + resultColumn] = sum${i};`;
    lines.push(i === 0 ? store : `if (firstRow + ${i}u < groupRows) { ${store} }`);
  }
  return indent(lines.join('\n'));
}

function weightsKernel(
  _open: ContractSlot,
  contractions: readonly Contraction[],
  width: number,
  tiled: boolean,
): Kernel {
  const sections: number[] = [];
  let threads = 0;
  for (const { samples, terms, result } of contractions) {
    const [{ form, left, right }] = terms;
    const section = (columns: number, rows: number, family: Affine, b: ContractBlock) => {
      const each = columns * rows * (form.perSample ? samples : 1);
      if (each === 0) return;
      const [w, a, o] = [result, left, right].map((base, i) => (base + family.first[i]) / width);
      const [stepW, stepA, stepO] = family.step.map((n) => n / width);
      sections.push(each * family.count, each, columns, rows, w, stepW, b.dim, a, stepA, b.aStride / width);
      sections.push(o, stepO, b.oStride / width, floatBits(b.coefficient), samples);
      sections.push(form.aCols / width, form.oCols / width, form.perSample ? form.wCols / width : 0);
      threads += each * family.count;
    };
    const shape = (b: ContractBlock) =>
      `${b.mulIn} ${b.mulOut} ${b.dim} ${b.aStride} ${b.oStride} ${b.coefficient}`;
    for (const alike of groupBy(form.blocks, shape))
      for (const { item: b, run } of affineRuns(alike, shape, (b) => [b.w, b.a, b.o]))
        section(b.mulOut / width, b.mulIn / width, run, b);
    // Padding between blocks: the sum over no components is zero.
    const covered = form.blocks.map((b) => ({ offset: b.w, stride: 0, mul: b.mulIn * b.mulOut, dim: 1 }));
    const nothing = { a: 0, aStride: 0, o: 0, oStride: 0, mulIn: width, dim: 0, coefficient: 0 };
    for (const { start, end } of uncovered(form.wCols, covered)) {
      const family = { count: 1, first: [start, 0, 0], step: [0, 0, 0] };
      section((end - start) / width, 1, family, { ...nothing, w: start, mulOut: end - start });
    }
  }
  return {
    shader: 'contract-weights',
    params: { Value: width === 4 ? 'vec4f' : 'f32', WIDTH: `${width}u` },
    ...(tiled && { slots: { sum: weightsBody(width) } }),
    bindings: { left: 0, right: 1, result: 'result' },
    tables: { table: Uint32Array.from([sections.length / WEIGHT_SECTION, ...sections]) },
    workgroups: Math.ceil(threads / 64),
  };
}

/** Samples that one pass of the loop takes: on a software adapter a loop's own cost is that of ten products. */
const SAMPLES_AT_ONCE = 4;

function weightsBody(width: number): string {
  const rows = Array.from({ length: width }, (_, i) => i);
  const pass = (samples: number) => [
    '  for (var k = 0u; k < dim; k++) {',
    ...Array.from({ length: samples }, (_, s) => [
      `    let x${s} = left[atA + ${s}u * columnsA];`,
      `    let y${s} = right[atO + ${s}u * columnsO];`,
    ]).flat(),
    ...Array.from({ length: samples }, (_, s) =>
      rows.map((i) => `    sum${i} += ${width === 4 ? `x${s}[${i}]` : `x${s}`} * y${s};`),
    ).flat(),
    '    atA += strideA;',
    '    atO += strideO;',
    '  }',
  ];
  return indent(
    [
      ...rows.map((i) => `var sum${i} = Value();`),
      'var z = firstSample;',
      `for (; z + ${SAMPLES_AT_ONCE}u <= lastSample; z += ${SAMPLES_AT_ONCE}u) {`,
      '  var atA = z * columnsA + firstA;',
      '  var atO = z * columnsO + firstO;',
      ...pass(SAMPLES_AT_ONCE),
      '}',
      'for (; z < lastSample; z++) {',
      '  var atA = z * columnsA + firstA;',
      '  var atO = z * columnsO + firstO;',
      ...pass(1),
      '}',
      ...rows.map((i) => `result[weights + (row * ${width}u + ${i}u) * columns] = factor * sum${i};`),
    ].join('\n'),
  );
}
