import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { atomicNumber, chemicalSymbols } from '../../src/data/elements.ts';
import { parseComment, parseNumber, type XyzValue } from '../../src/io/extxyz-comment.ts';
import { FileError } from '../../src/io/file-error.ts';
import { readXyz } from '../../src/io/xyz.ts';
import type { XyzFrame } from '../../src/io/xyz-frame.ts';
import { writeXyz } from '../../src/io/xyz-write.ts';
import { runs } from '../support/property.ts';
import { bytesOf, damaged, readOrRefuse } from './hostile.ts';

const periodic = `3
Lattice="4 0 0 0 5 0 0 0.5 6" Properties=species:S:1:pos:R:3:forces:R:3:charge:R:1:fixed:L:1:tag:S:1:id:I:2 energy=-1.25e2 stress="1 2 3 4 5 6" config_type=bulk pbc="T T F"
O  0.0 0.0 0.0   0.1 -0.2 0.3   -0.8 T a   1 2
H  1.0 0.0 0.0   1d-1 0 0        0.4 F b-1 3 4
H  0.0 -.5 1.    0 0 -1.5E+0     0.4 F c   5 -6
`;

describe('elements', () => {
  test('118 symbols, each with its number', () => {
    expect(chemicalSymbols.length).toBe(119);
    expect(new Set(chemicalSymbols).size).toBe(119);
    const known = {
      H: 1,
      C: 6,
      Si: 14,
      Fe: 26,
      I: 53,
      La: 57,
      Lu: 71,
      Au: 79,
      Rn: 86,
      U: 92,
      Lr: 103,
      Og: 118,
    };
    for (const [symbol, z] of Object.entries(known)) {
      expect(atomicNumber(symbol)).toBe(z);
      expect(chemicalSymbols[z]).toBe(symbol);
    }
    for (const none of ['X', '', 'Xx', 'constructor']) expect(atomicNumber(none)).toBe(null);
  });
});

describe('readXyz', () => {
  test('extended xyz', () => {
    const [frame, ...rest] = readXyz(periodic);
    expect(rest).toEqual([]);
    expect(frame).toEqual({
      numbers: Uint8Array.of(8, 1, 1),
      pos: Float64Array.of(0, 0, 0, 1, 0, 0, 0, -0.5, 1),
      forces: Float64Array.of(0.1, -0.2, 0.3, 0.1, 0, 0, 0, 0, -1.5),
      cell: Float64Array.of(4, 0, 0, 0, 5, 0, 0, 0.5, 6),
      pbc: [true, true, false],
      energy: -125,
      // xx yy zz yz xz xy
      stress: Float64Array.of(1, 6, 5, 6, 2, 4, 5, 4, 3),
      info: { config_type: 'bulk' },
      arrays: {
        charge: { type: 'R', width: 1, data: Float64Array.of(-0.8, 0.4, 0.4) },
        fixed: { type: 'L', width: 1, data: [true, false, false] },
        tag: { type: 'S', width: 1, data: ['a', 'b-1', 'c'] },
        id: { type: 'I', width: 2, data: Float64Array.of(1, 2, 3, 4, 5, -6) },
      },
    });
    for (const text of [
      periodic.replaceAll('\n', '\r\n'),
      `\n${periodic}\n \n`,
      periodic.trimEnd(),
      bytesOf(periodic),
    ])
      expect(readXyz(text)).toEqual([frame]);
    expect(readXyz(periodic + periodic)).toEqual([frame, frame]);
  });

  test('plain xyz: text or keys in the comment line, further columns left out, symbols or numbers', () => {
    const plain = (comment: string) => readXyz(`1\n${comment}\n 6 1 2 3 0.5 more\n`)[0];
    expect(plain('Made by hand, 2 = two')).toEqual({
      numbers: Uint8Array.of(6),
      pos: Float64Array.of(1, 2, 3),
      pbc: [false, false, false],
      info: { comment: 'Made by hand, 2 = two' },
      arrays: {},
    });
    expect(plain('').info).toEqual({});
    expect(plain('energy = -3 name="x y"')).toMatchObject({ energy: -3, info: { name: 'x y' } });
    expect(plain('Lattice="1 0 0 0 1 0 0 0 1"').pbc).toEqual([true, true, true]);
    expect(readXyz('1\n\nCL 0 0 0\n')[0].numbers).toEqual(Uint8Array.of(17));
  });

  test('energy, forces and stress are those of one method', () => {
    const line = (columns: string) => `Properties=species:S:1:pos:R:3${columns}`;
    const read = (comment: string, columns: string[], options = {}) => {
      const values = columns.map((_, i) => `${i} ${i} ${i}`).join(' ');
      const named = line(columns.map((name) => `:${name}:R:3`).join(''));
      const [frame] = readXyz(`1\n${named} ${comment}\nH 9 9 9 ${values}\n`, options);
      return [frame.energy, frame.forces?.[0], frame.stress?.[0]];
    };
    const stress = (name: string, value: number) => `${name}="${value} 0 0 0 0 0 0 0 0"`;
    const two = `energy=-1 REF_energy=-5 ${stress('stress', 2)} ${stress('REF_stress', 3)}`;
    expect(read(two, ['forces', 'REF_forces'])).toEqual([-1, 0, 2]);
    // Only the reference has both.
    expect(read(two, ['REF_forces'])).toEqual([-5, 0, 3]);
    expect(read(two, ['dft_force', 'REF_force'])).toEqual([-5, 1, 3]);
    expect(read(two, ['forces', 'REF_forces'], { energy: 'ref_energy' })).toEqual([-5, 1, 3]);
    expect(read(two, ['forces', 'REF_forces'], { forces: 'REF_forces' })).toEqual([-5, 1, 3]);
    expect(read('mp2_energy=7 energy=1', ['forces', 'mp2_forces'], { energy: 'mp2_energy' })).toEqual([
      7,
      1,
      undefined,
    ]);
    // Whoever names both gets both.
    expect(read(two, ['forces', 'REF_forces'], { energy: 'energy', forces: 'REF_forces' })).toEqual([
      -1, 1, 2,
    ]);
    // One label alone is no contradiction.
    expect(read('REF_energy=4', [])).toEqual([4, undefined, undefined]);
    expect(read('', ['dft_forces'])).toEqual([undefined, 0, undefined]);
    expect(read(stress('dft_stress', 8), [])).toEqual([undefined, undefined, 8]);
    // The stress of another method stays where it was.
    expect(read(`REF_energy=4 ${stress('stress', 8)}`, ['REF_forces'])).toEqual([4, 0, undefined]);
    const mixed = 'the energy "energy" and the forces "REF_forces" are of two methods';
    expect(() => read('energy=-1', ['REF_forces'])).toThrow(FileError);
    expect(() => read('energy=-1', ['REF_forces'])).toThrow(`xyz, line 2: ${mixed}`);
    expect(() => read('energy=-1', ['REF_forces'])).toThrow('by the options `energy` and `forces`');
    expect(() => read('energy=-1 REF_energy=1', ['REF_forces'], { energy: 'energy' })).toThrow(mixed);
  });

  test('other names of energies, forces, numbers and cells', () => {
    const frame = (comment: string, line: string, options = {}) =>
      readXyz(`1\n${comment}\n${line}\n`, options)[0];
    const forces = (name: string) => frame(`Properties=Z:I:1:pos:R:3:${name}:R:3`, '8 0 0 0 1 2 3').forces;
    for (const name of ['forces', 'force', 'REF_forces', 'dft_forces', 'DFT_force'])
      expect(forces(name), name).toEqual(Float64Array.of(1, 2, 3));
    expect(forces('velocities')).toBe(undefined);
    // A column may be named z and be no atomic number.
    expect(Object.keys(frame('Properties=species:S:1:pos:R:3:z:R:1', 'H 0 0 0 1.5').arrays)).toEqual(['z']);
    const energy = (comment: string, options = {}) => frame(comment, 'H 0 0 0', options).energy;
    for (const name of ['energy', 'REF_energy', 'dft_energy', 'DFT_ENERGY', 'free_energy', 'Energy'])
      expect(energy(`${name}=2`), name).toBe(2);
    expect(energy('free_energy=1 energy=2')).toBe(2);
    expect(energy('free_energy=1 energy=2', { energy: 'free_energy' })).toBe(1);
    expect(frame('free_energy=1 energy=2', 'H 0 0 0').info).toEqual({ free_energy: 1 });
    const two = 'Properties=species:S:1:pos:R:3:forces:R:3:mace:R:3';
    expect(frame(two, 'H 0 0 0 1 2 3 4 5 6', { forces: 'mace' }).forces).toEqual(Float64Array.of(4, 5, 6));
    expect(() => frame(two, 'H 0 0 0 1 2 3 4 5 6', { forces: 'other' })).toThrow('no property "other"');
    expect(() => energy('energy=1', { energy: 'x' })).toThrow('line 2: there is no energy "x"');
    const cell = Float64Array.of(1, 0, 0, 0, 2, 0, 0, 0, 3);
    for (const lattice of [
      '"1 2 3"',
      '"1 0 0 0 2 0 0 0 3"',
      '[[1,0,0],[0,2,0],[0,0,3]]',
      '{1 0 0 0 2 0 0 0 3}',
      "'1 2 3'",
    ])
      expect(frame(`Lattice=${lattice}`, 'H 0 0 0').cell, lattice).toEqual(cell);
    const pbc = (value: string) => frame(`Lattice="1 2 3" pbc=${value}`, 'H 0 0 0').pbc;
    for (const value of ['"T F T"', '[T, F, T]', '"1 0 1"', '{True false TRUE}'])
      expect(pbc(value)).toEqual([true, false, true]);
    expect(pbc('F')).toEqual([false, false, false]);
    expect(frame('virial="1 2 3 4 5 6 7 8 9"', 'H 0 0 0').virial![5]).toBe(6);
  });

  const frame = (properties: string, ...lines: string[]) =>
    `${lines.length}\nProperties=${properties}\n${lines.join('\n')}\n`;
  const basic = 'species:S:1:pos:R:3';
  test.each<[string, string, string]>([
    ['nothing', '', 'xyz, line 0: the file has no frames'],
    ['blank lines', '\n \n', 'line 2: the file has no frames'],
    ['no count', 'water\n\n', 'line 1: "water" must be the number of atoms'],
    ['a negative count', '-3\n\n', '"-3" must be the number of atoms'],
    ['no atoms', '0\n\n', 'line 1: "0" must be the number of atoms of a frame, from 1'],
    ['half an atom', '1.5\n\n', '"1.5" must be'],
    ['a count beyond 2^53', '99999999999999999999\n\n', 'must be the number of atoms'],
    ['nothing after the count', '3', 'line 1: a frame of 3 atoms starts here, but the file ends'],
    [
      'a gigantic count',
      '999999999\n\nH 0 0 0\n',
      'line 1: it says 999999999 atoms of 4 columns, but only 8 characters follow',
    ],
    [
      'a long comment',
      `1\n${'x'.repeat(1_000_001)}\nH 0 0 0\n`,
      'line 2: a comment line of 1000001 characters',
    ],
    ['more atoms than lines', '3\n\nH 0 0 0 1 2 3 4 5\nH 0 0 0 1 2 3\n', 'the file ends after 2 of 3 atoms'],
    [
      'a count in the middle',
      '3\n\nH 0 0 0\n2\n\nH 0 0 0\nH 0 0 0\n',
      'line 4: atom 1 of 3 has 1 columns, and 4 are needed (species:S:1:pos:R:3)',
    ],
    ['a blank line', `2\n\nH 0 0 0\n\nH 0 0 0\n`, 'line 4: atom 1 of 2 has 0 columns'],
    [
      'too few columns',
      frame(`${basic}:forces:R:3`, 'H 0.000 0.000 0.000 1.5 2.5', 'H 0 0 0 1 2 3'),
      'line 3: atom 0 of 2 has 6 columns, and 7 are needed',
    ],
    [
      'too many columns',
      frame(basic, 'H 0 0 0', 'H 0 0 0 1'),
      'line 4: atom 1 of 2 has 5 columns, and 4 are needed',
    ],
    ['not a number', frame(basic, 'H 0 x 0'), 'line 3: pos of atom 0 is "x", and must be a finite number'],
    ['NaN', frame(basic, 'H 0 nan 0'), 'pos of atom 0 is "nan"'],
    ['infinity', frame(basic, 'H 0 0 0', 'H 0 0 1e999'), 'line 4: pos of atom 1 is "1e999"'],
    ['hexadecimal', frame(basic, 'H 0 0x10 0'), 'is "0x10"'],
    [
      'a fraction among integers',
      frame(`${basic}:id:I:1`, 'H 0 0 0 1.5'),
      'id of atom 0 is "1.5", and must be a whole number',
    ],
    [
      'no logical value',
      frame(`${basic}:fix:L:1`, 'H 0 0 0 yes'),
      'fix of atom 0 is "yes", and must be T or F',
    ],
    [
      'an unknown element',
      frame(basic, 'H 0 0 0', 'Xx 0 0 0'),
      'line 4: atom 1 is "Xx", which is no element',
    ],
    ['element 119', frame(basic, '119 0 0 0'), 'atom 0 is "119", which is no element'],
    ['element 0', frame(basic, '0 0 0 0'), 'atom 0 is "0"'],
    [
      'elements that disagree',
      frame('species:S:1:Z:I:1:pos:R:3', 'H 2 0 0 0'),
      'atom 0 is "H", but its atomic number 2',
    ],
    [
      'Properties that do not add up',
      frame('species:S:1:pos:R', 'H 0 0 0'),
      'line 2: Properties="species:S:1:pos:R" must be name:type:count',
    ],
    ['a width of 0', frame('species:S:1:pos:R:0', 'H 0 0 0'), 'Properties has "pos:R:0"'],
    ['an unknown type', frame('species:S:1:pos:Q:3', 'H 0 0 0'), 'Properties has "pos:Q:3"'],
    [
      'a gigantic width',
      frame('species:S:1:pos:R:3:x:R:999999999', 'H 0 0 0'),
      'line 1: it says 1 atoms of 1000000003 columns',
    ],
    ['a property twice', frame(`${basic}:pos:R:3`, 'H 0 0 0 0 0 0'), 'Properties has "pos" twice'],
    ['no positions', frame('species:S:1', 'H'), 'Properties has no pos:R:3'],
    [
      'positions of two columns',
      frame('species:S:1:pos:R:2', 'H 0 0'),
      'Properties has pos as R:2, and R:3 is needed',
    ],
    ['no elements', frame('pos:R:3', '0 0 0'), 'neither species:S:1 nor Z:I:1'],
    [
      'elements of two columns',
      frame('species:S:2:pos:R:3', 'H H 0 0 0'),
      'the elements as S:2, and S:1 is needed',
    ],
    [
      'a quote without end',
      `1\n${'Properties=species:S:1:pos:R:3 x="a'}\nH 0 0 0\n`,
      'line 2: a quoted text does not end with ", at column 34',
    ],
    [
      'a key twice',
      '1\nLattice="1 1 1" Lattice="1 1 1"\nH 0 0 0\n',
      'the key "Lattice" is there twice, at column 17',
    ],
    ['a lattice of text', '1\nLattice=cubic\nH 0 0 0\n', 'Lattice must be 9 numbers, not "\\"cubic\\""'],
    ['a lattice of two', '1\nLattice="1 2"\nH 0 0 0\n', 'Lattice must be 9 numbers, not "[1,2]"'],
    ['an infinite lattice', '1\nLattice="1e999 2 3"\nH 0 0 0\n', '"1e999" is too large'],
    ['an energy of text', '1\nenergy=low\nH 0 0 0\n', 'the energy must be a number, not "\\"low\\""'],
    [
      'pbc of two',
      '1\nLattice="1 1 1" pbc="T T"\nH 0 0 0\n',
      'pbc must be three times T or F, not "[true,true]"',
    ],
    ['periodic without cell', '1\npbc="T T T"\nH 0 0 0\n', 'there is no Lattice to repeat'],
  ])('refused: %s', (_, text, message) => {
    expect(() => readXyz(text)).toThrow(FileError);
    expect(() => readXyz(text)).toThrow(message);
  });

  test('no UTF-8', () => {
    expect(() => readXyz(Uint8Array.of(0x31, 0x0a, 0xff))).toThrow('its 3 bytes are no UTF-8 text');
  });

  test('a damaged file is read and written, or refused', () => {
    let accepted = 0;
    fc.assert(
      fc.property(damaged(bytesOf(periodic), 250), (bytes) => {
        const frames = readOrRefuse(() => readXyz(bytes));
        if (!frames) return;
        accepted++;
        for (const { numbers, pos, forces } of frames) {
          expect(pos.length).toBe(3 * numbers.length);
          expect([...pos, ...(forces ?? [])].every(Number.isFinite)).toBe(true);
        }
      }),
      runs(3000),
    );
    expect(accepted).toBeGreaterThan(100);
  });

  test('long rows of one character take no more than their length', () => {
    // Each would take minutes if it were tried in every split.
    for (const c of ['1', ' ', '"', '[', '{', '\\', '=', 'a', ',', '[,', '1 ', '"\\', 'a=']) {
      const long = `${c.repeat(300_000)}!`;
      readOrRefuse(() => readXyz(`1\nProperties=species:S:1:pos:R:3 x=${long}\nH 0 0 0\n`));
      readOrRefuse(() => readXyz(`1\n${long}\nH 0 0 0\n`));
      readOrRefuse(() => readXyz(`1\n\nH ${long} 0 0\n`));
      readOrRefuse(() => readXyz(`${long}\n\nH 0 0 0\n`));
      readOrRefuse(() => readXyz(long));
    }
  });
});

describe('comment line', () => {
  const parse = (line: string) =>
    Object.fromEntries(
      parseComment(line, true, (what, column) => {
        throw new Error(`${what} at ${column}`);
      }),
    );
  test.each<[string, Record<string, XyzValue>]>([
    ['a=1 b=-2.5 c=+3e2 d=1D-2 e=.5 f=5. g=012', { a: 1, b: -2.5, c: 300, d: 0.01, e: 0.5, f: 5, g: 12 }],
    ['a=T b=F c=true d=False e=TRUE f=tRUE', { a: true, b: false, c: true, d: false, e: true, f: 'tRUE' }],
    ['a = 1  b =x\tc= "y"', { a: 1, b: 'x', c: 'y' }],
    [
      'a="1 2 3" b="1 2.5" c="T F" d="1 x" e="5" f="T" g=""',
      { a: [1, 2, 3], b: [1, 2.5], c: [true, false], d: '1 x', e: 5, f: true, g: '' },
    ],
    ["a='one two' b='it\\'s'", { a: 'one two', b: "it's" }],
    [
      'a="say \\"hi\\"" b="back\\\\slash" c="two\\nlines"',
      { a: 'say "hi"', b: 'back\\slash', c: 'two\nlines' },
    ],
    ['a={1 2 3} b={x y} c={5} d={"one two" x}', { a: [1, 2, 3], b: ['x', 'y'], c: 5, d: ['one two', 'x'] }],
    [
      'a=[1,2,3] b=[ 1 , 2.5 ] c=[T, F, bob] d=["a, b", "c]"] e=[1, x] f=[5] g=[]',
      { a: [1, 2, 3], b: [1, 2.5], c: ['T', 'F', 'bob'], d: ['a, b', 'c]'], e: ['1', 'x'], f: [5], g: [] },
    ],
    ['a=["1","2"]', { a: ['1', '2'] }],
    [
      'a=[[1,2],[3,4.5]] b=[ [T], [F] ] c=[[1],[x]]',
      {
        a: [
          [1, 2],
          [3, 4.5],
        ],
        b: [[true], [false]],
        c: [['1'], ['x']],
      },
    ],
    ['converged "odd key"=1', { converged: true, 'odd key': 1 }],
    ['__proto__=1 url=http://a/b?c=d', JSON.parse('{"__proto__": 1, "url": "http://a/b?c=d"}')],
  ])('%s', (line, expected) => {
    expect(parse(line)).toEqual(expected);
  });

  test.each([
    ['=1', 'a key must stand here, not "=1" at 1'],
    ['a=', 'a value must stand here, not "" at 3'],
    ['a="x"y', 'a blank must follow the value of "a", not "y" at 6'],
    ['a=[1,2', 'a list that starts with [ does not end with ] at 3'],
    ['a={1 2', 'a list that starts with { does not end with }'],
    ['a=[1,,2]', 'an entry must stand here, not ",2]" at 6'],
    ['a=[[1,2],[3]]', 'a list of lists has one of 2 entries and one of 1 at 3'],
    ['a=[[1],2]', 'a [ must stand here at 8'],
    ['a=[[[1]]]', 'an entry must stand here, not "[1]]]"'],
    ['a=[1}', 'stands between the entries of a list'],
    ['a=1e999', '"1e999" is too large'],
  ])('refused: %s', (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });

  test('numbers as C and Fortran print them, and nothing else', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (v) => {
        expect(parseNumber(String(v))).toBe(Number(String(v)));
        expect(parseNumber(v.toExponential().replace('e', 'D'))).toBe(Number(v.toExponential()));
      }),
      runs(300),
    );
    for (const text of ['', '.', 'e5', '1e', '+-1', '1_000', '0x1', 'Infinity', 'nan', '1 ', '--1', '1.2.3'])
      expect(parseNumber(text), text).toBe(Number.NaN);
  });
});

describe('writeXyz', () => {
  const number = fc.double({ noNaN: true, noDefaultInfinity: true });
  const numbers = (length: number) =>
    fc.array(number, { minLength: length, maxLength: length }).map((v) => Float64Array.from(v));
  // Text that reads as numbers or logical values comes back as such, as the format has it.
  const text = fc
    .string({ unit: 'grapheme', maxLength: 6 })
    .filter(
      (s) =>
        s.trim() === s &&
        !s.split(/\s+/).every((w) => /^[TF]$|^[\d.+-]/.test(w)) &&
        !/[\u0085\u180e]/.test(s),
    );
  const scalar = fc.oneof(number, fc.boolean(), text);
  const rows = <T>(item: fc.Arbitrary<T>) =>
    fc
      .nat({ max: 3 })
      .chain((n) => fc.array(fc.array(item, { minLength: n, maxLength: n }), { minLength: 1, maxLength: 3 }));
  const value: fc.Arbitrary<XyzValue> = fc.oneof(
    scalar,
    fc.array(number, { maxLength: 3 }),
    fc.array(text, { minLength: 1, maxLength: 3 }),
    rows(number),
  );
  const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }).filter((s) => /^[^\s:]+$/.test(s));
  const special =
    /^(energy|.*_energy|lattice|pbc|stress|virial.*|.*forces?|properties|pos.*|species|element|symbols|z|numbers|atomic_numbers|.*_stress|.*_virial)$/i;
  const frame: fc.Arbitrary<XyzFrame> = fc.integer({ min: 1, max: 4 }).chain((n) =>
    fc
      .record({
        numbers: fc
          .array(fc.integer({ min: 1, max: 118 }), { minLength: n, maxLength: n })
          .map((z) => Uint8Array.from(z)),
        pos: numbers(3 * n),
        forces: fc.option(numbers(3 * n), { nil: undefined }),
        cell: fc.option(numbers(9), { nil: undefined }),
        pbc: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
        energy: fc.option(number, { nil: undefined }),
        stress: fc.option(numbers(9), { nil: undefined }),
        virial: fc.option(numbers(9), { nil: undefined }),
        info: fc.dictionary(
          fc.oneof(fc.constantFrom('__proto__', 'a b', '"'), text).filter((k) => !special.test(k)),
          value,
          { maxKeys: 3 },
        ),
        arrays: fc.dictionary(
          word.filter((k) => !special.test(k)),
          fc.oneof(
            numbers(2 * n).map((data) => ({ type: 'R' as const, width: 2, data })),
            fc
              .array(word, { minLength: n, maxLength: n })
              .map((data) => ({ type: 'S' as const, width: 1, data })),
            fc
              .array(fc.boolean(), { minLength: n, maxLength: n })
              .map((data) => ({ type: 'L' as const, width: 1, data })),
          ),
          { maxKeys: 2 },
        ),
      })
      .map((f) => ({ ...f, pbc: f.cell ? f.pbc : ([false, false, false] as const) })),
  );

  test('what is written is read, to the last bit', () => {
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 3 }), (frames) => {
        expect(readXyz(writeXyz(frames))).toEqual(frames);
      }),
      runs(500),
    );
  });

  test('what cannot be written is said', () => {
    const good: XyzFrame = readXyz('1\n\nH 0 0 0')[0];
    const write = (changes: Partial<XyzFrame>) => () => writeXyz([good, { ...good, ...changes }]);
    expect(write({})).not.toThrow();
    expect(write({ numbers: Uint8Array.of(0) })).toThrow('writeXyz: frame 1: 0 is no element');
    expect(write({ pos: Float64Array.of(1) })).toThrow('pos has 1 entries, and 1 atoms need 3');
    expect(write({ energy: Number.NaN })).toThrow('it holds NaN, and all numbers must be finite');
    expect(write({ cell: Float64Array.of(1) })).toThrow('Lattice has 1 numbers, and must have 9');
    expect(write({ numbers: new Uint8Array() })).toThrow('it has no atoms');
    const data = ['a b'];
    expect(write({ arrays: { t: { type: 'S', width: 1, data } } })).toThrow(
      't has an entry that is empty or has blanks',
    );
    expect(write({ arrays: { 'a:b': { type: 'S', width: 1, data } } })).toThrow(
      'a property cannot be named "a:b"',
    );
  });
});
