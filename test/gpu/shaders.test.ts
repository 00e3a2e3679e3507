import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imports, shaders } from '../../shaders/index.ts';
import { neighbourShaders } from '../../shaders/neighbours.ts';
import { type GpuContext, requestDevice } from '../../src/gpu/device.ts';
import { bindingsOf } from '../../src/gpu/link.ts';

/** Every file of shaders/ is valid WGSL as it stands, before anything is linked into it. */

let gpu: GpuContext;
beforeAll(async () => {
  gpu = await requestDevice();
});
afterAll(() => gpu?.device.destroy());

async function errorsOf(code: string): Promise<string[]> {
  gpu.device.pushErrorScope('validation');
  const module = gpu.device.createShaderModule({ code });
  const { messages } = await module.getCompilationInfo();
  await gpu.device.popErrorScope();
  return messages.filter((m) => m.type === 'error').map((m) => `line ${m.lineNum}: ${m.message}`);
}

describe('every shader is valid as it stands', () => {
  for (const [name, code] of Object.entries({ ...shaders, ...neighbourShaders }))
    test(name, async () => {
      expect(await errorsOf(code)).toEqual([]);
      gpu.device.pushErrorScope('validation');
      gpu.device.createComputePipeline({
        layout: 'auto',
        compute: { module: gpu.device.createShaderModule({ code }), entryPoint: 'main' },
      });
      expect(await gpu.device.popErrorScope()).toBeNull();
    });
  for (const [name, code] of Object.entries(imports))
    test(`shared/${name}`, async () => {
      expect(await errorsOf(code)).toEqual([]);
    });
  test('this test sees errors', async () => {
    expect(await errorsOf('fn f() -> f32 { return 1u; }')).not.toEqual([]);
  });
});

test('bindings are read off the declarations', () => {
  expect(bindingsOf(shaders.gather)).toEqual([
    { name: 'source', binding: 0, type: 'read-only-storage' },
    { name: 'indices', binding: 1, type: 'read-only-storage' },
    { name: 'sizes', binding: 2, type: 'read-only-storage' },
    { name: 'result', binding: 3, type: 'storage' },
  ]);
});
