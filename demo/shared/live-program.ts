import { compile, type Feeds, type GpuContext, type Node, prepare, reference } from '../../src/index.ts';
import type { CodeText } from './code-view.ts';
import { nextFrame } from './dom.ts';
import type { Rows } from './scene-objects.ts';

/** What a page asks of the engine again and again, with other inputs each time. */
export interface LiveNodes {
  /** Values that the page reads. */
  readonly outputs: Readonly<Record<string, Node>>;
  /** Values that are only drawn: they stay on the GPU. */
  readonly drawn?: Readonly<Record<string, Node>>;
}

/** A program that runs on the GPU, or where there is none in f64 on the host. */
export interface LiveProgram {
  /** Computes with these inputs; outputs by name, row-major. */
  compute(feeds: Feeds): Promise<Readonly<Record<string, ArrayLike<number>>>>;
  /** A value of `drawn` as a scene takes it: where the engine has it, or as the last `compute` left it. */
  drawn(name: string): Rows;
  /** What ran: the WGSL of each dispatch; on the host the bodies that would have been generated. */
  readonly shaders: readonly { readonly label: string; readonly code: string }[];
  dispose(): void;
}

/** Compiles the nodes for the device, or makes the same program of their definitions. */
export async function liveProgram(gpu: GpuContext | null, nodes: LiveNodes): Promise<LiveProgram> {
  const program = { outputs: { ...nodes.outputs, ...nodes.drawn } };
  if (!gpu) return onHost(nodes, program);
  const executable = await compile(gpu, program);
  const names = Object.keys(nodes.outputs);
  return {
    compute(feeds) {
      executable.write(feeds);
      return executable.runAndRead({ outputs: names });
    },
    drawn: (name) => executable.bufferOf(name),
    shaders: executable.shaders(),
    dispose: () => executable.dispose(),
  };
}

function onHost(nodes: LiveNodes, program: LiveNodes): LiveProgram {
  const pictures = new Map(
    Object.entries(nodes.drawn ?? {}).map(([name, { rows, cols }]) => [name, new Float32Array(rows * cols)]),
  );
  const names = Object.keys(program.outputs);
  return {
    async compute(feeds) {
      const values = reference(Object.values(program.outputs), feeds);
      names.forEach((name, i) => {
        pictures.get(name)?.set(values[i]);
      });
      return Object.fromEntries(names.map((name, i) => [name, values[i]]));
    },
    drawn(name) {
      const picture = pictures.get(name);
      if (!picture) throw new Error(`nothing is drawn under the name "${name}"`);
      return picture;
    },
    shaders: prepare(program).plan.steps.map((node) => ({
      label: node.op.name,
      code: Object.values(node.op.kernel!(node).slots ?? {}).join('\n'),
    })),
    dispose() {},
  };
}

/**
 * The program whose values a picture shows. The one before it stays until the picture is drawn without it: a scene that
 * draws from the buffers of a program that is gone fails.
 */
export class ShownProgram {
  private shown: LiveProgram | null = null;
  private readonly retired: LiveProgram[] = [];

  /** Null while the next one is made. */
  get current(): LiveProgram | null {
    return this.shown;
  }

  replace(next: LiveProgram): void {
    this.retire();
    this.shown = next;
  }

  /** The current program is no longer asked, but its buffers stay. */
  retire(): void {
    if (this.shown) this.retired.push(this.shown);
    this.shown = null;
  }

  /** The picture is drawn from the current program: frees those before it. */
  drawn(): void {
    for (const program of this.retired.splice(0)) program.dispose();
  }

  dispose(): void {
    this.retire();
    this.drawn();
  }
}

/** A program's WGSL as it ran, dispatch by dispatch, for "see the code"; `note` says when it runs on the GPU. */
export function programText({ shaders }: LiveProgram, onGpu: boolean, note: string, name = 'WGSL'): CodeText {
  return {
    name,
    code: shaders.map(({ label, code }) => `// ${label}\n${code}`).join('\n\n'),
    note: onGpu ? note : 'What would run on a GPU; here the definitions in f64 ran.',
  };
}

/**
 * Calls `task` before the next frame, once however often it is asked, and again when it was asked meanwhile: a drag
 * asks more often than a GPU answers.
 */
export function latest(task: () => Promise<void>): () => Promise<void> {
  let wanted = false;
  let running: Promise<void> | null = null;
  const run = async () => {
    try {
      while (wanted) {
        await nextFrame();
        wanted = false;
        await task();
      }
    } finally {
      running = null;
    }
  };
  return () => {
    wanted = true;
    running ??= run();
    return running;
  };
}
