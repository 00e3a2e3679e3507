// Everything that computes entry by entry. The default body multiplies two values of one shape.
//#import functions

alias Value = f32; //#param
const WIDTH = 1u; //#param
const COLS = 1u; //#param
const SIZE = 1u; //#param

@group(0) @binding(0) var<storage, read_write> result: array<Value>;
//#slot inputs
@group(0) @binding(1) var<storage, read> in0: array<f32>;
@group(0) @binding(2) var<storage, read> in1: array<f32>;
//#end

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = ((group.x + group.y * groups.x) * 64u + lane) * WIDTH;
  if (at >= SIZE) { return; }
  let row = at / COLS;
  let column = at % COLS;
  //#slot body
  result[at] = in0[row * COLS + column] * in1[at];
  //#end
}
