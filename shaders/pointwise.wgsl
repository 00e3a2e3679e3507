// Everything that computes entry by entry. The default body multiplies two values of one shape.
//#sized
//#import functions

alias Value = f32; //#param
const WIDTH = 1u; //#param
const SIZES = 1u; //#param

@group(0) @binding(0) var<storage, read_write> result: array<Value>;
// Entries of the result (of its widest piece), its columns, then the offsets that generated code reads: not constants, so that values of all
// sizes share a pipeline, but very large ones. A uniform buffer, because storage buffers are few.
@group(0) @binding(1) var<uniform> sizes: array<vec4u, SIZES>;
//#slot inputs
@group(0) @binding(2) var<storage, read> in0: array<f32>;
@group(0) @binding(3) var<storage, read> in1: array<f32>;
//#end

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = ((group.x + group.y * groups.x) * 64u + lane) * WIDTH;
  if (at >= sizes[0].x) { return; }
  let cols = sizes[0].y;
  let row = at / cols;
  let column = at % cols;
  //#slot body
  result[at] = in0[row * cols + column] * in1[at];
  //#end
}
