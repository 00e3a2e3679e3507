import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinGraphs } from '../../src/data/join-graphs.ts';
import {
  countedRadiusGraph,
  type PeriodicEdgeList,
  type RadiusGraphOptions,
  radiusGraph,
} from '../../src/data/radius-graph.ts';
import { Random } from '../../src/o3/random.ts';
import { loadFamily } from '../support/fixture.ts';
import { runs } from '../support/property.ts';

type Cell = readonly number[];

const rows = ({ src, dst, shift }: PeriodicEdgeList) =>
  Array.from(src, (s, e) => [s, dst[e], ...shift.subarray(3 * e, 3 * e + 3)]);

/**
 * The definition: every pair, every image that could be near. Numbers are multiples of 1/8, so squares are exact.
 */
function allPairs(
  pos: readonly number[],
  radius: number,
  cell: Cell,
  pbc: readonly boolean[],
  { batch, inclusive = false }: RadiusGraphOptions = {},
): number[][] {
  const n = pos.length / 3;
  const [a, b, c] = [cell.slice(0, 3), cell.slice(3, 6), cell.slice(6, 9)];
  const cross = (u: Cell, v: Cell) => [
    u[1] * v[2] - u[2] * v[1],
    u[2] * v[0] - u[0] * v[2],
    u[0] * v[1] - u[1] * v[0],
  ];
  const volume = Math.abs(cross(a, b).reduce((sum, v, k) => sum + v * c[k], 0));
  const spread = Math.hypot(
    ...[0, 1, 2].map((k) => {
      const values = pos.filter((_, i) => i % 3 === k);
      return Math.max(...values) - Math.min(...values);
    }),
  );
  const range = [cross(b, c), cross(c, a), cross(a, b)].map((face, k) =>
    pbc[k] ? Math.ceil(((radius + spread) * Math.hypot(...face)) / volume) : 0,
  );
  const edges: number[][] = [];
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      if (batch && batch[i] !== batch[j]) continue;
      for (let x = 0 - range[0]; x <= range[0]; x++)
        for (let y = 0 - range[1]; y <= range[1]; y++)
          for (let z = 0 - range[2]; z <= range[2]; z++) {
            if (i === j && x === 0 && y === 0 && z === 0) continue;
            const square = [0, 1, 2].reduce((sum, k) => {
              const d = pos[3 * j + k] - pos[3 * i + k] + x * a[k] + y * b[k] + z * c[k];
              return sum + d * d;
            }, 0);
            if (inclusive ? square <= radius ** 2 : square < radius ** 2) edges.push([i, j, x, y, z]);
          }
    }
  return edges;
}

const eighths = (min: number, max: number) => fc.integer({ min: 8 * min, max: 8 * max }).map((k) => k / 8);
const determinant = ([a, b, c, d, e, f, g, h, i]: Cell) =>
  a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
/** Triclinic, skewed, flat and tiny ones of either handedness, none so flat that the definition takes long. */
const cells = fc
  .array(eighths(-3, 3), { minLength: 9, maxLength: 9 })
  .filter((cell) => Math.abs(determinant(cell)) >= 1.5);
const pbcs = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());
const points = (maxLength: number) =>
  fc
    .array(fc.tuple(eighths(-4, 4), eighths(-4, 4), eighths(-4, 4)), { maxLength })
    .map((list) => list.flat());

describe('periodic radius graph', () => {
  test('gives all images within the radius and no other, ordered by source, destination and shift', () => {
    fc.assert(
      fc.property(
        cells,
        pbcs,
        points(6),
        fc.constantFrom(0.5, 1, 1.25, 2.5),
        fc.boolean(),
        fc.boolean(),
        (cell, pbc, pos, radius, inclusive, batched) => {
          const batch = batched ? Array.from({ length: pos.length / 3 }, (_, i) => 7 - (i % 2)) : undefined;
          const options = { inclusive, batch };
          expect(rows(radiusGraph(pos, radius, { cell, pbc, ...options }))).toEqual(
            allPairs(pos, radius, cell, pbc, options),
          );
        },
      ),
      runs(300),
    );
  });

  test('points on faces, edges and corners of the cell, and in one place, are found once', () => {
    const face = fc.constantFrom(-1, 0, 0.5, 1, 2);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(face, face, face), { maxLength: 6 }),
        fc.constantFrom(0.5, 1, 1.5),
        (fractions, radius) => {
          const cell = [1, 0, 0, 0.5, 1, 0, 0, -0.5, 2];
          const pos = fractions.flatMap((f) =>
            [0, 1, 2].map((k) => f[0] * cell[k] + f[1] * cell[3 + k] + f[2] * cell[6 + k]),
          );
          const all = [true, true, true];
          expect(rows(radiusGraph(pos, radius, { cell, inclusive: true }))).toEqual(
            allPairs(pos, radius, cell, all, { inclusive: true }),
          );
        },
      ),
      runs(100),
    );
  });

  test('another basis of the same lattice, however skewed, gives the same edges', () => {
    // Rows of `matrix` are the new vectors in terms of the old ones; it has determinant 1 and entries up to 10^6.
    fc.assert(
      fc.property(
        cells,
        points(5),
        fc.integer({ min: -1000, max: 1000 }),
        fc.integer({ min: -1000, max: 1000 }),
        (cell, pos, u, v) => {
          const matrix = [
            [1, 0, 0],
            [u, 1, 0],
            [u * v, v, 1],
          ];
          const skewed = matrix.flatMap((row) =>
            [0, 1, 2].map((k) => row[0] * cell[k] + row[1] * cell[3 + k] + row[2] * cell[6 + k]),
          );
          const { src, dst, shift } = radiusGraph(pos, 1.25, { cell: skewed });
          const inOldTerms = Array.from(src, (s, e) => {
            const [x, y, z] = shift.subarray(3 * e, 3 * e + 3);
            return [
              s,
              dst[e],
              ...[0, 1, 2].map((k) => x * matrix[0][k] + y * matrix[1][k] + z * matrix[2][k]),
            ];
          });
          const text = (list: number[][]) => list.map((row) => row.join(' ')).sort();
          expect(text(inOldTerms)).toEqual(text(rows(radiusGraph(pos, 1.25, { cell }))));
        },
      ),
      runs(100),
    );
  });

  test('every edge has its way back with the opposite shift', () => {
    fc.assert(
      fc.property(cells, points(8), (cell, pos) => {
        const edges = rows(radiusGraph(pos, 1.7, { cell })).map((row) => row.join(' '));
        const back = rows(radiusGraph(pos, 1.7, { cell })).map(([i, j, ...s]) =>
          [j, i, ...s.map((x) => 0 - x)].join(' '),
        );
        expect(new Set(edges).size).toBe(edges.length);
        expect(back.sort()).toEqual(edges.sort());
      }),
      runs(100),
    );
  });

  test('a cubic lattice has 6, 18 and 26 neighbours', () => {
    const cell = [1, 0, 0, 0, 1, 0, 0, 0, 1];
    const counts = [1.1, 1.5, 1.8].map((radius) => radiusGraph([0.3, 9.2, -4], radius, { cell }).src.length);
    expect(counts).toEqual([6, 18, 26]);
  });

  test("the edges of e3nn's crystal and molecule, in their order", () => {
    const { json, tensor } = loadFamily('forces');
    expect(json.cases.length).toBeGreaterThan(0);
    for (const c of json.cases) {
      const cell = c.periodic ? { cell: tensor(c.cell).data } : {};
      const edges = radiusGraph(tensor(c.pos).data, json.model.config.r_max, cell);
      expect([...edges.src]).toEqual([...tensor(c.edge_src).data]);
      expect([...edges.dst]).toEqual([...tensor(c.edge_dst).data]);
      if (c.periodic) expect([...edges.shift]).toEqual([...tensor(c.edge_shift).data]);
    }
  });

  test('rows of open axes are not read', () => {
    const pos = [0, 0, 0, 0, 0, 1.5];
    const pbc = [false, false, true] as const;
    expect(rows(radiusGraph(pos, 1, { cell: [0, 0, 0, 0, 0, 0, 0, 0, 2], pbc }))).toEqual([
      [0, 1, 0, 0, -1],
      [1, 0, 0, 0, 1],
    ]);
  });
});

describe('the time is linear', () => {
  /** n points in a cube at one density, with about 14 neighbours each. */
  const distancesPerPoint = (n: number, periodic: boolean) => {
    const side = Math.cbrt(n);
    const random = new Random(3);
    const pos = Float64Array.from({ length: 3 * n }, () => side * random.uniform());
    const cell = [side, 0, 0, 0, side, 0, 0, 0, side];
    const { distances, src } = countedRadiusGraph(pos, 1.5, periodic ? { cell } : {});
    expect(src.length).toBeGreaterThan(10 * n);
    return distances / n;
  };
  test('10,000 points need as many distances a point as 1,000, open and periodic', () => {
    // 27 bins of at least 1.5^3 points; a few more because the side is no multiple of 1.5.
    for (const periodic of [false, true])
      for (const n of [1000, 10_000])
        expect(distancesPerPoint(n, periodic)).toBeLessThan(27 * 1.5 ** 3 * 1.6);
  });
  test('empty space between points costs nothing', () => {
    const random = new Random(5);
    // A hundred droplets of ten points, far from each other.
    const pos = Array.from(
      { length: 3000 },
      (_, i) => random.uniform() + 1e7 * ((Math.floor(i / 30) * 37) % 101),
    );
    const { distances, src } = countedRadiusGraph(pos, 0.9);
    expect(src.length).toBeGreaterThan(1000);
    expect(distances).toBeLessThan(100 * 10 * 10 * 2);
    expect(countedRadiusGraph(pos, 0.9, { cell: [1e10, 0, 0, 0, 1e10, 0, 0, 0, 1e10] }).distances).toBe(
      distances,
    );
  });
  test('a skewed cell costs what its compact basis costs', () => {
    const skewed = countedRadiusGraph([0, 0, 0], 3.5, { cell: [1, 0, 0, 1e6, 1, 0, -3e5, 7e5, 1] });
    const cubic = countedRadiusGraph([0, 0, 0], 3.5, { cell: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
    expect(skewed.src.length).toBe(cubic.src.length);
    expect(skewed.distances).toBe(cubic.distances);
  });
});

describe('joinGraphs', () => {
  test('counts nodes on and keeps shifts', () => {
    const cell = [2, 0, 0, 0, 2, 0, 0, 0, 2];
    const crystal = { nodes: 1, ...radiusGraph([0, 0, 0], 2.1, { cell }) };
    const molecule = { nodes: 3, src: Uint32Array.of(0, 2), dst: Uint32Array.of(2, 0) };
    const none = { nodes: 2, ...radiusGraph([0, 0, 0, 5, 5, 5], 1) };
    const joined = joinGraphs([none, crystal, molecule]);
    expect([...joined.batch]).toEqual([0, 0, 1, 2, 2, 2]);
    expect(rows(joined)).toEqual([
      ...rows(crystal).map(([i, j, ...shift]) => [i + 2, j + 2, ...shift]),
      [3, 5, 0, 0, 0],
      [5, 3, 0, 0, 0],
    ]);
    expect(crystal.src).toHaveLength(6);
  });
  test('no graphs, an edge to a node that is not there', () => {
    expect(joinGraphs([]).src).toHaveLength(0);
    expect(() => joinGraphs([{ nodes: 2, src: Uint32Array.of(0), dst: Uint32Array.of(2) }])).toThrow(
      'joinGraphs: edge 0 of graph 0 points to node 2, but it has only 2 (from 0)',
    );
  });
});

describe('errors say what is wrong', () => {
  const one = [0, 0, 0];
  const cube = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  test('a cell without volume, only where it is periodic', () => {
    for (const cell of [new Array(9).fill(0), [1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 0, 0, 0, 1, 0, 1, 1, 0]])
      expect(() => radiusGraph(one, 1, { cell })).toThrow('span no volume');
    expect(() =>
      radiusGraph(one, 1, { cell: [1, 0, 0, 2, 0, 0, 0, 0, 1], pbc: [true, true, false] }),
    ).toThrow('(1, 0, 0), (2, 0, 0), (0, 0, 1) are not independent: they span no area');
    expect(() => radiusGraph(one, 1, { cell: new Array(9).fill(0), pbc: [true, false, false] })).toThrow(
      'they span no length',
    );
    expect(radiusGraph(one, 1, { cell: new Array(9).fill(0), pbc: false }).src).toHaveLength(0);
  });
  test('a cell that is none', () => {
    expect(() => radiusGraph(one, 1, { cell: [1, 1, 1] })).toThrow(
      '9 numbers (rows = lattice vectors), not 3',
    );
    expect(() => radiusGraph(one, 1, { cell: [1, 0, 0, 0, Number.NaN, 0, 0, 0, 1] })).toThrow(
      'lattice vector 1 has y = NaN; the cell must be finite',
    );
    expect(() => radiusGraph(one, 1, { pbc: true })).toThrow('periodic boundaries (pbc) need a cell');
    expect(() => radiusGraph(one, Number.POSITIVE_INFINITY, { cell: cube })).toThrow(
      'the radius is Infinity',
    );
  });
  test('more edges than memory is meant to hold', () => {
    const pos = Array.from({ length: 300 }, (_, i) => i / 1000);
    expect(() => radiusGraph(pos, 9, { maxEdges: 1000 })).toThrow(
      'radiusGraph: more than 1000 edges at point 10 of 100 (about 9100 in all)',
    );
    expect(radiusGraph(pos, 9, { maxEdges: 9900 }).src).toHaveLength(9900);
    expect(() => radiusGraph(one, 1, { cell: cube.map((x) => 1e-6 * x) })).toThrow(
      /reaches over about 8.0e\+18 images of the cell, more than maxEdges = 134217728; check the units/,
    );
    expect(() => radiusGraph(one, 9, { cell: cube, maxEdges: 1000 })).toThrow('more than 1000 edges');
  });
  test('a point too far away for its position to mean anything', () => {
    expect(() => radiusGraph([1e12, 0, 0], 1, { cell: cube })).toThrow(
      'point 0 lies 1000000000000 lattice vectors outside of the cell',
    );
  });
});
