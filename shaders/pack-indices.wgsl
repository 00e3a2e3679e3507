// A packed index map (see src/graph/index-map.ts) from one column of whole numbers: a stable counting sort by one
// workgroup, 256 rows at a time in their order, so that the same input gives the same map without atomics.

const ROWS = 1u; //#param
const COLS = 1u; //#param
const COLUMN = 0u; //#param
const SEGMENTS = 1u; //#param
const LANES = 256u;
const NOWHERE = 0xffffffffu;

@group(0) @binding(0) var<storage, read> source: array<u32>;
@group(0) @binding(1) var<storage, read_write> result: array<u32>;

var<workgroup> keys: array<u32, LANES>;
var<workgroup> sums: array<u32, LANES>;

// Where a segment starts, and, while rows are placed, where its next row goes: one further on, so that it ends up
// as the start of the segment after it.
fn next(segment: u32) -> u32 { return 2u * ROWS + segment + 1u; }

fn keyOf(row: u32) -> u32 {
  if (row >= ROWS) { return NOWHERE; }
  let key = source[row * COLS + COLUMN];
  return select(NOWHERE, key, key < SEGMENTS);
}

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  for (var s = lane; s <= SEGMENTS; s += LANES) { result[2u * ROWS + s] = 0u; }
  for (var row = lane; row < ROWS; row += LANES) {
    result[row] = keyOf(row);
    result[ROWS + row] = 0u;
  }
  storageBarrier();
  // Twice the same walk: first it counts the rows of each segment, then it places them.
  for (var walk = 0u; walk < 2u; walk++) {
    for (var chunk = 0u; chunk < ROWS; chunk += LANES) {
      let key = keyOf(chunk + lane);
      keys[lane] = key;
      workgroupBarrier();
      var before = 0u;
      var after = 0u;
      if (key != NOWHERE) {
        for (var other = 0u; other < LANES; other++) {
          if (keys[other] == key) {
            if (other < lane) { before++; }
            if (other > lane) { after++; }
          }
        }
        if (walk == 1u) { result[ROWS + result[next(key)] + before] = chunk + lane; }
      }
      storageBarrier();
      workgroupBarrier();
      // The last row of each segment in the chunk moves the segment on by all of them.
      if (key != NOWHERE && after == 0u) { result[next(key)] += before + 1u; }
      storageBarrier();
      workgroupBarrier();
    }
    if (walk == 0u) {
      // Counts become starts: each lane sums a stretch of segments, and begins with the sum of the lanes before it.
      let stretch = (SEGMENTS + LANES - 1u) / LANES;
      let begin = min(lane * stretch, SEGMENTS);
      let stop = min(begin + stretch, SEGMENTS);
      var sum = 0u;
      for (var s = begin; s < stop; s++) { sum += result[next(s)]; }
      sums[lane] = sum;
      workgroupBarrier();
      var start = 0u;
      for (var other = 0u; other < lane; other++) { start += sums[other]; }
      for (var s = begin; s < stop; s++) {
        let count = result[next(s)];
        result[next(s)] = start;
        start += count;
      }
      storageBarrier();
      workgroupBarrier();
    }
  }
}
