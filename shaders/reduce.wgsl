// Short reductions: one invocation combines the entries of the source for one entry of the result.

const NEUTRAL = 0.0; //#param

@group(0) @binding(0) var<storage, read> source: array<f32>;
// Not constants, so that reductions of all sizes share a pipeline: entries of the result; entries of the source for each,
// how far they are apart, and how far the first ones of neighbouring results.
@group(0) @binding(1) var<storage, read> sizes: array<u32, 4>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

fn combine(a: f32, b: f32) -> f32 {
  //#slot combine
  return a + b;
  //#end
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (group.x + group.y * groups.x) * 64u + lane;
  if (at >= sizes[0]) { return; }
  var total = NEUTRAL;
  for (var i = 0u; i < sizes[1]; i++) {
    total = combine(total, source[at * sizes[3] + i * sizes[2]]);
  }
  result[at] = total;
}
