import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { imports, shaders } from '../../shaders/index.ts';
import { neighbourShaders } from '../../shaders/neighbours.ts';
import { withEmptyExamples, withoutComments } from '../support/lean-sources.ts';
import { builtChunks } from '../support/library-build.ts';
import { REPOSITORY } from '../support/server.ts';

/** Kilobytes of 1,000 bytes, compressed as servers do. */
const kilobytes = (chunks: readonly { readonly code: string }[]) =>
  chunks.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0) / 1000;

describe('size, minified and gzipped', () => {
  test('an application that trains: network, gradient, optimiser, compiler, their shaders, the trainer', async () => {
    const { atOnce, later } = await builtChunks('demo/shared/tetris-trainer.ts');
    expect(kilobytes(atOnce)).toBeLessThan(55);
    expect(kilobytes(later)).toBeLessThan(12);
  });
  test('the whole package, files, dynamics, training and checks included', async () => {
    const { atOnce, later } = await builtChunks('src/index.ts');
    expect(atOnce.map(({ code }) => code).join()).toContain('safetensors');
    expect(kilobytes([...atOnce, ...later])).toBeLessThan(116);
  });
  test('nothing runs when the package is imported for one small part of it', async () => {
    const { atOnce, later } = await builtChunks(
      'part.ts',
      `export { Irrep } from '${REPOSITORY}/src/index.ts';`,
    );
    expect(kilobytes(atOnce)).toBeLessThan(3);
    expect(later).toEqual([]);
  });
  test('nor when it is imported from what is built', async () => {
    const { atOnce, later } = await builtChunks('src/index.ts');
    const folder = mkdtempSync(join(tmpdir(), 'clebsch-bundle-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const { fileName, code } of [...atOnce, ...later]) writeFileSync(join(folder, fileName), code);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module", "sideEffects": false }');
    const part = await builtChunks('part.ts', `export { Irrep } from '${folder}/clebsch.js';`);
    expect(kilobytes(part.atOnce)).toBeLessThan(3);
    expect(part.later).toEqual([]);
  });
});

describe('ops without examples', () => {
  test('are the same otherwise, and on the same lines', () => {
    const code = [
      'const op: Op<null> = {',
      '  examples: () => [',
      '    input(2),',
      '  ], key,',
      "  name: 'examples',",
      '};',
      'const other = { examples() { return [op]; }, key };',
    ];
    const lean = [
      'const op: Op<null> = {',
      '  examples: () => [',
      '             ',
      '  ], key,',
      "  name: 'examples',",
      '};',
      'const other = { examples() {return[]              }, key };',
    ];
    expect(withEmptyExamples(code.join('\n'))).toBe(lean.join('\n'));
  });
});

describe('shaders without comments', () => {
  test('keep their lines, their directives and their code', () => {
    const text = [
      '// A comment; const X = 1u; //#param',
      '//#import functions',
      '//#sized because',
      'const N = 1u; //#param  what it is',
      '  //#slot body and more',
      '  let a = b; // twice // over',
      '  //#end of it',
      '',
    ].join('\n');
    const lean = [
      '',
      '//#import functions',
      '//#sized',
      'const N = 1u; //#param',
      '//#slot body',
      'let a = b;',
      '//#end',
      '',
    ];
    expect(withoutComments(text)).toBe(lean.join('\n'));
  });
  for (const [name, text] of Object.entries({ ...shaders, ...neighbourShaders, ...imports }))
    test(name, () => {
      const plain = (wgsl: string) => wgsl.split('\n').map((line) => line.replace(/\/\/(?!#).*/, '').trim());
      const lean = withoutComments(text);
      // What follows a directive's name is a comment too.
      const shortened = plain(text).map((line) => line.replace(/(\/\/#(param|end))\b.*/, '$1'));
      expect(plain(lean)).toEqual(shortened);
      expect(lean).not.toMatch(/\/\/(?!#)/);
    });
});
