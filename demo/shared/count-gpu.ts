/** What a device was asked for so far. */
export interface GpuCounts {
  /** Buffers, bind groups, layouts, pipelines and shader modules created. */
  objects: number;
  submits: number;
}

/** Counts the calls of a device from now on: how a run shows that a step creates nothing and submits once. */
export function countGpu(device: GPUDevice): GpuCounts {
  const counts: GpuCounts = { objects: 0, submits: 0 };
  const creators = [
    'createBuffer',
    'createTexture',
    'createBindGroup',
    'createBindGroupLayout',
    'createPipelineLayout',
    'createShaderModule',
    'createComputePipeline',
    'createComputePipelineAsync',
  ] as const;
  for (const name of creators) {
    const original = (device[name] as (...args: unknown[]) => unknown).bind(device);
    Object.defineProperty(device, name, {
      value: (...args: unknown[]) => {
        counts.objects++;
        return original(...args);
      },
    });
  }
  const submit = device.queue.submit.bind(device.queue);
  Object.defineProperty(device.queue, 'submit', {
    value: (buffers: Iterable<GPUCommandBuffer>) => {
      counts.submits++;
      submit(buffers);
    },
  });
  return counts;
}
