// Row s of the result is the largest entry, column by column, of the source rows whose index is s; 0 for a segment without
// rows. `indices` is a packed index map, as in segment-sum.

const COLS = 1u; //#param
const SEGMENTS = 1u; //#param
const CAPACITY = 1u; //#param

@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (group.x + group.y * groups.x) * 64u + lane;
  if (at >= SEGMENTS * COLS) { return; }
  let segment = at / COLS;
  let column = at % COLS;
  let first = indices[2u * CAPACITY + segment];
  let end = indices[2u * CAPACITY + segment + 1u];
  var largest = 0.0;
  for (var i = first; i < end; i++) {
    let value = source[indices[CAPACITY + i] * COLS + column];
    largest = select(max(largest, value), value, i == first);
  }
  result[at] = largest;
}
