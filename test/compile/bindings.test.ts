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
