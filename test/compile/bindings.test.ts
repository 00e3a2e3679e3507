import { describe, expect, test } from 'vitest';
import { WgslReflect } from 'wgsl_reflect';
import { imports, shaders } from '../../shaders/index.ts';
import { neighbourShaders } from '../../shaders/neighbours.ts';
import { type Binding, bindingsOf, link } from '../../src/gpu/link.ts';
import { ops } from '../../src/ops/index.ts';

/** The bindings as a full parser of WGSL finds them. */
function parsed(code: string): Binding[] {
  const { storage, uniforms } = new WgslReflect(code);
  return [
    ...uniforms.map(({ name, binding }) => ({ name, binding, type: 'uniform' as const })),
    ...storage.map(({ name, binding, access }) => {
      const type = access === 'read_write' ? ('storage' as const) : ('read-only-storage' as const);
      return { name, binding, type };
    }),
  ];
}

const byNumber = (bindings: readonly Binding[]) => [...bindings].sort((a, b) => a.binding - b.binding);

describe('bindings are those that wgsl_reflect finds', () => {
  for (const [name, code] of Object.entries({ ...shaders, ...neighbourShaders, ...imports }))
    test(`shaders/${name}`, () => expect(byNumber(bindingsOf(code))).toEqual(byNumber(parsed(code))));
  for (const op of Object.values(ops))
    test(`kernels of ${op.name}`, () => {
      for (const node of op.examples()) {
        const kernel = op.kernel?.(node);
        for (const k of kernel ? [kernel, kernel.plain ?? kernel] : []) {
          const { code } = link(k);
          // Its parser takes seconds for long bodies; declarations stand outside of them.
          const declarations = code.slice(0, code.indexOf('\n@compute'));
          expect(byNumber(bindingsOf(code))).toEqual(byNumber(parsed(declarations)));
        }
      }
    });
});

test('several accesses and comments', () => {
  const code =
    '// @binding(9) is not one\n@group(0) @binding(3) var<storage> a: array<f32>; // read\nfn f() {}';
  expect(bindingsOf(code)).toEqual([{ name: 'a', binding: 3, type: 'read-only-storage' }]);
});

test('a declaration of another form is refused, not overlooked', () => {
  for (const line of [
    '@binding(0) @group(0) var<storage, read> x: array<f32>;',
    '@group(1) @binding(0) var<storage, read> x: array<f32>;',
    '@group(0) @binding(0) var x: texture_2d<f32>;',
    '@group(0) @binding(0)',
  ])
    expect(() => bindingsOf(line)).toThrow(line);
});

describe('lengths of arrays', () => {
  const code = [
    'alias Value = vec4f; //#param',
    '@group(0) @binding(0) var<storage, read_write> result: array<Value>;',
    '@group(0) @binding(1) var<storage, read> x: array<f32>;',
    '@group(0) @binding(2) var<storage, read> pairs: array<vec2u>;',
    '@group(0) @binding(3) var<storage, read> few: array<Value>;',
    '@group(0) @binding(4) var<storage, read> table: array<u32>;',
  ].join('\n');
  const kernel = { shader: 'one', bindings: {}, workgroups: 1 };
  const sizes = { result: 160, x: 36, pairs: 80, few: 12 };

  test('are whole elements of what is bound, where type and size are known and there is one', () => {
    const { code: linked } = link({ ...kernel, text: `//#sized\n${code}` }, sizes);
    const arrays = linked.split('\n').flatMap((line) => /array<.*>/.exec(line)?.[0] ?? []);
    expect(arrays).toEqual([
      'array<Value, 10>',
      'array<f32, 9>',
      'array<vec2u>',
      'array<Value>',
      'array<u32>',
    ]);
  });

  test('are written only into shaders that say so', () => {
    expect(link({ ...kernel, text: code }, sizes).code).toBe(code);
  });
});
