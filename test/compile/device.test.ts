import { expect, test } from 'vitest';
import { requestDevice } from '../../src/gpu/device.ts';

test('without WebGPU, Node is told which package to install and how to pass it', async () => {
  await expect(requestDevice()).rejects.toThrow(
    'There is no WebGPU in this Node process. Install the npm package "webgpu" and pass its implementation: ' +
      "import { create } from 'webgpu'; await requestDevice({ gpu: create([]) }).",
  );
});

test('importing the library needs no WebGPU', async () => {
  const library = await import('../../src/index.ts');
  expect(library.compile).toBeTypeOf('function');
});
