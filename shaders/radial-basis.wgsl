// A family of functions of the distance, one column each. The default body is e3nn's "smooth_finite" on centres VALUES
// one unit apart: 1.14136 e^2 s(d + 1) s(1 - d) with s(t) = exp(-1/t) for t > 0, d = x - centre.
//#import functions

const SIZE = 1u; //#param
const COLS = 1u; //#param
const VALUES = array(0.0); //#param

@group(0) @binding(0) var<storage, read> distances: array<f32>;
@group(0) @binding(1) var<storage, read_write> result: array<f32>;

fn basis(x: f32, v: f32) -> f32 {
  //#slot basis
  let d = x - v;
  if (abs(d) >= 1.0) { return 0.0; }
  return 1.14136 * exp(2.0 - 1.0 / (d + 1.0) - 1.0 / (1.0 - d));
  //#end
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (group.x + group.y * groups.x) * 64u + lane;
  if (at >= SIZE) { return; }
  let values = VALUES;
  result[at] = basis(distances[at / COLS], values[at % COLS]);
}
