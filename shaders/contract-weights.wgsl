// The gradient of a blocked matrix product by its weights: W[u,w] = coefficient * sum over samples z and components k of
// a[z,k,u] o[z,k,w], summed in order. What stands where is in `table`. The default body computes one weight an
// invocation, the generated one WIDTH rows by WIDTH columns.

alias Value = f32; //#param
const WIDTH = 1u; //#param

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
const SECTION = 18u;

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
  let rows = table[section + 3u];
  let column = thread % columns;
  let row = (thread / columns) % rows;
  let sample = thread / (columns * rows);
  let dim = table[section + 6u];
  let strideA = table[section + 9u];
  let strideO = table[section + 12u];
  let firstA = table[section + 7u] + variant * table[section + 8u] + row;
  let firstO = table[section + 10u] + variant * table[section + 11u] + column;
  let perSample = table[section + 17u];
  let columnsA = table[section + 15u];
  let columnsO = table[section + 16u];
  let weights = sample * perSample + table[section + 4u] + variant * table[section + 5u] + column;
  let factor = bitcast<f32>(table[section + 13u]);
  // Shared weights sum over all samples, weights of a sample over that one.
  let firstSample = sample;
  let lastSample = select(sample + 1u, table[section + 14u], perSample == 0u);
  //#slot sum
  var sum = 0.0;
  for (var z = firstSample; z < lastSample; z++) {
    for (var k = 0u; k < dim; k++) {
      sum += left[z * columnsA + firstA + k * strideA] * right[z * columnsO + firstO + k * strideO];
    }
  }
  result[weights + row * columns] = factor * sum;
  //#end
}
