// Row s of the result is the sum of the source rows whose index is s. `indices` is a packed index map: the index of each
// row, the rows sorted by index, where each segment starts. Every sum runs in that order: same bits every time, no atomics.

alias Value = f32; //#param
const COLS = 1u; //#param
const SEGMENTS = 1u; //#param
const CAPACITY = 1u; //#param

@group(0) @binding(0) var<storage, read> source: array<Value>;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read_write> result: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (group.x + group.y * groups.x) * 64u + lane;
  if (at >= SEGMENTS * COLS) { return; }
  let segment = at / COLS;
  let column = at % COLS;
  var sum = Value();
  for (var i = indices[2u * CAPACITY + segment]; i < indices[2u * CAPACITY + segment + 1u]; i++) {
    sum += source[indices[CAPACITY + i] * COLS + column];
  }
  result[at] = sum;
}
