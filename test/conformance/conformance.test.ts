// The program itself: what it prints and how it ends, for good files, changed ones and ones it has no runner for.
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Json, loadFamily } from '../support/fixture.ts';
import { REPOSITORY } from '../support/server.ts';
import { DEFAULT_FOLDER } from './selection.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clebsch-conformance-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Run {
  readonly status: number;
  readonly text: string;
  readonly json: Json;
}

async function conformance(...args: string[]): Promise<Run> {
  const program = ['test/support/run.mjs', 'test/conformance/cli.ts', ...args, '--json'];
  const { status, stdout } = await promisify(execFile)(process.execPath, program, { cwd: REPOSITORY }).then(
    (done) => ({ status: 0, ...done }),
    (failed) => ({ status: failed.code as number, stdout: failed.stdout as string }),
  );
  const lines = stdout.trimEnd().split('\n');
  return { status, text: stdout, json: JSON.parse(lines.at(-1)!) };
}

const fixture = async (name: string): Promise<Json> =>
  JSON.parse(await readFile(join(DEFAULT_FOLDER, `${name}.json`), 'utf8'));

describe('the files of test/fixtures', () => {
  // The two largest take longer than all others together: `npm run conformance` has them too.
  const families = [
    ...['irreps', 'wigner3j', 'wignerD', 'sphericalHarmonics', 'radialBasis', 'tensorProduct', 'linear'],
    ...[
      'nonlinearity',
      'conv',
      'network_attributes',
      'forces',
      'tetris_gate',
      'tetris_polynomial',
      'equivariance',
    ],
  ];

  test('all cases pass, but for the two largest families', async () => {
    const { status, json, text } = await conformance(...families.flatMap((family) => ['--family', family]));
    expect(json.passed, text).toBe(true);
    expect(status).toBe(0);
    expect(json.families.map(({ family }: Json) => family)).toEqual(families);
    expect(json.runtime).toBe('chromium');
    expect(json.adapter).toBeTypeOf('string');
    // Said in numbers and in words, wherever a run meets them.
    const counts = json.families.map(({ notCovered }: Json) => Object.keys(notCovered).length);
    expect(counts).toEqual(families.map((family) => (family === 'nonlinearity' ? 2 : 0)));
    expect(text).toContain('not run: 4 of nonlinearity');
    expect(text).toContain('S2Activation (3 cases), SO3Activation (1 case)');
  }, 400_000);

  test('all rules of `compile` off: the same cases pass', async () => {
    const families = ['sphericalHarmonics', 'linear', 'conv', 'network_attributes'];
    const named = families.flatMap((family) => ['--family', family]);
    const { json, text } = await conformance('--without', 'all', '--runtime', 'node', ...named);
    expect(json.passed, text).toBe(true);
    expect(json.families.map(({ family }: Json) => family)).toEqual(families);
  }, 400_000);

  test('pure mathematics has no GPU column', async () => {
    const { json } = await conformance('--runtime', 'node', '--family', 'wigner3j');
    expect(json.adapter).toBeNull();
    const [{ cases, passed, errors }] = json.families;
    expect([passed, errors.forward, errors.first, errors.second]).toEqual([cases, null, null, null]);
    expect(errors.reference).toBeLessThan(1e-12);
  });

  test('a family of a later version is missing when it is asked for', async () => {
    const { status, json, text } = await conformance('--runtime', 'node', '--family', 's2grid');
    expect([status, json.missing, json.passed]).toEqual([1, ['s2grid'], false]);
    expect(text).toContain('missing: s2grid');
  });
});

describe('arguments', () => {
  const start = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['test/support/run.mjs', 'test/conformance/cli.ts', ...args], {
      cwd: REPOSITORY,
    }).then(
      ({ stdout, stderr }) => ({ status: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ status: code as number, stdout, stderr }),
    );

  test('--help prints the usage', async () => {
    const { status, stdout, stderr } = await start('--help');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^npm run conformance -- \[DIR\] \[options\]\n/);
    // Whatever is read is in it.
    for (const option of ['--family', '--runtime', '--without', '--verbose', '--json'])
      expect(stdout).toContain(option);
  });

  test.each([
    [['--famly', 'linear'], "Unknown option '--famly'"],
    [['no/such/folder'], 'ENOENT'],
    [['--without', 'speed'], 'there is no optimization "speed"; known are '],
  ])('%s: what is wrong, and the usage; no stack', async (args, message) => {
    const { status, stdout, stderr } = await start(...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`conformance: ${message}`);
    expect(stderr).toContain('\n\nnpm run conformance -- [DIR] [options]\n');
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

describe('other files', () => {
  test('a number that is off fails its case, by name', async () => {
    const json = await fixture('linear');
    const [first] = json.cases;
    first.outputs.out.data[0] += 1e-3;
    json.cases = [first, json.cases[2]];
    await writeFile(join(folder, 'linear.json'), JSON.stringify(json));
    const run = await conformance(folder, '--runtime', 'node');
    const [report] = run.json.families;
    expect([run.status, report.cases, report.passed]).toEqual([1, 4, 3]);
    expect(report.failed[0].case).toBe(first.name);
    expect(report.failed[0].arrays.map(({ array, kind }: Json) => `${array} ${kind}`)).toEqual([
      'outputs.out reference',
      'outputs.out forward',
    ]);
    expect(run.text).toContain(`✗ linear ${first.name}`);
  });

  test('a family without a runner is missing, the others run', async () => {
    await writeFile(join(folder, 'voxel.json'), JSON.stringify({ format: 'e3nn-golden/1', family: 'voxel' }));
    await writeFile(join(folder, 'linear.json'), JSON.stringify(await fixture('linear')));
    const run = await conformance(folder, '--runtime', 'node');
    expect([run.status, run.json.missing]).toEqual([1, ['voxel']]);
    expect(run.json.families[0].passed).toBe(run.json.families[0].cases);
    await rm(join(folder, 'voxel.json'));
  });

  test('transformed inputs of models that are not covered are counted, not passed over', async () => {
    const own = await mkdtemp(join(folder, 'equivariance-'));
    const json = await fixture('equivariance');
    const [conv] = json.cases;
    const voxel = { name: 'voxel/0', ref: { file: 'voxel.json', case: '0' }, model: 'voxel', inputs: {} };
    const unknown = { ...voxel, name: 'other/0', ref: { file: 'other.json', case: '0' }, model: 'other' };
    await writeFile(
      join(own, 'equivariance.json'),
      JSON.stringify({ ...json, cases: [conv, voxel, unknown] }),
    );
    await writeFile(join(own, 'conv.json'), JSON.stringify(await fixture('conv')));
    const run = await conformance(own, '--runtime', 'node', '--family', 'equivariance');
    const [report] = run.json.families;
    expect([report.cases, report.passed, report.notCovered]).toEqual([2, 1, { 'voxel.json': 1 }]);
    expect(run.text).toContain('there is no runner for the model "other" of other.json');
  });

  test('forces: edges and parameters in any order, no cell, no training', async () => {
    const own = await mkdtemp(join(folder, 'forces-'));
    const json = await fixture('forces');
    const molecule = json.cases.find(({ cell }: Json) => !cell);
    const edges = molecule.edge_src.shape[0];
    const turned = (key: string, width: number) => {
      const { data } = molecule[key];
      molecule[key].data = Array.from({ length: edges }, (_, e) => edges - 1 - e).flatMap((e) =>
        data.slice(e * width, e * width + width),
      );
    };
    turned('edge_src', 1);
    turned('edge_dst', 1);
    for (const key of ['adam', 'cell', 'edge_shift', 'force_jvp']) delete molecule[key];
    const names = Object.entries(json.model.parameter_names).reverse();
    json.model.parameter_names = { ...Object.fromEntries(names), 'none.weight': [0] };
    json.parameters['none.weight'] = { shape: [0], dtype: 'F64', data: [] };
    molecule.grad_energy['none.weight'] = { shape: [0], dtype: 'F64', data: [] };
    json.cases = [molecule];
    await writeFile(join(own, 'forces.json'), JSON.stringify(json));
    await copyFile(join(DEFAULT_FOLDER, 'forces.safetensors'), join(own, 'forces.safetensors'));
    const right = await conformance(own, '--runtime', 'node');
    expect(right.json.passed, right.text).toBe(true);
    expect(right.json.families[0].cases).toBe(4);
    // An edge that is not there, and one that is there twice.
    molecule.edge_dst.data[0] = molecule.edge_dst.data[1];
    await writeFile(join(own, 'forces.json'), JSON.stringify(json));
    const wrong = await conformance(own, '--runtime', 'node');
    expect(wrong.text).toContain('edges (src, dst, shift)');
  });

  test('tensors in safetensors, further leading dimensions', async () => {
    await writeReshaped('linear');
    await writeReshaped('tensorProduct');
    const { status, json, text } = await conformance(folder, '--runtime', 'node');
    expect(json.passed, text).toBe(true);
    expect(status).toBe(0);
    expect(json.families.map(({ family }: Json) => family)).toEqual(['tensorProduct', 'linear']);
  });
});

/** Writes some cases of a family with every array in a safetensors file, and with more leading dimensions: [n, ...] to [1, n, 1, ...]. */
async function writeReshaped(name: string): Promise<void> {
  const json = await fixture(name);
  const { tensor } = loadFamily(name);
  // A case with several leading dimensions, or weights that broadcast, has its say in the file itself.
  const simple = ({ inputs, outputs }: Json) =>
    Object.values<Json>(inputs).every(({ shape }) => shape.length > 1 && shape[0] === outputs.out.shape[0]);
  // Larger arrays are in a safetensors file already; its tensors have the shapes of before.
  const inline = (c: Json) => !JSON.stringify(c).includes('safetensors');
  json.cases = json.cases.filter((c: Json) => simple(c) && inline(c)).slice(0, 12);
  delete json.invalid;
  const batched = (record: Json, names: readonly string[]) => {
    for (const key of names)
      for (const object of Object.values<Json>(record[key] ?? {}))
        object.shape = [1, object.shape[0], 1, ...object.shape.slice(1)];
  };
  for (const c of json.cases) {
    batched(c, ['inputs', 'outputs', 'cotangents']);
    batched(c.grads, ['inputs']);
    batched(c.second, ['v']);
    batched(c.second.grads, ['inputs', 'cotangents']);
    delete c.right;
  }
  const header: Record<string, Json> = {};
  const chunks: Float64Array[] = [];
  let end = 0;
  const store = (value: Json): Json => {
    if (value === null || typeof value !== 'object') return value;
    if (!Array.isArray(value) && Array.isArray(value.shape) && (value.data || value.file)) {
      const { data } = tensor(value);
      const key = `t${chunks.length}`;
      chunks.push(data);
      header[key] = { dtype: 'F64', shape: value.shape, data_offsets: [end, end + data.byteLength] };
      end += data.byteLength;
      return { shape: value.shape, dtype: 'F64', file: `${name}.safetensors`, tensor: key };
    }
    if (Array.isArray(value)) return value.map(store);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, store(item)]));
  };
  const text = JSON.stringify(store(json));
  const head = JSON.stringify(header);
  const padded = new TextEncoder().encode(head + ' '.repeat((8 - (head.length % 8)) % 8));
  const length = new BigUint64Array([BigInt(padded.length)]);
  await writeFile(join(folder, `${name}.json`), text);
  await writeFile(
    join(folder, `${name}.safetensors`),
    Buffer.concat([length, padded, ...chunks].map((part) => Buffer.from(part.buffer))),
  );
}
