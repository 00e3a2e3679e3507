// The neighbours of each point, by cell lists: one invocation searches the bins around its point. Setting 0 counts
// them; setting 1 writes them, up to a capacity, where `starts` says, ordered by (dst, shift), three numbers an
// edge: src, dst, shift (ten bits an axis, plus 512). Both run the same code: compiled twice, it could differ on an
// edge as long as the radius.

const NODES = 1u; //#param
const BUCKETS = 1u; //#param
const RADIUS = 1.0; //#param
const LOST = 0xfffffffeu;
const NOWHERE = 0xffffffffu;
const MOST = 0x7fffffffu;
const MOST_IMAGES = 128; // more than are searched on one side

@group(0) @binding(0) var<storage, read> positions: array<f32>;
@group(0) @binding(1) var<storage, read> frames: array<f32>;
@group(0) @binding(2) var<storage, read> bins: array<vec4u>;
@group(0) @binding(3) var<storage, read> buckets: array<u32>;
@group(0) @binding(4) var<storage, read> starts: array<u32>;
@group(0) @binding(5) var<storage, read> settings: array<u32>;
@group(0) @binding(6) var<storage, read_write> result: array<u32>;

// As in neighbour-bins.wgsl.
fn bucketOf(graph: u32, bin: vec3i) -> u32 {
  let b = vec3u(bin);
  var h = (b.x * 73856093u) ^ (b.y * 19349663u) ^ (b.z * 83492791u) ^ (graph * 2654435761u);
  h = (h ^ (h >> 16u)) * 0x85ebca6bu;
  h = (h ^ (h >> 13u)) * 0xc2b2ae35u;
  return (h ^ (h >> 16u)) % BUCKETS;
}

fn position(i: u32) -> vec3f {
  return vec3f(positions[3u * i], positions[3u * i + 1u], positions[3u * i + 2u]);
}

fn frameRow(at: u32) -> vec3f {
  return vec3f(frames[at], frames[at + 1u], frames[at + 2u]);
}

// Puts an edge into its place among the ones from `first` to `end`, which are in order.
fn insert(first: u32, end: u32, src: u32, dst: u32, shift: u32) {
  var at = end;
  while (at > first) {
    let otherDst = result[3u * at - 2u];
    let otherShift = result[3u * at - 1u];
    if (otherDst < dst || (otherDst == dst && otherShift < shift)) { break; }
    result[3u * at + 1u] = otherDst;
    result[3u * at + 2u] = otherShift;
    at--;
  }
  result[3u * end] = src;
  result[3u * at + 1u] = dst;
  result[3u * at + 2u] = shift;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  let filling = settings[0] == 1u;
  var first = 0u;
  var end = 0u;
  if (filling) {
    // All or nothing: a list that does not fit is empty.
    let total = starts[NODES];
    let used = select(0u, total, total <= settings[1]);
    for (var e = used + i; e < settings[1]; e += groups.x * groups.y * 64u) {
      result[3u * e] = NOWHERE;
      result[3u * e + 1u] = NOWHERE;
      result[3u * e + 2u] = 0x20080200u; // no shift
    }
    if (used == 0u) { return; }
  }
  if (i >= NODES) { return; }
  if (filling) {
    first = starts[i];
    end = starts[i + 1u];
  }
  let place = bins[2u * i];
  let graph = place.w;
  if (graph >= LOST) {
    if (!filling) { result[i] = select(0u, MOST, graph == LOST); }
    return;
  }
  let p = position(i);
  let bin = vec3i(place.xyz);
  let wrap = vec3i(bins[2u * i + 1u].xyz);
  let frame = 25u * graph;
  let a = frameRow(frame);
  let b = frameRow(frame + 3u);
  let c = frameRow(frame + 6u);
  let counts = vec3i(frameRow(frame + 18u));
  let reach = vec3i(frameRow(frame + 21u));
  var found = 0u;
  for (var x = -reach.x; x <= reach.x; x++) {
    for (var y = -reach.y; y <= reach.y; y++) {
      for (var z = -reach.z; z <= reach.z; z++) {
        var there = bin + vec3i(x, y, z);
        var image = vec3i();
        for (var k = 0u; k < 3u; k++) {
          if (counts[k] > 0) {
            // Rounded down, for negative ones too.
            image[k] = (there[k] + (MOST_IMAGES * counts[k])) / counts[k] - MOST_IMAGES;
            there[k] -= image[k] * counts[k];
          }
        }
        let bucket = 2u * NODES + bucketOf(graph, there);
        for (var at = buckets[bucket]; at < buckets[bucket + 1u]; at++) {
          let j = buckets[NODES + at];
          // Several bins may share a bucket.
          if (any(bins[2u * j] != vec4u(vec3u(there), graph))) { continue; }
          let shift = image + wrap - vec3i(bins[2u * j + 1u].xyz);
          if (i == j && all(shift == vec3i())) { continue; }
          let s = vec3f(shift);
          let d = position(j) - p + (s.x * a + s.y * b + s.z * c);
          if (dot(d, d) < RADIUS * RADIUS) {
            if (filling && first + found < end) {
              insert(first, first + found, i, j, u32(((shift.x + 512) << 20u) | ((shift.y + 512) << 10u) | (shift.z + 512)));
            }
            found++;
          }
        }
      }
    }
  }
  if (!filling) { result[i] = found; }
}
