// Row s of the result is the sum of the source rows whose index is s. `indices` is a packed index map: the index of each
// row, the rows sorted by index, where each segment starts. Every sum runs in that order: same bits every time, no atomics.

alias Value = f32; //#param
// Whether the source is only some rows of the map.
const SOME = false; //#param

@group(0) @binding(0) var<storage, read> source: array<Value>;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
// Columns (in Values), segments, capacity of the index map, first row of the map that the source has, and how many: not
// constants, so that sums of all sizes share a pipeline.
@group(0) @binding(2) var<storage, read> sizes: array<u32, 5>;
@group(0) @binding(3) var<storage, read_write> result: array<Value>;

// The first place from `begin` up to `stop` in the sorted rows that is not before `row`; rows of a segment ascend.
fn lowerBound(begin: u32, stop: u32, row: u32) -> u32 {
  var low = begin;
  var high = stop;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (indices[sizes[2] + middle] < row) {
      low = middle + 1u;
    } else {
      high = middle;
    }
  }
  return low;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (group.x + group.y * groups.x) * 64u + lane;
  let cols = sizes[0];
  if (at >= sizes[1] * cols) { return; }
  let segment = at / cols;
  let column = at % cols;
  let capacity = sizes[2];
  let firstRow = sizes[3];
  var i = indices[2u * capacity + segment];
  var end = indices[2u * capacity + segment + 1u];
  if (SOME) {
    i = lowerBound(i, end, firstRow);
    end = lowerBound(i, end, firstRow + sizes[4]);
  }
  //#slot first
  var sum = Value();
  //#end
  for (; i < end; i++) {
    sum += source[(indices[capacity + i] - firstRow) * cols + column];
  }
  result[at] = sum;
}
