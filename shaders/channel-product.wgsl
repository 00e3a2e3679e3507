// Products channel by channel, such as gates: a number of the result is a sum of terms factor * a * b of its row. What stands
// where is in `table`, so that products of all sizes, and their gradients, share a pipeline.

alias Value = f32; //#param

@group(0) @binding(0) var<storage, read> a: array<Value>;
@group(0) @binding(1) var<storage, read> b: array<Value>;
// 0 rows, columns (in Values) of 1 a, 2 b, 3 the result; for each column of the result where its terms start, and the end.
// A term is a column of a, a column of b, and a factor (bits of f32).
@group(0) @binding(2) var<storage, read> table: array<u32>;
@group(0) @binding(3) var<storage, read_write> result: array<Value>;

const HEADER = 4u;
const TERM = 3u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (group.x + group.y * groups.x) * 64u + lane;
  let cols = table[3];
  if (at >= table[0] * cols) { return; }
  let row = at / cols;
  let column = at % cols;
  let end = table[HEADER + column + 1u];
  var sum = Value();
  for (var term = table[HEADER + column]; term < end; term += TERM) {
    let product = a[row * table[1] + table[term]] * b[row * table[2] + table[term + 1u]];
    sum += bitcast<f32>(table[term + 2u]) * product;
  }
  result[at] = sum;
}
