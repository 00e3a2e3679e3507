// Solid harmonics r^l Y^l of vectors, e3nn's basis: polar axis y, component normalisation times SCALES.
// Y_lm = Q_lm(y, r^2) times sqrt2 Im (z + ix)^|m|, 1, or sqrt2 Re (z + ix)^m for m < 0, m = 0, m > 0; no division by a
// length or a sine, so it is exact on the axes and at the origin.
// Recurrence: S. A. Holmes and W. E. Featherstone, J. Geodesy 76 (2002) 279, eq. 11.

const ROWS = 1u; //#param
const COLS = 1u; //#param
const LMAX = 0u; //#param
const TERMS = 1u; //#param
const BLOCKS = 1u; //#param
const DEGREES = array(0u); //#param
const SCALES = array(1.0); //#param

@group(0) @binding(0) var<storage, read> vectors: array<f32>;
@group(0) @binding(1) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = (group.x + group.y * groups.x) * 64u + lane;
  if (row >= ROWS) { return; }
  let x = vectors[row * 3u];
  let y = vectors[row * 3u + 1u];
  let z = vectors[row * 3u + 2u];
  let at = row * COLS;
  //#slot body
  // Q_lm stands at l (l + 1) / 2 + m.
  let r2 = x * x + y * y + z * z;
  var q: array<f32, TERMS>;
  q[0] = 1.0;
  for (var l = 1u; l <= LMAX; l++) {
    let start = l * (l + 1u) / 2u;
    for (var m = 0u; m < l; m++) {
      let L = f32(l);
      let M = f32(m);
      let d = (L - M) * (L + M);
      q[start + m] = sqrt((2.0 * L - 1.0) * (2.0 * L + 1.0) / d) * y * q[start - l + m];
      if (l - m >= 2u) {
        let second = sqrt((2.0 * L + 1.0) * (L - 1.0 - M) * (L - 1.0 + M) / ((2.0 * L - 3.0) * d));
        q[start + m] -= second * r2 * q[start - 2u * l + 1u + m];
      }
    }
    q[start + l] = sqrt((2.0 * f32(l) + 1.0) / (2.0 * f32(l))) * q[start - 1u];
  }
  var column = at;
  for (var b = 0u; b < BLOCKS; b++) {
    let l = DEGREES[b];
    let scale = SCALES[b];
    let start = l * (l + 1u) / 2u;
    var c = 1.0;
    var s = 0.0;
    for (var m = 0u; m <= l; m++) {
      let value = scale * q[start + m];
      if (m == 0u) {
        result[column + l] = value;
      } else {
        result[column + l - m] = 1.41421356 * value * s;
        result[column + l + m] = 1.41421356 * value * c;
      }
      let next = c * z - s * x;
      s = c * x + s * z;
      c = next;
    }
    column += 2u * l + 1u;
  }
  //#end
}
