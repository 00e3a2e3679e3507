import { chemicalSymbols } from '../data/elements.ts';
import { parseLogical, parseNumber, type XyzValue } from './extxyz-comment.ts';
import { quoted } from './file-error.ts';
import type { XyzColumns, XyzFrame } from './xyz-frame.ts';

/**
 * Writes extended xyz, frame after frame; `readXyz` gives the same frames back, all digits included. Only text that
 * reads as numbers or logical values comes back as these, as the format has it.
 *
 * @throws Error if the numbers of a frame do not fit together or are not finite, or text holds what the format
 * cannot.
 * @example
 * ```ts
 * import { readXyz, writeXyz } from 'clebsch';
 * const text = writeXyz(readXyz('1\n\nHe 0.1 0 -2e-3'));
 * text.split('\n')[2]; // => "He 0.1 0 -0.002"
 * ```
 */
export function writeXyz(frames: readonly XyzFrame[]): string {
  return frames.map((frame, i) => writeFrame(frame, `frame ${i}`)).join('');
}

function writeFrame(frame: XyzFrame, where: string): string {
  const fail = (what: string): never => {
    throw new Error(`writeXyz: ${where}: ${what}`);
  };
  const { numbers, pos, forces, cell, pbc, energy, stress, virial } = frame;
  const count = numbers.length;
  if (count === 0) fail('it has no atoms, which readers do not take');
  const columns: [string, XyzColumns][] = [
    [
      'species',
      {
        type: 'S',
        width: 1,
        data: Array.from(numbers, (z) => chemicalSymbols[z || 119] ?? fail(`${z} is no element`)),
      },
    ],
    ['pos', { type: 'R', width: 3, data: pos }],
  ];
  if (forces) columns.push(['forces', { type: 'R', width: 3, data: forces }]);
  columns.push(...Object.entries(frame.arrays));
  for (const [name, { type, width, data }] of columns) {
    if (name === '' || /[\s:]/.test(name)) fail(`a property cannot be named ${quoted(name)}`);
    if (data.length !== count * width)
      fail(`${name} has ${data.length} entries, and ${count} atoms need ${count * width}`);
    if (type === 'S' && (data as readonly string[]).some((text) => !/^\S+$/.test(text)))
      fail(`${name} has an entry that is empty or has blanks`);
  }
  const number = (v: number): string => {
    if (!Number.isFinite(v)) fail(`it holds ${v}, and all numbers must be finite`);
    return Object.is(v, -0) ? '-0' : String(v);
  };
  const text = (v: string): string =>
    /^[^\s="',{}[\]\\]+$/.test(v) && Number.isNaN(parseNumber(v)) && parseLogical(v) === null
      ? v
      : `"${v.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n')}"`;
  const entry = (v: number | boolean | string): string =>
    typeof v === 'number' ? number(v) : typeof v === 'boolean' ? (v ? 'T' : 'F') : text(v);
  const value = (v: XyzValue): string =>
    typeof v === 'object' ? `[${v.map((item: XyzValue) => value(item)).join(', ')}]` : entry(v);
  const nine = (name: string, values: ArrayLike<number>): string => {
    if (values.length !== 9) fail(`${name} has ${values.length} numbers, and must have 9`);
    return `${name}="${Array.from(values, number).join(' ')}"`;
  };
  const pairs = [
    ...(cell ? [nine('Lattice', cell)] : []),
    `Properties=${text(columns.map(([name, { type, width }]) => `${name}:${type}:${width}`).join(':'))}`,
    ...(energy !== undefined ? [`energy=${number(energy)}`] : []),
    ...(stress ? [nine('stress', stress)] : []),
    ...(virial ? [nine('virial', virial)] : []),
    `pbc="${pbc.map((p) => (p ? 'T' : 'F')).join(' ')}"`,
    ...Object.entries(frame.info).map(([key, v]) => `${text(key)}=${value(v)}`),
  ];
  const rows = Array.from({ length: count }, (_, atom) =>
    columns
      .flatMap(([, { width, data }]) =>
        Array.from({ length: width }, (_, j) => entryOf(data[atom * width + j])),
      )
      .join(' '),
  );
  return `${[String(count), pairs.join(' '), ...rows].join('\n')}\n`;

  /** Text of atoms is never quoted. */
  function entryOf(v: number | boolean | string): string {
    return typeof v === 'string' ? v : entry(v);
  }
}
