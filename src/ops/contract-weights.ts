import type { Kernel } from '../graph/node.ts';
import { type Affine, affineRuns, floatBits } from './affine-runs.ts';
import type { ContractBlock, Contraction } from './contract-form.ts';
import { enabled, type Tile, tileParams } from './contract-tile.ts';
import { groupBy, indent, uncovered } from './wgsl.ts';

/** Numbers in a section of the table; see the shader. */
const SECTION = 23;

/** The gradient by the weights. */
export function weightsKernel(contractions: readonly Contraction[], tile: Tile): Kernel {
  const { width } = tile;
  // With weights of its own a sample is a sum of one; else several samples are taken at once.
  const depth = contractions.some(({ terms: [{ form }] }) => form.perSample) ? 1 : SAMPLES_AT_ONCE;
  const sections: number[] = [];
  let threads = 0;
  for (const { samples, terms, result } of contractions) {
    const [{ form, left, right }] = terms;
    const section = (columns: number, rows: number, family: Affine, b: ContractBlock) => {
      const [w, a, o] = [result, left, right].map((base, i) => (base + family.first[i]) / width);
      const [stepW, stepA, stepO] = family.step.map((n) => n / width);
      const stacked = stepO === 0 ? family.count : 1;
      const variants = family.count / stacked;
      const across = Math.ceil(columns / tile.columns);
      const down = Math.ceil((rows * stacked) / (tile.height * tile.lanes));
      const each = across * down * tile.lanes * (form.perSample ? samples : 1);
      if (each === 0) return;
      sections.push(
        each * variants,
        each,
        columns,
        rows * stacked,
        w,
        stepW,
        b.dim,
        a,
        stepA,
        b.aStride / width,
      );
      sections.push(o, stepO, b.oStride / width, floatBits(b.coefficient), samples);
      sections.push(form.aCols / width, form.oCols / width, form.perSample ? form.wCols / width : 0);
      sections.push(rows, stepW, stepA, across, down);
      threads += each * variants;
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
    params: tileParams(tile),
    ...(tile.generated && { slots: { ...enabled(tile), sum: sumBody(tile, depth) } }),
    bindings: { left: 0, right: 1, result: 'result' },
    tables: { table: Uint32Array.from([sections.length / SECTION, ...sections]) },
    workgroups: Math.ceil(threads / tile.group),
  };
}

/** Samples that one pass of the loop takes: on a software adapter a loop's own cost is that of ten products. */
const SAMPLES_AT_ONCE = 4;

/** HEIGHT by COLUMNS blocks of WIDTH rows by WIDTH columns in registers. */
function sumBody({ width, height, columns, lanes }: Tile, depth: number): string {
  const list = (length: number) => Array.from({ length }, (_, i) => i);
  const [rows, vectors, depths, samples] = [list(height), list(columns), list(width), list(depth)];
  const quad = lanes > 1;
  const lines: string[] = [];
  for (const h of rows) {
    // Rows past the end repeat the last one and are not stored; so do columns.
    lines.push(`let row${h} = min(row + ${h}u, rows - 1u);`);
    lines.push(`let block${h} = row${h} / blockRows;`);
    lines.push(`let rowOfBlock${h} = row${h} - block${h} * blockRows;`);
    lines.push(`let a${h} = firstA + block${h} * blockStepA + rowOfBlock${h};`);
    for (const c of vectors) lines.push(depths.map((r) => `var sum${h}_${c}_${r} = Value();`).join(' '));
  }
  for (const c of vectors) lines.push(`let o${c} = firstO + min(column + ${c}u, columns - 1u);`);
  lines.push('let last = lastSample - 1u;');
  lines.push('for (var k = 0u; k < dim; k++) {');
  lines.push('  let fromA = k * strideA;', '  let fromO = k * strideO;');
  lines.push(`  for (var z = firstSample; z < lastSample; z += ${depth}u) {`);
  for (const s of samples) lines.push(`    let z${s} = ${s === 0 ? 'z' : `min(z + ${s}u, last)`};`);
  for (const s of samples) lines.push(`    let inA${s} = z${s} * columnsA + fromA;`);
  for (const h of rows) for (const s of samples) lines.push(`    let x${h}_${s} = left[inA${s} + a${h}];`);
  // Samples past the end repeat the last one, times zero.
  if (quad) {
    lines.push('    let own = z + lane % LANES;', '    let there = f32(own < lastSample);');
    lines.push('    let inO = min(own, last) * columnsO + fromO;');
    for (const c of vectors) lines.push(`    let part${c} = there * right[inO + o${c}];`);
  } else
    for (const s of samples) {
      lines.push(`    let inO${s} = z${s} * columnsO + fromO;`);
      if (s > 0) lines.push(`    let there${s} = f32(z + ${s}u < lastSample);`);
    }
  for (const h of rows)
    if (depth === 4 && width === 4)
      for (const r of depths)
        lines.push(`    let row${h}_${r} = vec4f(${samples.map((s) => `x${h}_${s}[${r}]`).join(', ')});`);
  for (const c of vectors) {
    const parts = samples.map((s) =>
      quad ? `quadBroadcast(part${c}, ${s}u)` : `${s === 0 ? '' : `there${s} * `}right[inO${s} + o${c}]`,
    );
    if (depth === 4 && width === 4) lines.push(`    let y${c} = mat4x4f(${parts.join(', ')});`);
    else for (const s of samples) lines.push(`    let y${c}_${s} = ${parts[s]};`);
    for (const h of rows)
      for (const r of depths) {
        const terms = samples.map((s) => `x${h}_${s}${width === 1 ? '' : `.${'xyzw'[r]}`} * y${c}_${s}`);
        lines.push(
          `    sum${h}_${c}_${r} += ${depth === 4 && width === 4 ? `y${c} * row${h}_${r}` : terms.join(' + ')};`,
        );
      }
  }
  lines.push('  }', '}');
  for (const h of rows) {
    lines.push(`if (row + ${h}u < rows) {`);
    lines.push(
      `  let at = weights + block${h} * blockStepW + rowOfBlock${h} * rowStep * ${width}u + column;`,
    );
    for (const c of vectors) {
      if (c > 0) lines.push(`  if (column + ${c}u < columns) {`);
      for (const r of depths)
        lines.push(`    result[at + ${r}u * rowStep + ${c}u] = factor * sum${h}_${c}_${r};`);
      if (c > 0) lines.push('  }');
    }
    lines.push('}');
  }
  return indent(lines.join('\n'));
}
