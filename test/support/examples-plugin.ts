import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { Plugin } from 'vite';

// The module `virtual:examples`: every ```ts block of a docstring in src/**/*.ts, and of the README, as a function.
//   - A line `expression; // => value` (or `const x = expression; // => value`) is an assertion.
//   - What src/index.ts exports is in scope, imported from 'clebsch' or not.
//   - ```ts gpu marks an example that needs WebGPU; test/gpu runs those, test/examples.test.ts the others.

const EXAMPLES = 'virtual:examples';

interface Example {
  file: string;
  line: number;
  gpu: boolean;
  code: string;
}

export function examplesPlugin(repository: string): Plugin {
  return {
    name: 'clebsch-examples',
    resolveId: (id) => (id === EXAMPLES ? `\0${EXAMPLES}` : undefined),
    load(id) {
      if (id !== `\0${EXAMPLES}`) return undefined;
      const files = readdirSync(join(repository, 'src'), { recursive: true, encoding: 'utf8' });
      const examples = files
        .filter((file) => file.endsWith('.ts'))
        .sort()
        .flatMap((file) => findExamples(`src/${file}`, readFileSync(join(repository, 'src', file), 'utf8')));
      examples.push(...findBlocks('README.md', readFileSync(join(repository, 'README.md'), 'utf8'), 1));
      return [
        "import * as clebsch from '/src/index.ts';",
        `const library = (names) => {
          const missing = names.filter((name) => !(name in clebsch));
          if (missing.length > 0) throw new Error('src/index.ts does not export ' + missing.join(', '));
          return clebsch;
        };`,
        'export const examples = [',
        ...examples.map((example) => `${toModule(example)},`),
        '];',
      ].join('\n');
    },
  };
}

/** The fenced blocks of a file's docstrings; `line` is that of the block's first line of code. */
export function findExamples(file: string, source: string): Example[] {
  const examples: Example[] = [];
  for (const comment of source.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    const first = source.slice(0, comment.index).split('\n').length;
    examples.push(...findBlocks(file, comment[0].replace(/^\s*\* ?/gm, ''), first));
  }
  return examples;
}

/** The fenced ts blocks of a text whose first line has the number `first`. */
function findBlocks(file: string, text: string, first: number): Example[] {
  const examples: Example[] = [];
  let open: Example | undefined;
  for (const [i, line] of text.split('\n').entries()) {
    const fence = /^\s*```(.*)$/.exec(line)?.[1].trim();
    if (open && fence !== undefined) {
      examples.push(open);
      open = undefined;
    } else if (open) {
      open.code += `${line}\n`;
    } else if (fence === 'ts' || fence === 'ts gpu') {
      open = { file, line: first + i + 1, gpu: fence === 'ts gpu', code: '' };
    }
  }
  if (open) throw new Error(`${file}:${open.line}: this code block is not closed`);
  return examples;
}

function toModule(example: Example): string {
  const { file, line, gpu } = example;
  const head = `file: ${JSON.stringify(file)}, line: ${line}, gpu: ${gpu}`;
  try {
    return `{ ${head}, async run(check) {\n${toBody(example)}\n} }`;
  } catch (error) {
    return `{ ${head}, async run() { throw new Error(${JSON.stringify((error as Error).message)}) } }`;
  }
}

/** The example as JavaScript: imports replaced, assertions turned into calls of `check`, types removed. */
export function toBody({ line: firstLine, code }: Example): string {
  const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.ESNext, true);
  const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line;
  const assertions = new Map<number, string>(); // line -> expected value
  for (const [i, text] of code.split('\n').entries()) {
    const expected = /\/\/ => (.+)$/.exec(text)?.[1];
    if (expected) assertions.set(i, expected.trim());
  }

  const edits: { start: number; end: number; text: string }[] = [];
  const names: string[] = []; // of the library, to be put in scope
  const declared = new Set<string>();
  const used = new Set<string>();
  const assertAt = (node: ts.Node, value: string, at: number) => {
    const expected = assertions.get(lineOf(node.end));
    if (expected === undefined) return;
    assertions.delete(lineOf(node.end));
    const where = `line ${firstLine + lineOf(node.getStart())}: ${node.getText()}`;
    edits.push({
      start: at,
      end: node.end,
      text: `;check((${value}), (${expected}), ${JSON.stringify(where)});`,
    });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      if ((node.moduleSpecifier as ts.StringLiteral).text !== 'clebsch') {
        throw new Error(`an example imports only from 'clebsch': ${node.getText()}`);
      }
      const bindings = node.importClause?.namedBindings;
      for (const { name, propertyName, isTypeOnly } of (bindings as ts.NamedImports)?.elements ?? []) {
        declared.add(name.text);
        if (isTypeOnly || node.importClause?.isTypeOnly) continue;
        names.push(propertyName ? `${propertyName.text}: ${name.text}` : name.text);
      }
      edits.push({ start: node.getStart(), end: node.end, text: '' });
      return;
    }
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    if (ts.isExpressionStatement(node)) assertAt(node, node.expression.getText(), node.getStart());
    if (ts.isVariableStatement(node)) {
      const { name } = node.declarationList.declarations.at(-1)!;
      assertAt(node, name.getText(), node.end);
    }
    if (ts.isIdentifier(node)) {
      const parent = node.parent as ts.NamedDeclaration;
      const isMember =
        (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
        (ts.isPropertyAssignment(parent) && parent.name === node) ||
        (ts.isBindingElement(parent) && parent.propertyName === node);
      const isDeclaration =
        parent.name === node &&
        !isMember &&
        (ts.isBindingElement(parent) ||
          ts.isDeclarationStatement(parent) ||
          ts.isVariableDeclaration(parent) ||
          ts.isParameter(parent));
      if (isDeclaration) declared.add(node.text);
      else if (!isMember) used.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  for (const [i, expected] of assertions) {
    throw new Error(`line ${firstLine + i}: no statement ends before "// => ${expected}"`);
  }

  for (const name of used)
    if (!declared.has(name) && !(name in globalThis) && !(name in GPU_GLOBALS)) names.push(name);
  let text = code;
  for (const { start, end, text: replacement } of edits.sort((a, b) => b.start - a.start)) {
    text = text.slice(0, start) + replacement + text.slice(end);
  }
  const exported = JSON.stringify(names.map((name) => name.split(':')[0]));
  const scope = `const { ${names.join(', ')} } = library(${exported});`;
  const { outputText, diagnostics } = ts.transpileModule(`async function example() { ${scope}\n${text}\n}`, {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
    reportDiagnostics: true,
  });
  if (diagnostics?.length) throw new Error(ts.flattenDiagnosticMessageText(diagnostics[0].messageText, '\n'));
  return `${outputText}await example();`;
}

// Names that a page has and Node has not.
const GPU_GLOBALS = {
  navigator: 0,
  document: 0,
  window: 0,
  GPUBufferUsage: 0,
  GPUMapMode: 0,
  GPUShaderStage: 0,
};
