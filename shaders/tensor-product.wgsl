// Clebsch-Gordan contraction: the form  sum coefficient C_ijk x_ui y_vj w_uv z_k  with one slot open, sample by sample.
// The default body walks through tables of paths and of nonzero Clebsch-Gordan entries; the generated one is unrolled.
//#sized

struct Entry { i: u32, j: u32, k: u32, value: f32 }

struct Path {
  mode: u32, // 0 uvu, 1 uvv, 2 uuu, 3 uvuv, 4 uvu<v
  x: vec3u, // offset, stride from component to component, multiplicity
  y: vec3u,
  z: vec3u,
  w: u32,
  firstEntry: u32,
  lastEntry: u32,
  coefficient: f32,
}

const OPEN = 3; //#param
const ROWS = 1u; //#param
const COLS = vec4u(1u, 1u, 1u, 1u); //#param
const ENTRIES = array(Entry(0u, 0u, 0u, 1.0)); //#param
const PATH_COUNT = 1u; //#param
const PATHS = array(Path(0u, vec3u(0u, 1u, 1u), vec3u(0u, 1u, 1u), vec3u(0u, 1u, 1u), 0u, 0u, 1u, 1.0)); //#param

//#slot bindings
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> z: array<f32>;
//#end

fn weightAt(at: u32) -> f32 {
  //#slot weight
  return w[at];
  //#end
}

fn store(at: u32, value: f32) {
  //#slot store
  z[at] = value;
  //#end
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let thread = (group.x + group.y * groups.x) * 64u + lane;
  //#slot body
  // One number of the open slot an invocation: every combination that meets it is added.
  if (thread >= ROWS * COLS[OPEN]) { return; }
  let row = thread / COLS[OPEN];
  let column = thread % COLS[OPEN];
  var sum = 0.0;
  for (var p = 0u; p < PATH_COUNT; p++) {
    let path = PATHS[p];
    var pair = 0u;
    for (var u = 0u; u < path.x.z; u++) {
      let first = select(select(0u, u, path.mode == 2u), u + 1u, path.mode == 4u);
      let last = select(path.y.z, u + 1u, path.mode == 2u);
      for (var v = first; v < last; v++) {
        let atW = path.w + pair;
        let channel = select(select(select(pair, u, path.mode == 0u), v, path.mode == 1u), u, path.mode == 2u);
        pair++;
        for (var e = path.firstEntry; e < path.lastEntry; e++) {
          let entry = ENTRIES[e];
          let at = vec4u(
            path.x.x + entry.i * path.x.y + u,
            path.y.x + entry.j * path.y.y + v,
            atW,
            path.z.x + entry.k * path.z.y + channel,
          );
          if (at[OPEN] != column) { continue; }
          var product = path.coefficient * entry.value;
          if (OPEN != 0) { product *= x[row * COLS.x + at.x]; }
          if (OPEN != 1) { product *= y[row * COLS.y + at.y]; }
          if (OPEN != 2) { product *= weightAt(row * COLS.z + at.z); }
          if (OPEN != 3) { product *= z[row * COLS.w + at.w]; }
          sum += product;
        }
      }
    }
  }
  store(thread, sum);
  //#end
}
