// The bin of each point, one row of 8 whole numbers: bin along the three axes (i32), graph, lattice vectors that
// the point lies outside of the cell (i32), bucket of the bin. A point that cannot be placed has the graph LOST,
// and one of no graph NOWHERE.

const NODES = 1u; //#param
const GRAPHS = 1u; //#param
const BATCHED = false; //#param  otherwise all points are graph 0
const BUCKETS = 1u; //#param  a power of two
const NOWHERE = 0xffffffffu;
const LOST = 0xfffffffeu;
const MOST_WRAPS = 200.0; //#param

@group(0) @binding(0) var<storage, read> positions: array<f32>;
@group(0) @binding(1) var<storage, read> frames: array<f32>;
@group(0) @binding(2) var<storage, read> graphs: array<u32>;
@group(0) @binding(3) var<storage, read_write> result: array<vec4u>;

// Teschner et al. 2003, with the finaliser of MurmurHash3.
fn bucketOf(graph: u32, bin: vec3i) -> u32 {
  let b = vec3u(bin);
  var h = (b.x * 73856093u) ^ (b.y * 19349663u) ^ (b.z * 83492791u) ^ (graph * 2654435761u);
  h = (h ^ (h >> 16u)) * 0x85ebca6bu;
  h = (h ^ (h >> 13u)) * 0xc2b2ae35u;
  return (h ^ (h >> 16u)) % BUCKETS;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= NODES) { return; }
  var graph = 0u;
  if (BATCHED) { graph = graphs[i]; }
  var bin = vec3i();
  var wrap = vec3i();
  var bucket = NOWHERE;
  if (graph >= GRAPHS) {
    graph = NOWHERE;
  } else {
    let p = vec3f(positions[3u * i], positions[3u * i + 1u], positions[3u * i + 2u]);
    let frame = 25u * graph;
    // Not the opposite comparison: what is not finite must not pass.
    var lost = !(max(abs(p.x), max(abs(p.y), abs(p.z))) <= frames[frame + 24u]);
    for (var k = 0u; k < 3u; k++) {
      let column = frame + 9u + 3u * k;
      let along = p.x * frames[column] + p.y * frames[column + 1u] + p.z * frames[column + 2u];
      let count = frames[frame + 18u + k];
      if (count == 0.0) {
        bin[k] = i32(floor(along));
      } else {
        if (!(abs(along) <= MOST_WRAPS)) {
          lost = true;
        } else {
          wrap[k] = i32(floor(along));
          bin[k] = i32(min(floor((along - floor(along)) * count), count - 1.0));
        }
      }
    }
    if (lost) {
      graph = LOST;
      bin = vec3i();
      wrap = vec3i();
    } else {
      bucket = bucketOf(graph, bin);
    }
  }
  result[2u * i] = vec4u(vec3u(bin), graph);
  result[2u * i + 1u] = vec4u(vec3u(wrap), bucket);
}
