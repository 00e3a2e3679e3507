// One step of a pointwise optimiser over the packed parameters, in place: `result` holds the parameters and then the
// moments, each SIZE values long: single numbers, or four at once. The default body is gradient descent with learning rate
// 0.01.
//#sized
//#import functions

alias Value = f32; //#param
const SIZE = 1u; //#param

@group(0) @binding(0) var<storage, read_write> result: array<Value>;
@group(0) @binding(1) var<storage, read> gradient: array<Value>;
//#slot scalars
//#end

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (group.x + group.y * groups.x) * 64u + lane;
  if (at >= SIZE) { return; }
  //#slot body
  result[at] -= 0.01 * gradient[at];
  //#end
}
