// The gradient of a blocked matrix product by its weights: W[u,w] = coefficient * sum over samples z and components k of
// a[z,k,u] o[z,k,w], summed in order. What stands where is in `table`. The default body computes one weight an
// invocation, the generated one HEIGHT by COLUMNS blocks of WIDTH rows by WIDTH columns. With LANES = 4, four neighbouring
// invocations (a quad) take rows of their own and the same columns, and share what they load of o.

//#slot enable
//#end
alias Value = f32; //#param
const WIDTH = 1u; //#param
const HEIGHT = 1u; //#param
const COLUMNS = 1u; //#param
const LANES = 1u; //#param
const GROUP = 64u; //#param

@group(0) @binding(0) var<storage, read> left: array<Value>;
@group(0) @binding(1) var<storage, read> right: array<Value>;
// The number of sections, then the sections. Each says its own sizes: a dispatch may hold several products.
@group(0) @binding(2) var<storage, read> table: array<u32>;
@group(0) @binding(3) var<storage, read_write> result: array<Value>;

const HEADER = 1u;
// A section fills one block of weights, or several (variants) whose offsets are linear in their number:
// 0 invocations, 1 of them for a variant, 2 columns, 3 rows, 4 offset in the weights and 5 its step, 6 components,
// 7 offset in a, 8 its step, 9 stride of a component, 10 offset in o, 11 its step, 12 stride, 13 factor (bits of f32),
// 14 samples, 15 columns of a, 16 of o, 17 of the weights of a sample (0 when shared).
// Blocks that meet the same columns of o are one variant, their rows one below the other: 18 rows of one, 19 step in the
// weights, 20 in a. 21 tiles side by side, 22 tiles one below the other.
const SECTION = 23u;

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
  let rows = table[section + 3u];
  let across = table[section + 21u];
  let down = table[section + 22u];
  let tile = cell / across;
  let column = (cell - tile * across) * COLUMNS;
  let sample = tile / down;
  let row = ((tile - sample * down) * LANES + lane % LANES) * HEIGHT;
  let dim = table[section + 6u];
  // Between blocks are zeros, a row without components that is written WIDTH times.
  let rowStep = select(columns, 0u, dim == 0u);
  let strideA = table[section + 9u];
  let strideO = table[section + 12u];
  let firstA = table[section + 7u] + variant * table[section + 8u];
  let firstO = table[section + 10u] + variant * table[section + 11u];
  let perSample = table[section + 17u];
  let columnsA = table[section + 15u];
  let columnsO = table[section + 16u];
  let weights = sample * perSample + table[section + 4u] + variant * table[section + 5u];
  let factor = bitcast<f32>(table[section + 13u]);
  let blockRows = table[section + 18u];
  let blockStepW = table[section + 19u];
  let blockStepA = table[section + 20u];
  // Shared weights sum over all samples, weights of a sample over that one.
  let firstSample = sample;
  let lastSample = select(sample + 1u, table[section + 14u], perSample == 0u);
  //#slot sum
  let copy = row / blockRows;
  let rowOfBlock = row - copy * blockRows;
  let atA = firstA + copy * blockStepA + rowOfBlock;
  var sum = 0.0;
  for (var z = firstSample; z < lastSample; z++) {
    for (var k = 0u; k < dim; k++) {
      sum += left[z * columnsA + atA + k * strideA] * right[z * columnsO + firstO + column + k * strideO];
    }
  }
  let at = weights + copy * blockStepW + rowOfBlock * rowStep + column;
  result[at] = factor * sum;
  //#end
}
