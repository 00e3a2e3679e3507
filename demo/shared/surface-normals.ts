/** Normals at the corners of a surface: of the triangles around each, weighted by their areas. Not of length 1. */
export function normalsOf(positions: Float32Array, indices: Uint32Array): Float32Array<ArrayBuffer> {
  const normals = new Float32Array(positions.length);
  for (let t = 0; t < indices.length; t += 3) {
    const [a, b, c] = [3 * indices[t], 3 * indices[t + 1], 3 * indices[t + 2]];
    const [ux, uy, uz] = [0, 1, 2].map((i) => positions[b + i] - positions[a + i]);
    const [vx, vy, vz] = [0, 1, 2].map((i) => positions[c + i] - positions[a + i]);
    const normal = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    for (const corner of [a, b, c]) for (let i = 0; i < 3; i++) normals[corner + i] += normal[i];
  }
  return normals;
}
