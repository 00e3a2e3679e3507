// Draws instances of a form, and surfaces, with one light beside the camera.

struct Camera {
  view: mat4x4f,
  projection: mat4x4f,
}

struct Object {
  model: mat4x4f,
  colour: vec4f,
  // First number, and numbers from row to row, of positions, vectors, sizes and colours; no step: one for all.
  positions: vec2u,
  vectors: vec2u,
  sizes: vec2u,
  colours: vec2u,
  size: f32,
}

@group(0) @binding(0) var<uniform> camera: Camera;
@group(1) @binding(0) var<uniform> object: Object;
@group(1) @binding(1) var<storage, read> positions: array<f32>;
@group(1) @binding(2) var<storage, read> vectors: array<f32>;
@group(1) @binding(3) var<storage, read> sizes: array<f32>;
@group(1) @binding(4) var<storage, read> colours: array<f32>;

struct Corner {
  @builtin(position) clip: vec4f,
  @location(0) position: vec3f, // as the camera sees it
  @location(1) normal: vec3f,
  @location(2) colour: vec4f,
}

fn position_of(i: u32) -> vec3f {
  let at = object.positions.x + i * object.positions.y;
  return vec3f(positions[at], positions[at + 1], positions[at + 2]);
}

fn colour_of(i: u32) -> vec4f {
  if (object.colours.y == 0) { return object.colour; }
  let at = object.colours.x + i * object.colours.y;
  return vec4f(colours[at], colours[at + 1], colours[at + 2], colours[at + 3]);
}

fn placed(local: vec3f, normal: vec3f, colour: vec4f) -> Corner {
  let seen = camera.view * object.model * vec4f(local, 1);
  let turned = (camera.view * object.model * vec4f(normal, 0)).xyz;
  return Corner(camera.projection * seen, seen.xyz, turned, colour);
}

@vertex
fn instance(
  @builtin(instance_index) i: u32,
  @location(0) corner: vec4f, // x, y, along, beyond: see scene-forms.ts
  @location(1) normal: vec3f,
) -> Corner {
  var size = object.size;
  if (object.sizes.y != 0) { size = sizes[object.sizes.x + i * object.sizes.y]; }
  var axis = vec3f(0, 0, 1);
  var along = 0.0;
  if (object.vectors.y != 0) {
    let at = object.vectors.x + i * object.vectors.y;
    let vector = vec3f(vectors[at], vectors[at + 1], vectors[at + 2]);
    along = length(vector);
    if (along > 0) { axis = vector / along; }
    size = min(size, along / 8);
  }
  // Two directions that complete the axis to a right-handed frame.
  let other = select(vec3f(0, 0, 1), vec3f(1, 0, 0), abs(axis.z) > 0.9);
  var x = normalize(cross(other, axis));
  var y = cross(axis, x);
  if (object.vectors.y == 0) { x = vec3f(1, 0, 0); y = vec3f(0, 1, 0); }
  let local = x * (corner.x * size) + y * (corner.y * size) + axis * (corner.z * along + corner.w * size);
  return placed(position_of(i) + local, x * normal.x + y * normal.y + axis * normal.z, colour_of(i));
}

@vertex
fn surface(@builtin(vertex_index) i: u32, @location(0) corner_normal: vec3f) -> Corner {
  var normal = corner_normal;
  if (object.vectors.y != 0) {
    let at = object.vectors.x + i * object.vectors.y;
    normal = vec3f(vectors[at], vectors[at + 1], vectors[at + 2]);
  }
  return placed(position_of(i), normal, colour_of(i));
}

@fragment
fn lit(corner: Corner) -> @location(0) vec4f {
  // Where no normals were given, those of the triangles.
  let flat_normal = cross(dpdx(corner.position), dpdy(corner.position));
  var normal = corner.normal;
  if (dot(normal, normal) < 1e-12) { normal = flat_normal; }
  normal = normalize(normal);
  let toward = normalize(-corner.position);
  if (dot(normal, toward) < 0) { normal = -normal; }
  let light = normalize(vec3f(0.35, 0.6, 0.75));
  let diffuse = max(dot(normal, light), 0.0);
  let shine = pow(max(dot(normal, normalize(light + toward)), 0.0), 40.0);
  let shade = corner.colour.rgb * (0.5 + 0.5 * diffuse) + vec3f(0.16 * shine);
  return vec4f(shade * corner.colour.a, corner.colour.a);
}
