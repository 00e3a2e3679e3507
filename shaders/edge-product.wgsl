// Products along edges, number by number, as sums of terms factor * x * y * w * z without the open one. What stands where is in
// `table`, so that products of all irreps, and their gradients, share a pipeline. It compiles in a tenth of the time of
// the code that is generated for one product (tensor-product.wgsl), and runs slower.

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> z: array<f32>;
@group(0) @binding(4) var<storage, read> dst: array<u32>;
@group(0) @binding(5) var<storage, read> src: array<u32>;
// 0 rows and 1 columns of the result, edges that 2 dst has room for, nodes that 3 dst and 4 src may name; columns of 5 x, 6 y,
// 7 w, 8 z; 9 whether z is open, 10 whether x is gathered. Then the columns of the result: 0 channel, 1 first term and 2 end, 3 where
// it stands in `result`, 4 the step to the next row, 5 whether x is open. Then the terms: 0 column of x for channel 0, 1 of y, 2 its
// step by channel, 3 of w, 4 of z, 5 factor (bits of f32); what is open or not there is NOWHERE.
@group(0) @binding(6) var<storage, read> table: array<u32>;
@group(0) @binding(7) var<storage, read_write> result: array<f32>;

const HEADER = 11u;
const COLUMN = 6u;
const TERM = 6u;
const NOWHERE = 0xffffffffu;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let thread = (group.x + group.y * groups.x) * 64u + lane;
  let row = thread / table[1];
  if (row >= table[0]) { return; }
  let column = HEADER + (thread - row * table[1]) * COLUMN;
  let channel = table[column];
  let firstTerm = table[column + 1u];
  let endTerm = table[column + 2u];
  // A node has its edges, an edge itself.
  let byNode = table[9] == 1u;
  let capacity = table[2];
  var begin = row;
  var end = row + 1u;
  if (byNode) {
    begin = dst[2u * capacity + row];
    end = dst[2u * capacity + row + 1u];
  }
  var sum = 0.0;
  for (var i = begin; i < end; i++) {
    let edge = select(i, dst[capacity + i], byNode);
    let node = select(dst[edge], row, byNode);
    let source = select(edge, src[edge], table[10] == 1u);
    // A source or a node that is nowhere adds nothing; the gradient by x does not read the source.
    let there = node < table[3] && (source < table[4] || table[column + 5u] == 1u);
    let stop = select(firstTerm, endTerm, there);
    let fromX = source * table[5] + channel;
    let fromY = edge * table[6];
    let fromW = edge * table[7] + channel;
    let fromZ = node * table[8] + channel;
    for (var term = firstTerm; term < stop; term += TERM) {
      let atX = table[term];
      let atW = table[term + 3u];
      let atZ = table[term + 4u];
      var product = bitcast<f32>(table[term + 5u]) * y[fromY + table[term + 1u] + channel * table[term + 2u]];
      product *= select(x[fromX + atX], 1.0, atX == NOWHERE);
      product *= select(w[fromW + atW], 1.0, atW == NOWHERE);
      product *= select(z[fromZ + atZ], 1.0, atZ == NOWHERE);
      sum += product;
    }
  }
  result[table[column + 3u] + row * table[column + 4u]] = sum;
}
