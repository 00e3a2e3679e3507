import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { describe, expect, test } from 'vitest';
import { imports, shaders } from '../../shaders/index.ts';
import { neighbourShaders } from '../../shaders/neighbours.ts';
import { libraryBuild, plainShaders, withoutComments } from '../support/library-build.ts';
import { REPOSITORY } from '../support/server.ts';

/** What an entry, a file or a text, comes to when it is built as the package is: the text of its one file. */
async function bundle(entry: string, text?: string): Promise<string> {
  const isEntry = (id: string) => text !== undefined && id.endsWith(entry);
  const plugins = [
    plainShaders(),
    {
      name: 'entry',
      resolveId: (id: string) => (isEntry(id) ? id : undefined),
      load: (id: string) => (isEntry(id) ? text : undefined),
    },
  ];
  const options = { ...libraryBuild(entry), write: false, sourcemap: false };
  const built = await build({
    root: REPOSITORY,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    plugins,
    build: options,
  });
  const [{ output }] = built as { output: { type: string; code?: string }[] }[];
  const chunks = output.filter(({ type }) => type === 'chunk');
  expect(chunks).toHaveLength(1);
  return chunks[0].code!;
}

/** Kilobytes of 1,000 bytes, compressed as servers do. */
const kilobytes = (code: string) => gzipSync(code, { level: 9 }).length / 1000;

describe('size, minified and gzipped', () => {
  test('an application that trains: network, gradient, optimiser, compiler, their shaders, the trainer', async () => {
    expect(kilobytes(await bundle('demo/shared/tetris-trainer.ts'))).toBeLessThan(70);
  });
  test('the whole package, files, dynamics, training and checks included', async () => {
    const code = await bundle('src/index.ts');
    expect(code).toContain('safetensors');
    expect(kilobytes(code)).toBeLessThan(116);
  });
  test('nothing runs when the package is imported for one small part of it', async () => {
    const code = await bundle('virtual:part', `export { Irrep } from '${REPOSITORY}/src/index.ts';`);
    expect(kilobytes(code)).toBeLessThan(3);
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
