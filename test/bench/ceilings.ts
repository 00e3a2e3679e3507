import { type MeasuredDevice, openDevice } from './device.ts';
import { bestGemm, type GemmFigure } from './gemm.ts';
import { type Sampling, sample, type Times } from './timing.ts';

/** What the adapter can do: everything else is measured as a fraction of it. */
export interface Ceilings {
  /** The best matrix product written by hand, of several blocks and sizes. */
  readonly gemm: GemmFigure;
  /** The best for each size. */
  readonly gemmBySize: readonly GemmFigure[];
  /** A kernel that copies: bytes read and written. */
  readonly copy: { readonly gbps: number; readonly bytes: number; readonly times: Times };
  /** One more dispatch of a kernel that does next to nothing, in a pass that has many. */
  readonly dispatchUs: number;
  /** A submit of one such dispatch, until its result is on the host. */
  readonly readback: Times;
}

export interface CeilingsResult extends Ceilings {
  readonly adapter: string;
  readonly software: boolean;
  readonly hasTimestamps: boolean;
}

const sampling = (quick: boolean, budget: number): Sampling => ({
  least: quick ? 2 : 4,
  most: quick ? 3 : 20,
  budget: quick ? 50 : budget,
});

/** Measures the ceilings; runs in a page and in Node. */
export async function ceilings({ arg: { quick } }: { arg: { quick: boolean } }): Promise<CeilingsResult> {
  const measured = await openDevice();
  const { device, adapterName } = measured.gpu;
  let { best, bySize } = await bestGemm(measured, quick ? [256] : [256, 512, 1024], sampling(quick, 400));
  // A fast adapter is not busy with those.
  if (best.gflops > 500 && !quick) {
    const large = await bestGemm(measured, [2048, 4096], sampling(quick, 400));
    bySize = [...bySize, ...large.bySize];
    if (large.best.gflops > best.gflops) best = large.best;
  }
  const result = {
    adapter: adapterName,
    software: /swiftshader|llvmpipe|software|basic render/i.test(adapterName),
    hasTimestamps: measured.hasTimestamps,
    gemm: best,
    gemmBySize: bySize,
    copy: await copyBandwidth(measured, best.gflops > 500 ? 2 ** 28 : 2 ** 25, sampling(quick, 1500)),
    ...(await overheads(measured, sampling(quick, 1500))),
  };
  device.destroy();
  return result;
}

async function kernel({ gpu: { device } }: MeasuredDevice, code: string, buffers: readonly GPUBuffer[]) {
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  /** An encoder with one pass of `times` dispatches of `x` by `y` workgroups. */
  return (times: number, x = 1, y = 1) => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    for (let i = 0; i < times; i++) {
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(x, y);
    }
    pass.end();
    return encoder;
  };
}

async function copyBandwidth(measured: MeasuredDevice, wanted: number, samples: Sampling) {
  const { device } = measured.gpu;
  const bytes = Math.min(wanted, device.limits.maxStorageBufferBindingSize);
  const buffers = [0, 1].map(() => device.createBuffer({ size: bytes, usage: GPUBufferUsage.STORAGE }));
  const code = `@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> b: array<vec4f>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  b[at] = a[at];
}`;
  const encode = await kernel(measured, code, buffers);
  const workgroups = bytes / 16 / 64;
  const y = Math.ceil(workgroups / 32768);
  const once = () => {
    device.queue.submit([encode(1, workgroups / y, y).finish()]);
    return measured.idle();
  };
  await once();
  const times = await sample(once, samples);
  for (const buffer of buffers) buffer.destroy();
  return { gbps: (2 * bytes) / times.min / 1e6, bytes: 2 * bytes, times };
}

async function overheads(measured: MeasuredDevice, samples: Sampling) {
  const { device } = measured.gpu;
  const tiny = device.createBuffer({ size: 256, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const staging = device.createBuffer({
    size: 256,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const code = `@group(0) @binding(0) var<storage, read_write> a: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) { a[lane] += 1.0; }`;
  const encode = await kernel(measured, code, [tiny]);
  const passOf = (dispatches: number) => () => {
    device.queue.submit([encode(dispatches).finish()]);
    return measured.idle();
  };
  const readback = async () => {
    const encoder = encode(1);
    encoder.copyBufferToBuffer(tiny, 0, staging, 0, 256);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    staging.unmap();
  };
  await readback();
  const [few, many] = [1, 1001];
  const [short, long] = [await sample(passOf(few), samples), await sample(passOf(many), samples)];
  return {
    dispatchUs: (1000 * Math.max(0, long.min - short.min)) / (many - few),
    readback: await sample(readback, { ...samples, most: 50 }),
  };
}
