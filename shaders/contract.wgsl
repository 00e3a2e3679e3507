// Irreps-blocked matrix product, o[z,k,w] = sum over blocks of coefficient * sum_u a[z,k,u] W[u,w], and its transpose
// (the gradient by a, where the sum runs over w). What stands where is in `table`, so that products of all sizes share
// a pipeline. The default body computes one row by one column an invocation; the generated one a tile of HEIGHT rows by
// WIDTH columns in registers, which is what a matrix product needs on every adapter measured.

alias Value = f32; //#param
const WIDTH = 1u; //#param
const HEIGHT = 1u; //#param
const TRANSPOSED = false; //#param

@group(0) @binding(0) var<storage, read> left: array<Value>;
@group(0) @binding(1) var<storage, read> right: array<Value>;
// The number of sections, the sections, the runs. Each says its own sizes: a dispatch may hold several products.
@group(0) @binding(2) var<storage, read> table: array<u32>;
@group(0) @binding(3) var<storage, read_write> result: array<Value>;

const HEADER = 1u;
// A section fills one block of the result, or several (variants) whose offsets are linear in their number:
// 0 invocations, 1 of them for a variant, 2 columns, 3 components, 4 offset, 5 its step, 6 stride of a component,
// 7 first run, 8 end of the runs, 9 samples, 10 columns of the result, 11 of the weights of a sample (0 when shared).
const SECTION = 12u;
// A run is a number of input blocks whose offsets are linear in their number:
// 0 count, 1 offset in left, 2 its step by block and 3 by variant, 4 stride of a component, 5 offset of the weights,
// 6 its step by block and 7 by variant, 8 length of the sum, 9 columns of the weights, 10 factor (bits of f32),
// 11 columns of left.
const RUN = 12u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  var thread = (group.x + group.y * groups.x) * 64u + lane;
  var section = HEADER;
  let end = HEADER + table[0] * SECTION;
  while (section < end && thread >= table[section]) {
    thread -= table[section];
    section += SECTION;
  }
  if (section >= end) { return; }
  let variant = thread / table[section + 1u];
  thread -= variant * table[section + 1u];
  let columns = table[section + 2u];
  let dim = table[section + 3u];
  let column = thread % columns;
  // Rows are samples and components; with weights of its own, a sample's rows are a group that no tile crosses.
  let perSample = table[section + 11u];
  let groupRows = select(dim, dim * table[section + 9u], perSample == 0u);
  let tiles = (groupRows + HEIGHT - 1u) / HEIGHT;
  let tile = thread / columns;
  let sample = tile / tiles;
  let firstRow = (tile % tiles) * HEIGHT;
  let resultColumn = table[section + 4u] + variant * table[section + 5u] + column;
  let resultStride = table[section + 6u];
  //#slot tile
  let row = sample * groupRows + firstRow;
  let z = row / dim;
  let k = row % dim;
  var sum = 0.0;
  for (var run = table[section + 7u]; run < table[section + 8u]; run += RUN) {
    for (var b = 0u; b < table[run]; b++) {
      let source = z * table[run + 11u] + k * table[run + 4u] + table[run + 1u] + b * table[run + 2u] + variant * table[run + 3u];
      let weights = sample * perSample + table[run + 5u] + b * table[run + 6u] + variant * table[run + 7u];
      for (var u = 0u; u < table[run + 8u]; u++) {
        let weight = select(u * table[run + 9u] + column, column * table[run + 9u] + u, TRANSPOSED);
        sum += left[source + u] * right[weights + weight];
      }
    }
    sum *= bitcast<f32>(table[run + 10u]);
  }
  result[z * table[section + 10u] + k * resultStride + resultColumn] = sum;
  //#end
}
