import { readFile } from 'node:fs/promises';
import { type Plugin, parseAst } from 'vite';

/** What is written for readers and for tests is left out of what is built. */
export const leanSources = (): Plugin[] => [plainShaders(), plainMarkup(), withoutExamples()];

const SHADER = /\.wgsl\?raw$/;

/** Leaves out the comments of shaders. */
function plainShaders(): Plugin {
  return {
    name: 'clebsch-plain-shaders',
    apply: 'build',
    enforce: 'pre',
    load: {
      filter: { id: SHADER },
      async handler(id) {
        const text = await readFile(id.replace(/\?raw$/, ''), 'utf8');
        return `export default ${JSON.stringify(withoutComments(text))};`;
      },
    },
  };
}

/** WGSL without comments and indentation, line by line, so that numbers of lines still hold; directives stay. */
export function withoutComments(wgsl: string): string {
  return wgsl
    .split('\n')
    .map((line) => {
      const at = line.indexOf('//');
      if (at < 0) return line.trim();
      const directive = /^\/\/#(param|end|sized|(slot|import)\s+\w+)/.exec(line.slice(at))?.[0] ?? '';
      return `${line.slice(0, at).trim()} ${directive}`.trim();
    })
    .join('\n');
}

/** Leaves out the indentation of an element's HTML. */
function plainMarkup(): Plugin {
  return {
    name: 'clebsch-plain-markup',
    apply: 'build',
    enforce: 'pre',
    load: {
      filter: { id: /\.html\?raw$/ },
      async handler(id) {
        const text = await readFile(id.replace(/\?raw$/, ''), 'utf8');
        return `export default ${JSON.stringify(text.replace(/\n\s*/g, '\n'))};`;
      },
    },
  };
}

/** Leaves out the examples of ops, which only the law tests ask for. */
function withoutExamples(): Plugin {
  return {
    name: 'clebsch-without-examples',
    apply: 'build',
    enforce: 'pre',
    transform: {
      filter: { id: /\/src\/ops\/[\w-]+\.ts$/ },
      handler: (code) => ({ code: withEmptyExamples(code), map: null }),
    },
  };
}

interface Body {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

interface FunctionNode {
  readonly body?: Body;
}

/** A module whose ops have no examples; everything else stays on its line, for source maps. */
export function withEmptyExamples(code: string): string {
  const bodies: Body[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, key, value } = node as { type?: string; key?: { name?: string }; value?: FunctionNode };
    if (type === 'Property' && key?.name === 'examples' && value?.body) bodies.push(value.body);
    for (const child of Object.values(node)) visit(child);
  };
  visit(parseAst(code, { lang: 'ts' }));
  return bodies
    .sort((a, b) => b.start - a.start)
    .reduce((lean, { type, start, end }) => {
      const [open, close] = type === 'BlockStatement' ? ['{return[]', '}'] : ['[', ']'];
      const blank = code.slice(start + 1, end - 1).replace(/[^\n]/g, ' ');
      return lean.slice(0, start) + open + blank + close + lean.slice(end);
    }, code);
}
