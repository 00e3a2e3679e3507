import { expect, test } from 'vitest';

// No GPU test skips itself: where WebGPU is missing this is the test that says so.
test('there is a WebGPU adapter, and it computes', async () => {
  expect(navigator.gpu, 'navigator.gpu is missing').toBeDefined();
  const adapter = await navigator.gpu.requestAdapter();
  expect(
    adapter,
    'no WebGPU adapter: set CLEBSCH_ADAPTER=swiftshader, or CLEBSCH_BROWSER to a Chrome that has WebGPU',
  ).not.toBeNull();
  const device = await adapter!.requestDevice();

  const n = 1000;
  const code = `
    @group(0) @binding(0) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
      if (id.x < arrayLength(&y)) { y[id.x] = f32(id.x) * f32(id.x) + 0.5; }
    }`;
  const pipeline = device.createComputePipeline({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code }) },
  });
  const output = device.createBuffer({
    size: 4 * n,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
  });
  const staging = device.createBuffer({
    size: 4 * n,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer: output } }],
  });

  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(Math.ceil(n / 64));
  pass.end();
  encoder.copyBufferToBuffer(output, 0, staging, 0, 4 * n);
  device.queue.submit([encoder.finish()]);

  await staging.mapAsync(GPUMapMode.READ);
  const numbers = Array.from(new Float32Array(staging.getMappedRange()));
  staging.unmap();
  device.destroy();
  expect(numbers).toEqual(Array.from({ length: n }, (_, i) => i * i + 0.5));
});
