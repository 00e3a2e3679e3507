// Irreps-blocked matrix product, o[z,k,w] = sum over blocks of coefficient * sum_u a[z,k,u] W[u,w], and its transpose
// (the gradient by a, where the sum runs over w). What stands where is in `table`, so that products of all sizes share
// a pipeline. The default body computes one row by one column an invocation; the generated one a tile of HEIGHT rows by
// COLUMNS vectors of WIDTH columns in registers. With LANES = 4, four neighbouring invocations (a quad) take rows of their
// own and the same columns, and share what they load of the weights.

//#slot enable
//#end
alias Value = f32; //#param
const WIDTH = 1u; //#param
const HEIGHT = 1u; //#param
const COLUMNS = 1u; //#param
const LANES = 1u; //#param
const GROUP = 64u; //#param
const TRANSPOSED = false; //#param

@group(0) @binding(0) var<storage, read> left: array<Value>;
@group(0) @binding(1) var<storage, read> right: array<Value>;
// The number of sections, the sections, the runs. Each says its own sizes: a dispatch may hold several products.
@group(0) @binding(2) var<storage, read> table: array<u32>;
@group(0) @binding(3) var<storage, read_write> result: array<Value>;

const HEADER = 1u;
// A section fills one block of the result, or several (variants) whose offsets are linear in their number:
// 0 invocations, 1 of them for a variant, 2 columns, 3 components, 4 offset, 5 its step, 6 stride of a component,
// 7 first run, 8 end of the runs, 9 samples, 10 columns of the result, 11 of the weights of a sample (0 when shared),
// 12 tiles side by side, 13 tiles one below the other (of a sample, if weights are its own).
const SECTION = 14u;
// A run is a number of input blocks whose offsets are linear in their number:
// 0 count, 1 offset in left, 2 its step by block and 3 by variant, 4 stride of a component, 5 offset of the weights,
// 6 its step by block and 7 by variant, 8 length of the sum, 9 columns of the weights, 10 factor (bits of f32),
// 11 columns of left.
const RUN = 12u;

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  var thread = (group.x + group.y * groups.x) * GROUP + lane;
  var section = HEADER;
  let end = HEADER + table[0] * SECTION;
  while (section < end && thread >= table[section]) {
    thread -= table[section];
    section += SECTION;
  }
  if (section >= end) { return; }
  // Remainders by multiplication: a division costs a software adapter as much as a load.
  let variant = thread / table[section + 1u];
  let cell = (thread - variant * table[section + 1u]) / LANES;
  let columns = table[section + 2u];
  let dim = table[section + 3u];
  let across = table[section + 12u];
  let down = table[section + 13u];
  let tile = cell / across;
  let column = (cell - tile * across) * COLUMNS;
  // Rows are samples and components; with weights of its own, a sample's rows are a group that no tile crosses.
  let samples = table[section + 9u];
  let perSample = table[section + 11u];
  let groupRows = select(dim, dim * samples, perSample == 0u);
  let sample = tile / down;
  let firstRow = ((tile - sample * down) * LANES + lane % LANES) * HEIGHT;
  let resultColumn = table[section + 4u] + variant * table[section + 5u] + column;
  let resultStride = table[section + 6u];
  //#slot tile
  let row = sample * groupRows + firstRow;
  let z = row / dim;
  let k = row % dim;
  var sum = 0.0;
  for (var run = table[section + 7u]; run < table[section + 8u]; run += RUN) {
    let blocks = table[run];
    let length = table[run + 8u];
    let weightColumns = table[run + 9u];
    let step = select(weightColumns, 1u, TRANSPOSED);
    let first = sample * perSample + select(column, column * weightColumns, TRANSPOSED);
    for (var b = 0u; b < blocks; b++) {
      let source = z * table[run + 11u] + k * table[run + 4u] + table[run + 1u] + b * table[run + 2u] + variant * table[run + 3u];
      var weight = first + table[run + 5u] + b * table[run + 6u] + variant * table[run + 7u];
      for (var u = 0u; u < length; u++) {
        sum += left[source + u] * right[weight];
        weight += step;
      }
    }
    sum *= bitcast<f32>(table[run + 10u]);
  }
  result[z * table[section + 10u] + k * resultStride + resultColumn] = sum;
  //#end
}
