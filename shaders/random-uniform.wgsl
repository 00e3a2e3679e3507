// Random numbers, uniform in [0, 1), as a hash of (column, row, counter, seed): pcg4d of M. Jarzynski and M. Olano, Hash
// Functions for GPU Rendering, JCGT 9(3), 2020. The highest 24 bits are the number, exact in f32.

const COLS = 1u; //#param
const SIZE = 1u; //#param

@group(0) @binding(0) var<storage, read> counter: array<f32>;
@group(0) @binding(1) var<storage, read> seed: array<u32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

fn mix4(before: vec4u) -> vec4u {
  var v = before;
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  return v;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (group.x + group.y * groups.x) * 64u + lane;
  if (at >= SIZE) { return; }
  let place = vec4u(at % COLS, at / COLS, u32(counter[0]), seed[0]);
  let mixed = mix4(place * 1664525u + 1013904223u);
  let hash = mix4(mixed ^ (mixed >> vec4u(16u))).x;
  // Times 2^-24, which is exact; a division need not be.
  result[at] = f32(hash >> 8u) * 0x1p-24f;
}
