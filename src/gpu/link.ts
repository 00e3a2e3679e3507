import { imports, shaders } from '../../shaders/index.ts';
import type { Kernel } from '../graph/node.ts';

/** The WGSL of one kernel, and where each of its lines comes from. */
export interface LinkedShader {
  readonly code: string;
  /** File and line of each line of `code`: "shaders/contract.wgsl:31", or the slot whose generated body it is in. */
  readonly origin: readonly string[];
}

/**
 * Writes a kernel's parameters and generated code into its shader file. The directives are comments, so that each file
 * is valid WGSL as it stands:
 *
 *     //#import NAME      shaders/shared/NAME.wgsl, where generated code may call it
 *     const N = 1u; //#param
 *     //#slot NAME ... //#end
 *     //#sized            arrays are declared with their lengths, where these are known
 *
 * @param sizes bytes bound to each variable
 */
export function link(kernel: Kernel, sizes: Readonly<Record<string, number>> = {}): LinkedShader {
  const text = textOf(kernel);
  const code: string[] = [];
  const origin: string[] = [];
  const put = (line: string, from: string) => {
    code.push(line);
    origin.push(from);
  };
  const lines = text.split('\n');
  const usedParams = new Set<string>();
  const usedSlots = new Set<string>();
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at];
    const from = `shaders/${kernel.shader}.wgsl:${at + 1}`;
    const directive = /^\s*\/\/#(import|slot)\s+(\S+)/.exec(line);
    const param = /^(\s*)(const|alias)\s+(\w+)\s*=.*\/\/#param/.exec(line);
    if (directive?.[1] === 'import') {
      // The functions serve generated code; default bodies stand without them.
      for (const [i, l] of usedLines(imports[directive[2]], Object.values(kernel.slots ?? {}).join('\n')))
        put(l, `shaders/shared/${directive[2]}.wgsl:${i + 1}`);
    } else if (directive?.[1] === 'slot' && kernel.slots?.[directive[2]] !== undefined) {
      const name = directive[2];
      usedSlots.add(name);
      kernel.slots[name].split('\n').forEach((l, i) => {
        put(l, `${kernel.shader}, generated ${name}:${i + 1}`);
      });
      while (!/^\s*\/\/#end/.test(lines[at])) at++;
    } else if (param && kernel.params?.[param[3]] !== undefined) {
      usedParams.add(param[3]);
      put(`${param[1]}${param[2]} ${param[3]} = ${kernel.params[param[3]]};`, from);
    } else put(line, from);
  }
  for (const name of Object.keys(kernel.params ?? {}))
    if (!usedParams.has(name)) throw new Error(`shaders/${kernel.shader}.wgsl has no parameter ${name}`);
  for (const name of Object.keys(kernel.slots ?? {}))
    if (!usedSlots.has(name)) throw new Error(`shaders/${kernel.shader}.wgsl has no slot ${name}`);
  return { code: (takesSizes(kernel) ? withLengths(code, sizes) : code).join('\n'), origin };
}

function textOf(kernel: Kernel): string {
  const text = kernel.text ?? shaders[kernel.shader];
  if (text === undefined)
    throw new Error(`there is no shader "${kernel.shader}"; known are ${Object.keys(shaders).join(', ')}`);
  return text;
}

/** Whether the shader says that its arrays may be declared with their lengths. */
export const takesSizes = (kernel: Kernel): boolean => /^\/\/#sized/m.test(textOf(kernel));

/** Bytes of an element of an array. */
const STRIDES: Readonly<Record<string, number>> = { f32: 4, u32: 4, vec4f: 16, vec4u: 16 };

/**
 * Declares arrays with their lengths. WGSL checks every index, and a length that is not in the code is found by a division
 * of the bound size, for every access: a fifth of what a software adapter needs for kernels that read and write much.
 */
function withLengths(code: readonly string[], sizes: Readonly<Record<string, number>>): string[] {
  const types = new Map<string, string>();
  return code.map((line) => {
    const alias = /^alias (\w+) = (\w+);/.exec(line);
    if (alias) types.set(alias[1], alias[2]);
    const [declaration, name, element] = /var<storage[^>]*> (\w+): array<(\w+)>/.exec(line) ?? ['', '', ''];
    const length = Math.floor((sizes[name] ?? 0) / (STRIDES[types.get(element) ?? element] ?? Infinity));
    return length > 0 ? line.replace(declaration, `${declaration.slice(0, -1)}, ${length}>`) : line;
  });
}

interface LibraryFunction {
  readonly start: number;
  readonly lines: readonly string[];
  readonly text: string;
  readonly call: RegExp;
}

const libraries = new Map<string, readonly LibraryFunction[]>();

function functionsOf(library: string): readonly LibraryFunction[] {
  const lines = library.split('\n');
  const starts = lines.flatMap((line, at) => (line.startsWith('fn ') ? [at] : []));
  return starts.map((start, i) => {
    const body = lines.slice(start, starts[i + 1] ?? lines.length);
    const own = body.slice(0, body.findLastIndex((line) => line.endsWith('}')) + 1);
    const name = /^fn (\w+)/.exec(lines[start])![1];
    return { start, lines: own, text: own.join('\n'), call: new RegExp(`\\b${name}\\(`) };
  });
}

/** The lines of those functions of a library that `code` calls, directly or through others, with their numbers. */
function usedLines(library: string, code: string): [number, string][] {
  let functions = libraries.get(library);
  if (!functions) {
    functions = functionsOf(library);
    libraries.set(library, functions);
  }
  // A function may only call earlier ones, so one pass from the end finds everything.
  let used = code;
  const wanted = functions.toReversed().filter(({ call, text }) => {
    if (!call.test(used)) return false;
    used += text;
    return true;
  });
  return wanted
    .reverse()
    .flatMap(({ start, lines }) => lines.map((line, i): [number, string] => [start + i, line]));
}

export interface Binding {
  readonly name: string;
  readonly binding: number;
  readonly type: 'storage' | 'read-only-storage' | 'uniform';
}

const BINDING =
  /^\s*@group\(0\)\s*@binding\((\d+)\)\s*var<(uniform|storage|storage,\s*read|storage,\s*read_write)>\s*(\w+)\s*:/;

/**
 * The bindings of group 0, read off the WGSL, so that they are written only once: each is declared on a line of its own.
 *
 * @throws Error if a declaration is not of the form that this understands.
 */
export function bindingsOf(code: string): readonly Binding[] {
  return code.split('\n').flatMap((line): Binding[] => {
    if (!/@(group|binding)\b/.test(line) || !/^[^/]*@/.test(line)) return [];
    const found = BINDING.exec(line);
    if (!found)
      throw new Error(
        `"${line.trim()}" must be @group(0) @binding(N) var<storage, read> NAME: TYPE;, or uniform or read_write, on one line`,
      );
    const [, binding, access, name] = found;
    const stored = access.endsWith('read_write') ? 'storage' : 'read-only-storage';
    return [{ name, binding: Number(binding), type: access === 'uniform' ? access : stored }];
  });
}
