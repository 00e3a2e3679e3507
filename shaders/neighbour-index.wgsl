// A packed index map (see src/graph/index-map.ts) from edges ordered by (src, dst, shift), three numbers an edge,
// and from where the edges of each point start. With every edge (i, j, S) there is (j, i, -S), so as many point to
// a node as start there, and the edges that point to it are found by way of the ones that start there.

const NODES = 1u; //#param
const CAPACITY = 1u; //#param
const BY_DST = true; //#param
const NO_SHIFT = 0x20080200u;

@group(0) @binding(0) var<storage, read> edges: array<u32>;
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read_write> result: array<u32>;

// The first edge of `from` up to `to` that is not before (dst, shift).
fn lowerBound(begin: u32, stop: u32, dst: u32, shift: u32) -> u32 {
  var low = begin;
  var high = stop;
  while (low < high) {
    let middle = (low + high) / 2u;
    let other = edges[3u * middle + 1u];
    if (other < dst || (other == dst && edges[3u * middle + 2u] < shift)) {
      low = middle + 1u;
    } else {
      high = middle;
    }
  }
  return low;
}

// Entry `at` of the edges ordered by dst: the way back of an edge (j, i, S) that starts at j, which has the
// opposite order among the edges between the two points.
fn sorted(at: u32) -> u32 {
  let j = edges[3u * at];
  let i = edges[3u * at + 1u];
  let first = lowerBound(starts[j], starts[j + 1u], i, 0u);
  let end = lowerBound(starts[j], starts[j + 1u], i + 1u, 0u);
  let shift = edges[3u * (first + end - 1u - at) + 2u];
  return lowerBound(starts[i], starts[i + 1u], j, 2u * NO_SHIFT - shift);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (group.x + group.y * groups.x) * 64u + lane;
  let total = starts[NODES];
  let used = select(0u, total, total <= CAPACITY);
  if (at < CAPACITY) {
    result[at] = edges[3u * at + select(0u, 1u, BY_DST)];
  } else if (at < 2u * CAPACITY) {
    var row = at - CAPACITY;
    if (row >= used) {
      row = 0u;
    } else if (BY_DST) {
      row = sorted(row);
    }
    result[at] = row;
  } else if (at <= 2u * CAPACITY + NODES) {
    result[at] = select(0u, starts[at - 2u * CAPACITY], used == total);
  }
}
