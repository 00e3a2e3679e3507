// Row e of the result is row indices[e] of the source; zeros where the index points nowhere.

alias Value = f32; //#param

@group(0) @binding(0) var<storage, read> source: array<Value>;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
// Columns (in Values), rows, rows of the source, place of the first row among the indices: not constants, so that gathers of all sizes share a pipeline.
@group(0) @binding(2) var<storage, read> sizes: array<u32, 4>;
@group(0) @binding(3) var<storage, read_write> result: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (group.x + group.y * groups.x) * 64u + lane;
  let cols = sizes[0];
  if (at >= sizes[1] * cols) { return; }
  let row = indices[sizes[3] + at / cols];
  if (row < sizes[2]) {
    result[at] = source[row * cols + at % cols];
  } else {
    result[at] = Value();
  }
}
