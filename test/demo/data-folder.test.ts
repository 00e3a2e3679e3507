// How `npm run train` reads frames, and what it does not take.
import { describe, expect, test } from 'vitest';
import { chooseSet, framesOfFolder, framesOfXyz, setsOf } from '../../demo/train/data-folder.ts';

function npy(descr: string, shape: number[], bytes: { buffer: ArrayBufferLike }): Uint8Array {
  const list = shape.map((n) => `${n},`).join(' ');
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${list}), }`.padEnd(117);
  const start = [0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, 118, 0];
  return Uint8Array.from([
    ...start,
    ...new TextEncoder().encode(`${header}\n`),
    ...new Uint8Array(bytes.buffer),
  ]);
}

const reals = (shape: number[], ...values: number[]) => npy('<f8', shape, Float64Array.from(values));
const whole = (...values: number[]) => npy('<i4', [values.length], Int32Array.from(values));
const count = (n: number, from = 0) => Array.from({ length: n }, (_, i) => from + i);

/** Three frames of H2. */
const equal = {
  'positions.npy': reals([3, 2, 3], ...count(18)),
  'forces.npy': reals([3, 2, 3], ...count(18, 100)),
  'energies.npy': reals([3], -1, -2, -3),
  'numbers.npy': whole(1, 1),
};
/** H2 and then O. */
const unequal = {
  'positions.npy': reals([3, 3], ...count(9)),
  'forces.npy': reals([3, 3], ...count(9, 100)),
  'energies.npy': reals([2], -1, -2),
  'offsets.npy': whole(0, 2, 3),
  'numbers.npy': whole(1, 1, 8),
};
type Arrays = Readonly<Record<string, Uint8Array>>;
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const framesOf = (files: Arrays, set = 'positions') =>
  framesOfFolder({ names: Object.keys(files), read: (name) => files[name] }, set);
const plain = ({ numbers, pos, forces, energy, cell }: ReturnType<typeof framesOf>[number]) =>
  [numbers, pos, forces, [energy], cell ?? []].map((list) => Array.from(list));

describe('frames of a folder', () => {
  test('all alike: one number for each atom of a frame, or of all', () => {
    const frames = framesOf(equal);
    expect(frames.map(({ name }) => name)).toEqual(count(3).map((f) => `frame ${f} of positions`));
    expect(plain(frames[1])).toEqual([[1, 1], count(6, 6), count(6, 106), [-2], []]);
    const all = framesOf({ ...equal, 'numbers.npy': whole(1, 1, 1, 6, 1, 7) });
    expect(all.map(({ numbers }) => Array.from(numbers))).toEqual([
      [1, 1],
      [1, 6],
      [1, 7],
    ]);
  });

  test('of different sizes, with cells; or a cell, a number and pbc in meta.json', () => {
    const [first, second] = framesOf({ ...unequal, 'cells.npy': reals([2, 3, 3], ...count(18)) });
    expect(plain(first)).toEqual([[1, 1], count(6), count(6, 100), [-1], count(9)]);
    expect(plain(second)).toEqual([[8], count(3, 6), count(3, 106), [-2], count(9, 9)]);
    const { 'numbers.npy': _, ...arrays } = unequal;
    const meta = {
      cell: [
        [4, 0, 0],
        [0, 5, 0],
        [0, 0, 6],
      ],
      number: 14,
      pbc: true,
    };
    const [silicon] = framesOf({ ...arrays, 'meta.json': json(meta) });
    expect(plain(silicon).at(-1)).toEqual([4, 0, 0, 0, 5, 0, 0, 0, 6]);
    expect([silicon.numbers[1], silicon.pbc]).toEqual([14, [true, true, true]]);
  });

  test('half precision is read as numbers', () => {
    const halves = (...bits: number[]) => npy('<f2', [1, 1, 3], Uint16Array.from(bits));
    const [frame] = framesOf({
      'positions.npy': halves(0x3c00, 0xc000, 0x3800),
      'forces.npy': halves(0, 0x3c00, 0x4000),
      'energies.npy': npy('<f2', [1], Uint16Array.of(0xc500)),
      'numbers.npy': whole(6),
    });
    expect(plain(frame)).toEqual([[6], [1, -2, 0.5], [0, 1, 2], [-5], []]);
  });

  test('arrays are converted once: frames are parts of them', () => {
    const [first, last] = framesOf(equal);
    expect((first.pos as Float64Array).buffer).toBe((last.pos as Float64Array).buffer);
  });

  test.each<[string, Arrays, RegExp]>([
    [
      'forces of another shape',
      { ...equal, 'forces.npy': reals([6, 3], ...count(18)) },
      /forces.npy is 6 x 3, but positions.npy is 3 x 2 x 3/,
    ],
    [
      'two coordinates',
      { ...equal, 'positions.npy': reals([3, 3, 2], ...count(18)) },
      /positions.npy is 3 x 3 x 2; it must be/,
    ],
    [
      'no offsets',
      { ...equal, 'positions.npy': reals([6, 3], ...count(18)), 'forces.npy': reals([6, 3], ...count(18)) },
      /6 x 3, and there is no offsets.npy/,
    ],
    [
      'too few energies',
      { ...equal, 'energies.npy': reals([2], 1, 2) },
      /energies.npy is 2, but positions.npy is 3 x 2 x 3/,
    ],
    [
      'no frames',
      { ...equal, 'energies.npy': reals([0]) },
      /energies.npy is 0; it must be one energy a frame/,
    ],
    [
      'numbers of some atoms',
      { ...equal, 'numbers.npy': whole(1, 1, 1) },
      /numbers.npy is 3; there must be one number for each atom of a frame/,
    ],
    ['a single number', { ...equal, 'numbers.npy': whole(1) }, /numbers.npy is 1; there must be one/],
    [
      'numbers of one frame where frames differ',
      { ...unequal, 'numbers.npy': whole(1, 1) },
      /numbers.npy is 2; there must be one/,
    ],
    [
      'element 0',
      { ...equal, 'numbers.npy': whole(1, 0) },
      /numbers.npy: number 1 is 0, which is no element/,
    ],
    ['element 119', { ...equal, 'numbers.npy': whole(119, 1) }, /number 0 is 119/],
    ['half an element', { ...equal, 'numbers.npy': reals([2], 1, 1.5) }, /number 1 is 1.5/],
    [
      'offsets that fall',
      { ...unequal, 'offsets.npy': whole(0, 4, 3) },
      /offsets.npy must ascend from 0 to the number of atoms, 3/,
    ],
    ['offsets that start late', { ...unequal, 'offsets.npy': whole(1, 2, 3) }, /must ascend from 0/],
    ['offsets that end early', { ...unequal, 'offsets.npy': whole(0, 1, 2) }, /must ascend from 0/],
    [
      'offsets of more frames',
      { ...unequal, 'offsets.npy': whole(0, 1, 2, 3) },
      /energies.npy is 2, but offsets.npy is 4/,
    ],
    [
      'cells of fewer frames',
      { ...equal, 'cells.npy': reals([1, 3, 3], ...count(9)) },
      /cells.npy is 1 x 3 x 3, but there are 3 frames/,
    ],
    [
      'energy',
      { ...equal, 'energies.npy': reals([3], 1, 2, Number.NaN) },
      /^frame 2 of positions: the energy is NaN$/,
    ],
    [
      'force',
      { ...equal, 'forces.npy': reals([3, 2, 3], ...count(10), Number.NaN, ...count(7)) },
      /^frame 1 of positions: the force on atom 1 has y = NaN$/,
    ],
    [
      'position',
      { ...unequal, 'positions.npy': reals([3, 3], ...count(6), -1 / 0, 0, 0) },
      /^frame 1 of positions: the position of atom 0 has x = -Infinity$/,
    ],
    [
      'energies in kcal/mol',
      { ...equal, 'meta.json': json({ units: { energy: 'kcal/mol' } }) },
      /meta.json: units: energy is in "kcal\/mol"; convert the arrays to eV/,
    ],
    [
      'lengths in Bohr',
      { ...equal, 'meta.json': json({ units: { length: 'Bohr' } }) },
      /length is in "Bohr"; convert the arrays to Å/,
    ],
    [
      'forces in other units',
      { ...equal, 'meta.json': json({ units: { force: 'Ha/Bohr' } }) },
      /force is in "Ha\/Bohr"; convert the arrays to eV\/Å/,
    ],
    [
      'half a cell',
      { ...equal, 'meta.json': json({ cell: [[1, 0, 0]] }) },
      /meta.json: cell must be three lattice vectors/,
    ],
    ['no JSON', { ...equal, 'meta.json': new Uint8Array(3) }, /meta.json: /],
    ['no npy', { ...equal, 'forces.npy': new Uint8Array(30) }, /forces.npy: npy, byte 0/],
  ])('%s', (_, files, message) => {
    expect(() => framesOf(files)).toThrow(message);
  });

  test.each([
    { length: 'Å', energy: 'eV', force: 'eV/Å' },
    { length: '\u212b', energy: 'eV', force: 'eV/\u212b' }, // the other character
    { length: 'angstrom', energy: 'ev', force: 'eV / Angstrom' },
    { charge: 'e' },
  ])('units %j', (units) => {
    expect(framesOf({ ...equal, 'meta.json': json({ units }) })).toHaveLength(3);
  });
});

describe('sets', () => {
  const names = [
    'train_300K_positions.npy',
    'train_mixedT_positions.npy',
    'test_positions.npy',
    'meta.json',
    'compositions.npy',
  ];
  test('are found by their prefixes, and chosen by name or by what they are for', () => {
    const sets = setsOf(names);
    expect(sets).toEqual(['test', 'train_300K', 'train_mixedT']);
    expect(chooseSet(sets, 'train', null)).toBe('train_300K');
    expect(chooseSet(sets, 'test', null)).toBe('test');
    expect(chooseSet(sets, 'test', 'train_mixedT')).toBe('train_mixedT');
    expect(chooseSet(setsOf(['positions.npy']), 'train', null)).toBe('positions');
    expect(() => chooseSet(sets, 'test', 'mixedT')).toThrow(
      'no set "mixedT"; it has test, train_300K, train_mixedT',
    );
    expect(() => setsOf(['compositions.npy'])).toThrow('the folder has no positions.npy');
  });

  test('have arrays of their own, and share what has no prefix', () => {
    const prefixed = Object.entries(equal).map(([name, bytes]) => [
      name === 'numbers.npy' ? name : `warm_${name}`,
      bytes,
    ]);
    const [frame] = framesOf(Object.fromEntries(prefixed), 'warm');
    expect([frame.name, frame.energy]).toEqual(['frame 0 of warm', -1]);
    expect(() => framesOf({ 'warm_positions.npy': equal['positions.npy'] }, 'warm')).toThrow(
      'no warm_forces.npy',
    );
  });
});

test('an extxyz file, with names of its own for energy and forces', () => {
  const text = '1\nProperties=species:S:1:pos:R:3:F:R:3 U=-3\nH 0 0 0 1 2 3\n';
  const bytes = new TextEncoder().encode(text);
  const [frame] = framesOfXyz(bytes, 'h.xyz', { energy: 'U', forces: 'F' });
  expect([frame.name, frame.energy, ...(frame.forces as Float64Array)]).toEqual([
    'frame 0 of h.xyz',
    -3,
    1,
    2,
    3,
  ]);
  expect(() => framesOfXyz(bytes, 'h.xyz', { energy: 'U' })).toThrow(
    'frame 0 of h.xyz has no forces; where they have another name, say it with --forces-key',
  );
  expect(() => framesOfXyz(bytes, 'h.xyz', { forces: 'F' })).toThrow('--energy-key');
});
