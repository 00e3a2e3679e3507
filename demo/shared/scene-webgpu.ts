import type { GpuContext, GpuRows } from '../../src/index.ts';
import shader from './scene.wgsl?raw';
import { type Form, forms } from './scene-forms.ts';
import {
  countOf,
  defaultColour,
  defaultSize,
  type Instances,
  isGpuRows,
  modelMatrix,
  type Renderer,
  type Rows,
  type SceneObject,
  type Surface,
  type View,
} from './scene-objects.ts';
import { normalsOf } from './surface-normals.ts';

const SAMPLES = 4;
const DEPTH = 'depth24plus';
const OBJECT_BYTES = 128;

interface Shared {
  readonly format: GPUTextureFormat;
  readonly instances: GPURenderPipeline;
  readonly surfaces: GPURenderPipeline;
  readonly forms: Map<Instances['form'], { corners: GPUBuffer; indices: GPUBuffer; count: number }>;
}

const perDevice = new WeakMap<GPUDevice, Shared>();

/** Pipelines and forms, which all scenes on a device share. */
function sharedOf(device: GPUDevice): Shared {
  const known = perDevice.get(device);
  if (known) return known;
  const format = navigator.gpu.getPreferredCanvasFormat();
  const module = device.createShaderModule({ label: 'scene', code: shader });
  const buffer = (binding: number, type: GPUBufferBindingType): GPUBindGroupLayoutEntry => ({
    binding,
    visibility: GPUShaderStage.VERTEX,
    buffer: { type },
  });
  const layout = device.createPipelineLayout({
    bindGroupLayouts: [
      device.createBindGroupLayout({ entries: [buffer(0, 'uniform')] }),
      device.createBindGroupLayout({
        entries: [
          buffer(0, 'uniform'),
          ...[1, 2, 3, 4].map((binding) => buffer(binding, 'read-only-storage')),
        ],
      }),
    ],
  });
  const pipeline = (entryPoint: string, buffers: GPUVertexBufferLayout[]) =>
    device.createRenderPipeline({
      label: `scene: ${entryPoint}`,
      layout,
      vertex: { module, entryPoint, buffers },
      fragment: {
        module,
        entryPoint: 'lit',
        targets: [
          {
            format,
            blend: {
              color: { srcFactor: 'one', dstFactor: 'one-minus-src-alpha' },
              alpha: { srcFactor: 'one', dstFactor: 'one-minus-src-alpha' },
            },
          },
        ],
      },
      depthStencil: { format: DEPTH, depthCompare: 'less', depthWriteEnabled: true },
      multisample: { count: SAMPLES },
    });
  const shared: Shared = {
    format,
    instances: pipeline('instance', [
      {
        arrayStride: 28,
        attributes: [
          { shaderLocation: 0, offset: 0, format: 'float32x4' },
          { shaderLocation: 1, offset: 16, format: 'float32x3' },
        ],
      },
    ]),
    surfaces: pipeline('surface', [
      { arrayStride: 12, attributes: [{ shaderLocation: 0, offset: 0, format: 'float32x3' }] },
    ]),
    forms: new Map(),
  };
  perDevice.set(device, shared);
  return shared;
}

/** A buffer that follows an array on the host: written again when its numbers have changed. */
class Mirror {
  buffer: GPUBuffer | null = null;
  private copy: Float32Array | Uint32Array | Uint16Array | null = null;
  private readonly device: GPUDevice;
  private readonly usage: GPUBufferUsageFlags;

  constructor(device: GPUDevice, usage: GPUBufferUsageFlags) {
    this.device = device;
    this.usage = usage | GPUBufferUsage.COPY_DST;
  }

  follow(numbers: Float32Array | Uint32Array | Uint16Array): GPUBuffer {
    const size = Math.max(16, Math.ceil(numbers.byteLength / 4) * 4);
    if (this.buffer && this.buffer.size !== size) this.dispose();
    this.buffer ??= this.device.createBuffer({ label: 'scene', size, usage: this.usage });
    if (!this.copy || numbers.some((value, i) => value !== this.copy![i])) {
      this.copy = numbers.slice();
      const padded = numbers.byteLength % 4 === 0 ? numbers : Uint16Array.of(...numbers, 0);
      if (padded.length > 0)
        this.device.queue.writeBuffer(this.buffer, 0, padded as Float32Array<ArrayBuffer>);
    }
    return this.buffer;
  }

  dispose(): void {
    this.buffer?.destroy();
    this.buffer = null;
    this.copy = null;
  }
}

const isOneColour = (colours: unknown): colours is readonly number[] => Array.isArray(colours);

const numberRows = ['positions', 'vectors', 'sizes', 'colours'] as const;
type RowName = (typeof numberRows)[number];

/** What one object of the scene has on the GPU. */
class Drawn {
  private readonly device: GPUDevice;
  private readonly uniforms: Mirror;
  private readonly rows: Readonly<Record<RowName, Mirror>>;
  private readonly normals: Mirror;
  private readonly indices: Mirror;
  private group: GPUBindGroup | null = null;
  private bound: readonly GPUBuffer[] = [];
  private shape: Float32Array | null = null;

  constructor(device: GPUDevice) {
    const mirror = (usage: GPUBufferUsageFlags) => new Mirror(device, usage);
    this.device = device;
    this.uniforms = mirror(GPUBufferUsage.UNIFORM);
    this.normals = mirror(GPUBufferUsage.VERTEX);
    this.indices = mirror(GPUBufferUsage.INDEX);
    const storage = () => mirror(GPUBufferUsage.STORAGE);
    this.rows = { positions: storage(), vectors: storage(), sizes: storage(), colours: storage() };
  }

  /** Uploads what has changed; the bind group of the object. */
  bind(object: SceneObject, layout: GPUBindGroupLayout): GPUBindGroup {
    const uniforms = new ArrayBuffer(OBJECT_BYTES);
    const floats = new Float32Array(uniforms);
    const words = new Uint32Array(uniforms);
    floats.set(modelMatrix(object));
    const given: Partial<Record<RowName, Rows | number | readonly number[]>> = { ...object };
    // What vectors are to instances, normals are to a surface.
    if (object.form === 'surface') given.vectors = object.normals;
    const [r, g, b, opacity = 1] = isOneColour(given.colours) ? given.colours : defaultColour;
    floats.set([r, g, b, opacity], 16);
    floats[28] =
      typeof given.sizes === 'number'
        ? given.sizes
        : object.form === 'surface'
          ? 0
          : defaultSize[object.form];
    const buffers = numberRows.map((name, i) => {
      const rows = given[name];
      const width = name === 'sizes' ? 1 : name === 'colours' ? 4 : 3;
      if (isGpuRows(rows)) {
        words.set([rows.offset / 4, rows.cols], 20 + 2 * i);
        return rows.buffer;
      }
      if (!(rows instanceof Float32Array)) return this.rows.positions.buffer ?? null; // not read
      words.set([0, width], 20 + 2 * i);
      return this.rows[name].follow(rows);
    });
    const first = buffers[0]!;
    const bound = [this.uniforms.follow(words), ...buffers.map((buffer) => buffer ?? first)];
    if (!this.group || bound.some((buffer, i) => buffer !== this.bound[i])) {
      this.bound = bound;
      this.group = this.device.createBindGroup({
        layout,
        entries: bound.map((buffer, binding) => ({ binding, resource: { buffer } })),
      });
    }
    return this.group;
  }

  /** Normals at the corners of a surface; zeros where only the GPU knows the corners. */
  surface({ positions, indices }: Surface): { normals: GPUBuffer; indices: GPUBuffer } {
    const onHost = positions instanceof Float32Array;
    if (!this.shape || (onHost && positions.some((value, i) => value !== this.shape![i]))) {
      this.shape = onHost ? positions.slice() : new Float32Array(3 * (positions as GpuRows).rows);
      this.normals.follow(onHost ? normalsOf(positions, indices) : this.shape);
    }
    return { normals: this.normals.buffer!, indices: this.indices.follow(indices) };
  }

  dispose(): void {
    for (const mirror of [this.uniforms, this.normals, this.indices, ...Object.values(this.rows)])
      mirror.dispose();
  }
}

/** Draws a scene with WebGPU; positions and colours may be where the engine has them. */
export class WebGpuRenderer implements Renderer {
  private readonly device: GPUDevice;
  private readonly context: GPUCanvasContext;
  private readonly shared: Shared;
  private readonly camera: GPUBuffer;
  private readonly cameraGroup: GPUBindGroup;
  private readonly drawn = new Map<SceneObject, Drawn>();
  private targets: { colour: GPUTexture; depth: GPUTexture } | null = null;

  constructor(canvas: HTMLCanvasElement, { device }: GpuContext) {
    this.device = device;
    this.shared = sharedOf(device);
    const context = canvas.getContext('webgpu');
    if (!context) throw new Error('this canvas cannot be drawn to by WebGPU: it has another context');
    this.context = context;
    this.context.configure({ device, format: this.shared.format, alphaMode: 'premultiplied' });
    this.camera = device.createBuffer({
      label: 'camera',
      size: 128,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.cameraGroup = device.createBindGroup({
      layout: this.shared.instances.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer: this.camera } }],
    });
  }

  draw(objects: readonly SceneObject[], view: View): void {
    const { device, shared } = this;
    for (const [object, drawn] of this.drawn)
      if (!objects.includes(object)) {
        drawn.dispose();
        this.drawn.delete(object);
      }
    device.queue.writeBuffer(this.camera, 0, view.view as Float32Array<ArrayBuffer>);
    device.queue.writeBuffer(this.camera, 64, view.projection as Float32Array<ArrayBuffer>);
    const { colour, depth } = this.sized(view);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginRenderPass({
      colorAttachments: [
        {
          view: colour.createView(),
          resolveTarget: this.context.getCurrentTexture().createView(),
          clearValue: [0, 0, 0, 0],
          loadOp: 'clear',
          storeOp: 'discard',
        },
      ],
      depthStencilAttachment: {
        view: depth.createView(),
        depthClearValue: 1,
        depthLoadOp: 'clear',
        depthStoreOp: 'discard',
      },
    });
    pass.setBindGroup(0, this.cameraGroup);
    for (const object of objects) {
      const count = countOf(object);
      if (object.visible === false || count === 0) continue;
      let drawn = this.drawn.get(object);
      if (!drawn) {
        drawn = new Drawn(device);
        this.drawn.set(object, drawn);
      }
      const pipeline = object.form === 'surface' ? shared.surfaces : shared.instances;
      pass.setPipeline(pipeline);
      pass.setBindGroup(1, drawn.bind(object, pipeline.getBindGroupLayout(1)));
      if (object.form === 'surface') {
        const { normals, indices } = drawn.surface(object);
        pass.setVertexBuffer(0, normals);
        pass.setIndexBuffer(indices, 'uint32');
        pass.drawIndexed(object.indices.length);
      } else {
        const form = this.formOf(object.form);
        pass.setVertexBuffer(0, form.corners);
        pass.setIndexBuffer(form.indices, 'uint16');
        pass.drawIndexed(form.count, count);
      }
    }
    pass.end();
    device.queue.submit([encoder.finish()]);
  }

  dispose(): void {
    for (const drawn of this.drawn.values()) drawn.dispose();
    this.drawn.clear();
    this.targets?.colour.destroy();
    this.targets?.depth.destroy();
    this.targets = null;
    this.camera.destroy();
    this.context.unconfigure();
  }

  private formOf(name: Instances['form']) {
    let made = this.shared.forms.get(name);
    if (!made) {
      const form: Form = forms[name]();
      made = {
        corners: new Mirror(this.device, GPUBufferUsage.VERTEX).follow(form.corners),
        indices: new Mirror(this.device, GPUBufferUsage.INDEX).follow(form.indices),
        count: form.indices.length,
      };
      this.shared.forms.set(name, made);
    }
    return made;
  }

  private sized({ width, height }: View): { colour: GPUTexture; depth: GPUTexture } {
    if (this.targets && (this.targets.colour.width !== width || this.targets.colour.height !== height)) {
      this.targets.colour.destroy();
      this.targets.depth.destroy();
      this.targets = null;
    }
    const texture = (format: GPUTextureFormat) =>
      this.device.createTexture({
        size: [width, height],
        format,
        sampleCount: SAMPLES,
        usage: GPUTextureUsage.RENDER_ATTACHMENT,
      });
    this.targets ??= { colour: texture(this.shared.format), depth: texture(DEPTH) };
    return this.targets;
  }
}
