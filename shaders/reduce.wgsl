// Short reductions: one invocation combines LENGTH entries of the source, STRIDE apart, for one entry of the result.

const OUTPUTS = 1u; //#param
const LENGTH = 1u; //#param
const STRIDE = 1u; //#param
const START = 1u; //#param  distance between the first entries of neighbouring results
const NEUTRAL = 0.0; //#param

@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read_write> result: array<f32>;

fn combine(a: f32, b: f32) -> f32 {
  //#slot combine
  return a + b;
  //#end
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (group.x + group.y * groups.x) * 64u + lane;
  if (at >= OUTPUTS) { return; }
  var total = NEUTRAL;
  for (var i = 0u; i < LENGTH; i++) {
    total = combine(total, source[at * START + i * STRIDE]);
  }
  result[at] = total;
}
