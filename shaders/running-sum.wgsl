// Entry i of the result is the sum of the entries before i, so that there is one more than in the source: a prefix
// sum by one workgroup. Each lane sums a stretch. Sums stop at 2^31 - 1, so that none becomes small again.

const SIZE = 1u; //#param
const LANES = 256u;
const MOST = 0x7fffffffu;

@group(0) @binding(0) var<storage, read> source: array<u32>;
@group(0) @binding(1) var<storage, read_write> result: array<u32>;

var<workgroup> sums: array<u32, LANES>;

fn plus(a: u32, b: u32) -> u32 { return min(min(a, MOST) + min(b, MOST), MOST); }

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  let stretch = (SIZE + LANES - 1u) / LANES;
  let begin = min(lane * stretch, SIZE);
  let stop = min(begin + stretch, SIZE);
  var sum = 0u;
  for (var i = begin; i < stop; i++) { sum = plus(sum, source[i]); }
  sums[lane] = sum;
  workgroupBarrier();
  var total = 0u;
  for (var other = 0u; other < lane; other++) { total = plus(total, sums[other]); }
  for (var i = begin; i < stop; i++) {
    result[i] = total;
    total = plus(total, source[i]);
  }
  if (lane == LANES - 1u) { result[SIZE] = total; }
}
