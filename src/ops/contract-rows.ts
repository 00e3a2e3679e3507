import type { Kernel } from '../graph/node.ts';
import { type Affine, affineRuns, floatBits } from './affine-runs.ts';
import type { Contraction, ContractSlot } from './contract-form.ts';
import { enabled, type Tile, tileParams } from './contract-tile.ts';
import { type ColumnBlock, groupBy, indent, uncovered } from './wgsl.ts';

/** Numbers in the table before the sections, and in a section; see the shader. */
const HEADER = 1;
const SECTION = 14;

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

/** The product and its transpose: `open` is o or a. */
export function rowsKernel(open: ContractSlot, contractions: readonly Contraction[], tile: Tile): Kernel {
  const { width } = tile;
  const forward = open === 'o';
  const all = contractions.map((contraction) => ({
    ...contraction,
    form: contraction.terms[0].form,
    targets: targetsOf(contraction, open, width),
  }));
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
    const across = Math.ceil(t.columns / tile.columns);
    const down = Math.ceil(groupRows / (tile.height * tile.lanes));
    const each = across * down * tile.lanes * (form.perSample ? samples : 1);
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
    sections.push(form.perSample ? form.wCols / width : 0, across, down);
    threads += each * family.count;
  }
  // Families without invocations are left out; their places stay empty at the end of the sections.
  const count = sections.length / SECTION;
  while (sections.length < families.length * SECTION) sections.push(0);
  return {
    shader: 'contract',
    params: { ...tileParams(tile), TRANSPOSED: `${!forward}` },
    ...(tile.generated && { slots: { ...enabled(tile), tile: tileBody(tile, forward) } }),
    bindings: { left: forward ? 0 : 1, right: forward ? 1 : 0, result: 'result' },
    tables: { table: Uint32Array.from([count, ...sections, ...runs]) },
    workgroups: Math.ceil(threads / tile.group),
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

/** HEIGHT rows by COLUMNS vectors of WIDTH columns in registers. */
function tileBody({ width, height, columns, lanes }: Tile, forward: boolean): string {
  const list = (length: number) => Array.from({ length }, (_, i) => i);
  const [rows, vectors, depths] = [list(height), list(columns), list(width)];
  const quad = lanes > 1;
  const lines: string[] = [];
  lines.push('let lastSample = samples - 1u;');
  lines.push(
    'let row = sample * groupRows + firstRow;',
    'let from0 = row / dim;',
    'let k0 = row - from0 * dim;',
  );
  for (const i of rows) {
    if (i > 0) {
      lines.push(`let wraps${i} = k${i - 1} + 1u == dim;`);
      lines.push(`let k${i} = select(k${i - 1} + 1u, 0u, wraps${i});`);
      lines.push(`let from${i} = select(from${i - 1}, from${i - 1} + 1u, wraps${i});`);
    }
    // Rows past the end are read from the last sample and not stored; columns past the end repeat the last one.
    lines.push(`let z${i} = min(from${i}, lastSample);`);
    lines.push(vectors.map((c) => `var sum${i}_${c} = Value();`).join(' '));
  }
  for (const c of vectors.slice(1)) lines.push(`let column${c} = min(column + ${c}u, columns - 1u);`);
  const columnOf = (c: number) => (c === 0 ? 'column' : `column${c}`);
  lines.push('for (var run = table[section + 7u]; run < table[section + 8u]; run += RUN) {');
  lines.push(
    '  let count = table[run];',
    '  let stride = table[run + 4u];',
    '  let length = table[run + 8u];',
    '  let weightColumns = table[run + 9u];',
    '  let leftColumns = table[run + 11u];',
  );
  lines.push('  var source = table[run + 1u] + variant * table[run + 3u];');
  lines.push('  var weights = sample * perSample + table[run + 5u] + variant * table[run + 7u];');
  lines.push('  let sourceStep = table[run + 2u];', '  let weightsStep = table[run + 6u];');
  for (const i of rows) lines.push(`  let first${i} = z${i} * leftColumns + k${i} * stride;`);
  lines.push('  for (var b = 0u; b < count; b++) {');
  for (const i of rows) lines.push(`    let left${i} = first${i} + source;`);
  // Forward, WIDTH rows of the weights meet as many inputs; transposed, column j of a vector is a row of the weights.
  const own = quad ? ' + lane % LANES' : '';
  if (forward) lines.push(`    var at = weights${quad ? ' + lane % LANES * weightColumns' : ''};`);
  else
    for (const c of vectors)
      lines.push(`    let at${c} = weights + (${columnOf(c)} * ${width}u${own}) * weightColumns;`);
  lines.push('    for (var u = 0u; u < length; u++) {');
  for (const i of rows) lines.push(`      let x${i} = left[left${i} + u];`);
  const place = (c: number, j: number) =>
    `right[${forward ? `at + ${columnOf(c)}` : `at${c} + u`}${j === 0 ? '' : ` + ${j}u * weightColumns`}]`;
  if (quad) for (const c of vectors) lines.push(`      let part${c} = ${place(c, 0)};`);
  for (const c of vectors) {
    const parts = depths.map((j) => (quad ? `quadBroadcast(part${c}, ${j}u)` : place(c, j)));
    lines.push(`      let w${c} = ${width === 1 ? parts[0] : `mat4x4f(${parts.join(', ')})`};`);
    // A matrix times a vector is cheaper than four products of a vector and a scalar, on a software adapter.
    for (const i of rows)
      lines.push(`      sum${i}_${c} += ${width === 1 || !forward ? `x${i} * w${c}` : `w${c} * x${i}`};`);
  }
  if (forward) lines.push(`      at += ${width}u * weightColumns;`);
  lines.push('    }', '    source += sourceStep;', '    weights += weightsStep;', '  }');
  lines.push('  let factor = bitcast<f32>(table[run + 10u]);');
  for (const i of rows) for (const c of vectors) lines.push(`  sum${i}_${c} *= factor;`);
  lines.push('}');
  lines.push('let resultColumns = table[section + 10u];');
  for (const i of rows) {
    const store = vectors.map((c) => {
      const line = `result[z${i} * resultColumns + k${i} * resultStride + resultColumn + ${c}u] = sum${i}_${c};`;
      return c === 0 ? line : `if (column + ${c}u < columns) { ${line} }`;
    });
    lines.push(`if (firstRow + ${i}u < groupRows) {`, ...store.map((s) => `  ${s}`), '}');
  }
  return indent(lines.join('\n'));
}
