// Column c of the result is a number of WIDTH bits in one column of the source, field c of FIELDS from the highest,
// minus an offset.

const ROWS = 1u; //#param
const SOURCE_COLS = 1u; //#param
const COLUMN = 0u; //#param
const FIELDS = 1u; //#param
const WIDTH = 31u; //#param
const OFFSET = 0u; //#param

@group(0) @binding(0) var<storage, read> source: array<u32>;
@group(0) @binding(1) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (group.x + group.y * groups.x) * 64u + lane;
  if (at >= ROWS * FIELDS) { return; }
  let bits = source[(at / FIELDS) * SOURCE_COLS + COLUMN] >> (WIDTH * (FIELDS - 1u - at % FIELDS));
  let number = i32(bits & ((1u << WIDTH) - 1u)) - i32(OFFSET);
  // Beyond 2^24 the next larger number that f32 has: a count must not become smaller.
  let spare = u32(max(0, 8 - i32(countLeadingZeros(u32(abs(number))))));
  let rounded = (u32(abs(number)) + (1u << spare) - 1u) >> spare;
  result[at] = f32(sign(number)) * f32(rounded) * f32(1u << spare);
}
