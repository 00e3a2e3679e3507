import type { MeasuredDevice } from './device.ts';
import { type Sampling, sample, type Times } from './timing.ts';

/** A block of `height` rows by 4 `width` columns that an invocation keeps in registers. */
export interface Tile {
  readonly height: number;
  readonly width: number;
}

/** The blocks that are tried; the best counts. */
export const tiles: readonly Tile[] = [
  { height: 4, width: 1 },
  { height: 8, width: 1 },
  { height: 4, width: 2 },
  { height: 8, width: 2 },
  { height: 4, width: 4 },
];

export interface GemmFigure {
  readonly size: number;
  readonly tile: string;
  readonly gflops: number;
  readonly times: Times;
}

/** Threads of a workgroup. */
const GROUP = 64;

/**
 * C = A B for square matrices of `size`, as one writes it by hand: a block of C in registers, loads of four neighbouring
 * numbers, four steps of the sum written out.
 */
export function gemmShader(size: number, { height, width }: Tile): string {
  const rows = Array.from({ length: height }, (_, i) => i);
  const columns = Array.from({ length: width }, (_, j) => j);
  const cells = rows.flatMap((i) => columns.map((j): [number, number] => [i, j]));
  const step = (p: number) => [
    ...columns.map((j) => `let b${p}${j} = b[(4u * k + ${p}u) * N + column + ${j}u];`),
    ...cells.map(([i, j]) => `c${i}_${j} += a${i}[${p}] * b${p}${j};`),
  ];
  return `@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4f>;
const N = ${size / 4}u;
@compute @workgroup_size(${GROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = (id.x % (N / ${width}u)) * ${width}u;
  let row = (id.x / (N / ${width}u)) * ${height}u;
  if (row >= 4u * N) { return; }
  ${cells.map(([i, j]) => `var c${i}_${j} = vec4f();`).join(' ')}
  for (var k = 0u; k < N; k++) {
    ${rows.map((i) => `let a${i} = a[(row + ${i}u) * N + k];`).join(' ')}
    ${[0, 1, 2, 3].flatMap(step).join('\n    ')}
  }
  ${cells.map(([i, j]) => `c[(row + ${i}u) * N + column + ${j}u] = c${i}_${j};`).join('\n  ')}
}`;
}

/** A product that can be run again and again; made once for each size and tile. */
export interface Gemm {
  readonly size: number;
  readonly tile: Tile;
  /** Runs it a number of times in one submit, and waits. */
  run(times: number): Promise<void>;
  dispose(): void;
}

export async function makeGemm(
  { gpu: { device }, idle }: MeasuredDevice,
  size: number,
  tile: Tile,
): Promise<Gemm> {
  const module = device.createShaderModule({ code: gemmShader(size, tile) });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const buffers = [0, 1, 2].map(() =>
    device.createBuffer({ size: 4 * size * size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST }),
  );
  const numbers = Float32Array.from({ length: size * size }, (_, i) => ((i * 7919) % 1009) / 1009 - 0.5);
  for (const buffer of buffers.slice(0, 2)) device.queue.writeBuffer(buffer, 0, numbers);
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const workgroups = Math.ceil(size ** 2 / (4 * tile.height * tile.width) / GROUP);
  return {
    size,
    tile,
    async run(times) {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      for (let i = 0; i < times; i++) pass.dispatchWorkgroups(workgroups);
      pass.end();
      device.queue.submit([encoder.finish()]);
      await idle();
    },
    dispose: () => {
      for (const buffer of buffers) buffer.destroy();
    },
  };
}

/** GFLOP/s of a product: 2 size^3 operations. */
export async function measureGemm(gemm: Gemm, sampling: Sampling): Promise<GemmFigure> {
  const flops = 2 * gemm.size ** 3;
  await gemm.run(1);
  const before = performance.now();
  await gemm.run(1);
  // Long enough that the wait does not count.
  const per = Math.max(1, Math.min(200, Math.round(60 / (performance.now() - before))));
  const times = await sample(() => gemm.run(per), sampling, per);
  const { height, width } = gemm.tile;
  return { size: gemm.size, tile: `${height}x${4 * width}`, gflops: flops / times.min / 1e6, times };
}

/** The best of all tiles and sizes, and the best of each size. */
export async function bestGemm(
  device: MeasuredDevice,
  sizes: readonly number[],
  sampling: Sampling,
): Promise<{ best: GemmFigure; bySize: GemmFigure[] }> {
  const bySize: GemmFigure[] = [];
  for (const size of sizes) {
    let best: GemmFigure | null = null;
    for (const tile of tiles) {
      const gemm = await makeGemm(device, size, tile);
      const figure = await measureGemm(gemm, sampling);
      gemm.dispose();
      if (!best || figure.gflops > best.gflops) best = figure;
    }
    bySize.push(best!);
  }
  return { best: bySize.reduce((a, b) => (b.gflops > a.gflops ? b : a)), bySize };
}
