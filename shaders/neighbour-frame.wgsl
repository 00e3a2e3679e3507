// How space is cut into bins for the search for neighbours, one row for each graph: the cell (9 numbers), its inverse (3
// columns of 3), bins along each axis (0 along an open one), bins to search on both sides, and how far from the origin
// a coordinate still has enough digits (-1: nowhere, for a cell that is none).

const GRAPHS = 1u; //#param
const WIDTH = 1.001; //#param  least width of a bin
const MOST = 100.0; //#param  bins to search on one side
const FARTHEST = 2000.0; //#param  coordinate in a cell with right angles
const FLATTEST = 1e-3; //#param
const PERIODIC = vec3<bool>(true, true, true); //#param

@group(0) @binding(0) var<storage, read> cells: array<f32>;
@group(0) @binding(1) var<storage, read_write> result: array<f32>;

fn cellRow(at: u32) -> vec3f {
  return vec3f(cells[at], cells[at + 1u], cells[at + 2u]);
}

fn put(at: u32, v: vec3f) {
  result[at] = v.x;
  result[at + 1u] = v.y;
  result[at + 2u] = v.z;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let graph = (group.x + group.y * groups.x) * 64u + lane;
  if (graph >= GRAPHS) { return; }
  var periodic = PERIODIC;
  var axes = array(vec3f(1.0, 0.0, 0.0), vec3f(0.0, 1.0, 0.0), vec3f(0.0, 0.0, 1.0));
  for (var k = 0u; k < 3u; k++) {
    let row = cellRow(graph * 9u + k * 3u);
    put(graph * 25u + k * 3u, row);
    if (periodic[k]) { axes[k] = row; }
  }
  // Open axes stand at right angles to the periodic ones.
  var found = 0u;
  var last = 0u;
  for (var k = 0u; k < 3u; k++) {
    if (periodic[k]) {
      found++;
      last = k;
    }
  }
  if (found == 1u) {
    let v = axes[last];
    var flattest = vec3f(0.0, 0.0, 1.0);
    if (abs(v.x) <= min(abs(v.y), abs(v.z))) {
      flattest = vec3f(1.0, 0.0, 0.0);
    } else if (abs(v.y) <= abs(v.z)) {
      flattest = vec3f(0.0, 1.0, 0.0);
    }
    axes[(last + 1u) % 3u] = normalize(cross(v, flattest));
    axes[(last + 2u) % 3u] = normalize(cross(v, axes[(last + 1u) % 3u]));
  } else if (found == 2u) {
    for (var k = 0u; k < 3u; k++) {
      if (!periodic[k]) { axes[k] = normalize(cross(axes[(k + 1u) % 3u], axes[(k + 2u) % 3u])); }
    }
  }
  let volume = dot(axes[0], cross(axes[1], axes[2]));
  var counts = vec3f();
  var reach = vec3f(1.0);
  for (var k = 0u; k < 3u; k++) {
    var column = cross(axes[(k + 1u) % 3u], axes[(k + 2u) % 3u]) / volume;
    if (periodic[k]) {
      let height = 1.0 / length(column);
      // Beyond 2^20 bins an f32 coordinate would not tell them apart.
      counts[k] = clamp(floor(height / WIDTH), 1.0, 1048576.0);
      reach[k] = max(1.0, ceil(WIDTH / height));
    } else {
      column /= WIDTH;
    }
    put(graph * 25u + 9u + k * 3u, column);
  }
  let box = length(axes[0]) * length(axes[1]) * length(axes[2]);
  // A skewed cell leaves a coordinate fewer digits. Not the opposite comparison: what is not finite must not pass.
  let good = abs(volume) > FLATTEST * box && all(reach <= vec3f(MOST));
  result[graph * 25u + 24u] = select(-1.0, FARTHEST * abs(volume) / box, good);
  put(graph * 25u + 18u, counts);
  put(graph * 25u + 21u, reach);
}
