import { axisAngleToMatrix, type Matrix3 } from '../../src/index.ts';

/** A part of the sphere of orientations. */
export interface MapCell {
  /** Of its middle, in radians. */
  readonly longitude: number;
  readonly latitude: number;
  /** Its share of the sphere. */
  readonly weight: number;
  /** The rotation that stands for it. */
  readonly rotation: Matrix3;
}

/** Where a direction of this longitude and latitude points; both zero: along x, the middle of the map. */
export function direction(longitude: number, latitude: number): readonly [number, number, number] {
  const cos = Math.cos(latitude);
  return [cos * Math.cos(longitude), Math.sin(latitude), cos * Math.sin(longitude)];
}

/** The rotation that takes the x axis to a direction, the shortest way; to its opposite, half a turn about y. */
export function shortestRotation([x, y, z]: readonly [number, number, number]): Matrix3 {
  // The axis is x × d = (0, -z, y).
  const sine = Math.hypot(y, z);
  const angle = Math.atan2(sine, x);
  return axisAngleToMatrix(sine < 1e-9 ? [0, 1, 0] : [0, -z, y], angle);
}

/** The sphere in columns of longitude and rows of latitude, row by row from the south; odd numbers have a cell in the middle. */
export function mapCells(columns: number, rows: number): MapCell[] {
  return Array.from({ length: columns * rows }, (_, i) => {
    const [south, north] = [0, 1].map((k) => ((Math.floor(i / columns) + k) / rows - 0.5) * Math.PI);
    const longitude = (((i % columns) + 0.5) / columns - 0.5) * 2 * Math.PI;
    const latitude = (south + north) / 2;
    return {
      longitude,
      latitude,
      weight: (Math.sin(north) - Math.sin(south)) / (2 * columns),
      rotation: shortestRotation(direction(longitude, latitude)),
    };
  });
}

/**
 * Longitude and latitude at a point of Mollweide's map, which keeps areas; null outside. The map is 2 high and 4 wide. Snyder, "Map
 * projections: a working manual" (1987), p. 251.
 */
export function fromMollweide(x: number, y: number): [longitude: number, latitude: number] | null {
  if ((x / 2) ** 2 + y ** 2 >= 1) return null;
  const theta = Math.asin(y);
  const latitude = Math.asin((2 * theta + Math.sin(2 * theta)) / Math.PI);
  return [(Math.PI * x) / (2 * Math.cos(theta)), latitude];
}

/** The number of the cell there. */
export function cellAt(longitude: number, latitude: number, columns: number, rows: number): number {
  const part = (value: number, count: number) =>
    Math.min(count - 1, Math.max(0, Math.floor((value + 0.5) * count)));
  return part(latitude / Math.PI, rows) * columns + part(longitude / (2 * Math.PI), columns);
}

const stops = [
  [0, 34, 78],
  [124, 123, 120],
  [254, 232, 56],
] as const;

/**
 * Dark blue (0) by grey to yellow (1), which colour-blind people see as others do: the ends and the middle of cividis (Nuñez,
 * Anderton, Renslow, PLoS ONE 13 (2018) e0199239).
 */
export function accuracyColour(value: number): [number, number, number] {
  const at = Math.min(1, Math.max(0, value)) * 2;
  const low = Math.min(1, Math.floor(at));
  return stops[low].map((v, k) => Math.round(v + (at - low) * (stops[low + 1][k] - v))) as [
    number,
    number,
    number,
  ];
}
