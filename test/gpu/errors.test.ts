import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../src/compile.ts';
import { type GpuContext, LimitError, requestDevice } from '../../src/gpu/device.ts';
import { pipelineOf, ShaderError } from '../../src/gpu/pipeline.ts';
import { input } from '../../src/graph/leaf.ts';
import { apply, type Kernel, type Op } from '../../src/graph/node.ts';
import { add, scale } from '../../src/ops/map.ts';
import { sum } from '../../src/ops/sum.ts';
import { limited } from '../support/on-gpu.ts';

let gpu: GpuContext;
beforeAll(async () => {
  gpu = await requestDevice();
});
afterAll(() => gpu?.device.destroy());

const inNode = typeof process !== 'undefined' && process.versions?.node !== undefined;

describe('requestDevice says what is missing and what to do', () => {
  test('no WebGPU', async () => {
    const own = Object.getOwnPropertyDescriptor(navigator, 'gpu');
    Object.defineProperty(navigator, 'gpu', { value: undefined, configurable: true });
    try {
      await expect(requestDevice()).rejects.toThrow(
        inNode
          ? 'There is no WebGPU in this Node process. Install the npm package "webgpu"'
          : 'This browser has no WebGPU. Use Chrome or Edge 113',
      );
    } finally {
      if (own) Object.defineProperty(navigator, 'gpu', own);
      else Reflect.deleteProperty(navigator, 'gpu');
    }
    expect(navigator.gpu).toBeDefined();
  });

  test('no adapter', async () => {
    const empty = { requestAdapter: async () => null } as unknown as GPU;
    await expect(requestDevice({ gpu: empty })).rejects.toThrow(
      'WebGPU is here, but it found no adapter (no usable GPU or driver). Update the graphics driver',
    );
  });

  test('with one, its name, and the limits of the adapter', async () => {
    expect(gpu.adapterName).toMatch(/./);
    expect(gpu.device.limits.maxStorageBuffersPerShaderStage).toBeGreaterThanOrEqual(8);
  });
});

describe('limits', () => {
  const refused = async (context: GpuContext, rows: number, message: RegExp) => {
    const x = input('x', rows, 1);
    const error = await compile(context, { outputs: { y: scale(x, 2) } }).then(
      () => null,
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(LimitError);
    expect(error.name).toBe('LimitError');
    expect(error.message).toMatch(message);
  };

  test('a buffer larger than the device has: the limit, the numbers, the remedy', async () => {
    const message =
      /^input "x" \(bytes\) needs 4,004, but this device allows maxBufferSize = 4,000 \(1\.00 times too much\); use fewer rows/;
    await refused(limited(gpu, { maxBufferSize: 4000 }), 1001, message);
    // And the real one.
    const allowed = gpu.device.limits.maxBufferSize;
    await refused(gpu, allowed, /maxBufferSize = [\d,]+ \(4\.00 times too much\)/);
  });

  test('a binding larger than a shader may see names the op', async () => {
    const message =
      /^step 0, map\[\(2 \* a\)\] -> 1000x1 \(bytes\) needs 4,000, but this device allows maxStorageBufferBindingSize = 2,000 \(2\.00 times too much\)/;
    await refused(limited(gpu, { maxStorageBufferBindingSize: 2000 }), 1000, message);
  });

  test('more workgroups than two dimensions hold', async () => {
    const message =
      /: the number of workgroups needs 16, but this device allows maxComputeWorkgroupsPerDimension = 9 \(1\.78 times too much\); use fewer rows/;
    await refused(limited(gpu, { maxComputeWorkgroupsPerDimension: 3 }), 16 * 64 - 1, message);
  });

  test('as many as they hold still run', async () => {
    const x = input('x', 9 * 64 - 1, 1);
    const executable = await compile(limited(gpu, { maxComputeWorkgroupsPerDimension: 3 }), {
      outputs: { y: scale(x, 2) },
    });
    executable.write({ x: new Float32Array(575).fill(3) });
    expect((await executable.runAndRead()).y.every((v) => v === 6)).toBe(true);
    executable.dispose();
  });

  test('fused kernels read no more buffers than the device allows', async () => {
    const inputs = Array.from({ length: 9 }, (_, i) => input(`x${i}`, 2, 3));
    const context = limited(gpu, { maxStorageBuffersPerShaderStage: 4 });
    const executable = await compile(context, { outputs: { y: inputs.reduce(add) } });
    expect(executable.dispatches).toBe(4);
    executable.write(Object.fromEntries(inputs.map((_, i) => [`x${i}`, new Float32Array(6).fill(i)])));
    expect((await executable.runAndRead()).y.every((v) => v === 36)).toBe(true);
    executable.dispose();
  });

  test('after a refusal the device works as before, and reports nothing later', async () => {
    const errors: string[] = [];
    gpu.device.onuncapturederror = (event) => errors.push(event.error.message);
    const failing = { outputs: { y: scale(input('x', gpu.device.limits.maxBufferSize, 1), 2) } };
    await expect(compile(gpu, failing)).rejects.toThrow(LimitError);
    // No error scope was left open: it would swallow this.
    const small = await compile(gpu, { outputs: { y: sum(input('x', 2, 2), 'all') } });
    small.write({ x: [1, 2, 3, 4] });
    expect([...(await small.runAndRead()).y]).toEqual([10]);
    expect(await gpu.device.popErrorScope().catch(() => 'none')).toBe('none');
    expect(errors).toEqual([]);
    gpu.device.onuncapturederror = null;
    small.dispose();
  });
});

describe('a shader that does not compile', () => {
  const kernel = (body: string): Kernel => ({
    shader: 'pointwise',
    params: { WIDTH: '1u' },
    slots: {
      inputs: '@group(0) @binding(2) var<storage, read> in0: array<f32>;',
      body,
    },
    bindings: { result: 'result', in0: 0 },
    tables: { sizes: Uint32Array.of(6, 3, 0, 0) },
    workgroups: 1,
  });

  test('is named with the place of the error, and the line', async () => {
    const broken = kernel('let fine = 1.0;\nlet a = nothing(in0[at]);\nresult[at] = a;');
    const error = await pipelineOf(gpu.device, broken).catch((reason) => reason);
    expect(error).toBeInstanceOf(ShaderError);
    expect(error.message).toMatch(/the shader "pointwise" did not compile/);
    expect(error.message).toMatch(
      /pointwise, generated body:2 \(line \d+ of the linked text\), column \d+: .*nothing/,
    );
    expect(error.message).toContain('let a = nothing(in0[at]);');
  });

  test('in the file itself: file and line', async () => {
    const broken = { ...kernel('result[at] = in0[at];'), params: { WIDTH: 'nonsense' } };
    const error = await pipelineOf(gpu.device, broken).catch((reason) => reason);
    expect(error).toBeInstanceOf(ShaderError);
    expect(error.message).toMatch(/shaders\/pointwise\.wgsl:\d+ .*nonsense/);
  });

  test('fails the compilation of the program, whose buffers are freed; the next one works', async () => {
    const broken: Op<null> = {
      name: 'broken',
      shape: ([x]) => x,
      reference: ([x]) => x,
      gradient: () => [],
      kernel: () => kernel('result[at] = missing;'),
      examples: () => [],
    };
    const x = input('x', 2, 3);
    await expect(compile(gpu, { outputs: { y: apply(broken, [x], null) } })).rejects.toThrow(ShaderError);
    const works = { ...broken, kernel: () => kernel('result[at] = 2.0 * in0[at];') };
    const executable = await compile(gpu, { outputs: { y: apply(works, [x], null) } });
    executable.write({ x: [1, 2, 3, 4, 5, 6] });
    expect([...(await executable.runAndRead()).y]).toEqual([2, 4, 6, 8, 10, 12]);
    executable.dispose();
  });

  test('is not reported where a later kernel cannot be made: that is', async () => {
    const op = (kernelOf: () => Kernel): Op<null> => ({
      name: 'broken',
      shape: ([x]) => x,
      reference: ([x]) => x,
      gradient: () => [],
      kernel: kernelOf,
      examples: () => [],
    });
    const x = apply(
      op(() => kernel('result[at] = missing;')),
      [input('x', 2, 3)],
      null,
    );
    const impossible = op(() => {
      throw new Error('no such kernel');
    });
    await expect(compile(gpu, { outputs: { y: apply(impossible, [x], null) } })).rejects.toThrow(
      'no such kernel',
    );
    // What is not handled fails the run.
    await gpu.device.queue.onSubmittedWorkDone();
  });

  test('a kernel that names a shader, a parameter or a slot that is not there', async () => {
    const fine = kernel('result[at] = in0[at];');
    const of = (change: Partial<Kernel>) => async () => pipelineOf(gpu.device, { ...fine, ...change });
    await expect(of({ shader: 'pointless' })).rejects.toThrow('there is no shader "pointless"; known are');
    await expect(of({ params: { WIDE: '1u' } })).rejects.toThrow(
      'shaders/pointwise.wgsl has no parameter WIDE',
    );
    await expect(of({ slots: { bodies: '' } })).rejects.toThrow('shaders/pointwise.wgsl has no slot bodies');
  });

  test('a kernel that binds nothing to a variable', async () => {
    const unbound: Op<null> = {
      name: 'unbound',
      shape: ([x]) => x,
      reference: ([x]) => x,
      gradient: () => [],
      kernel: () => ({ ...kernel('result[at] = in0[at];'), bindings: { result: 'result' } }),
      examples: () => [],
    };
    const node = apply(unbound, [input('x', 2, 3)], null);
    await expect(compile(gpu, { outputs: { node } })).rejects.toThrow(
      'unbound -> 2x3: nothing is bound to "in0"',
    );
  });
});
