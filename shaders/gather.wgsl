// Row e of the result is row indices[e] of the source; zeros where the index points nowhere.

alias Value = f32; //#param
const COLS = 1u; //#param
const ROWS = 1u; //#param
const SOURCE_ROWS = 1u; //#param

@group(0) @binding(0) var<storage, read> source: array<Value>;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read_write> result: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (group.x + group.y * groups.x) * 64u + lane;
  if (at >= ROWS * COLS) { return; }
  let row = indices[at / COLS];
  if (row < SOURCE_ROWS) {
    result[at] = source[row * COLS + at % COLS];
  } else {
    result[at] = Value();
  }
}
