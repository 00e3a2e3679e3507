import { examples } from 'virtual:examples';
import { expect, test } from 'vitest';
import { checkExample } from './support/examples.ts';
import { findExamples, toBody } from './support/examples-plugin.ts';

for (const { file, line, gpu, run } of examples) {
  if (!gpu) test(`${file}:${line}`, () => run(checkExample(1e-9)));
}

const run = async (code: string) => {
  const [example] = findExamples('x.ts', `/**\n * \`\`\`ts\n${code.replace(/^/gm, ' * ')}\n * \`\`\`\n */`);
  const library = () => ({ half: (x: number) => x / 2, vector: Float32Array.of(1, 2) });
  await new Function('library', 'check', `return (async () => {${toBody(example)}})()`)(
    library,
    checkExample(1e-9),
  );
};

test('what examples are checked for', async () => {
  await run("import { half } from 'clebsch';\nhalf(3); // => 1.5\nconst x: number = half(1); // => 0.5");
  await run(
    'vector // => [1, 2]\nconst f = (x: number) => {\n  return { y: half(x) };\n};\nf(\n  2,\n); // => { "y": 1 }',
  );
  await run('[NaN, 1 + 1e-12] // => [NaN, 1]');
  await expect(run('half(3); // => 1.6')).rejects.toThrow(
    'line 3: half(3);\n  gives 1.5\n  and the docstring says 1.6',
  );
  await expect(run('vector; // => [1, 2, 3]')).rejects.toThrow('gives [1,2]');
  await expect(run('// => 3')).rejects.toThrow('no statement ends before');
  await expect(run('half(3; // => 3')).rejects.toThrow();
  await expect(run("import { x } from 'lodash';")).rejects.toThrow("imports only from 'clebsch'");
});
