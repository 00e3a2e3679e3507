import type { Rows, Surface } from './scene.ts';
import { isGpuRows } from './scene-objects.ts';

/** A surface of a scene from what a program draws: `points`, `normals` and `colours`. */
export function surfaceOf(drawn: (name: string) => Rows, indices: Uint32Array): Surface {
  const normals = drawn('normals');
  return {
    form: 'surface',
    positions: drawn('points'),
    // The canvas without a GPU shades triangles.
    ...(isGpuRows(normals) && { normals }),
    colours: drawn('colours'),
    indices,
  };
}
