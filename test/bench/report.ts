import type { Measurement, MeasureResult } from './measure.ts';
import type { Share } from './profile.ts';
import type { BenchResult, StartUps, Target } from './result.ts';
import { fractionOfGemm, gflops } from './targets.ts';

/** Rows under a header, columns as wide as they need; all but the first stand to the right. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, c) => Math.max(...all.map((row) => (row[c] ?? '').length)));
  return all
    .map((row) =>
      row
        .map((cell, c) => (c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Three digits, without an exponent. */
export function digits(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const places = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString('en')
    : String(Number(value.toFixed(places)));
}

const percent = (fraction: number) => `${digits(100 * fraction)} %`;
const mebibytes = (bytes: number) => digits(bytes / 2 ** 20);

/** The whole result as text. */
export function report(result: BenchResult): string {
  const { ceilings, startUp, bundle, machine } = result;
  const blocks = [
    `${result.adapter} (${result.runtime}${result.quick ? ', quick' : ''})\n` +
      `${machine.cores} cores, load average ${digits(machine.loadBefore)} before and ${digits(machine.loadAfter)} after`,
    `Ceilings\n${table(
      ['', '', ''],
      [
        ...ceilings.gemmBySize.map((g) => [
          `GEMM ${g.size}`,
          `${digits(g.gflops)} GFLOP/s`,
          `blocks of ${g.tile}`,
        ]),
        [
          'copy',
          `${digits(ceilings.copy.gbps)} GB/s`,
          `${mebibytes(ceilings.copy.bytes)} MiB read and written`,
        ],
        ['one more dispatch', `${digits(ceilings.dispatchUs)} µs`, ''],
        [
          'submit with readback',
          `${digits(ceilings.readback.median)} ms`,
          `best ${digits(ceilings.readback.min)} ms`,
        ],
      ],
    )}`,
    workloadTables(result),
    ...(startUp ? [startUpTable(startUp)] : []),
    ...(bundle
      ? [
          `Bundle, minified and gzipped: what an application that trains needs ${digits(bundle.engine.minifiedGzip / 1000)} kB, ` +
            `everything that the package exports ${digits(bundle.everything.minifiedGzip / 1000)} kB; most of it ` +
            bundle.everything.largest
              .map(({ module, characters }) => `${module} (${digits(characters / 1000)} k)`)
              .join(', '),
        ]
      : []),
    ...Object.entries(result.workloads).flatMap(([name, m]) => profileText(name, m)),
    targetTable(result.targets),
  ];
  return blocks.join('\n\n');
}

function workloadTables(result: BenchResult): string {
  const ran: [string, Measurement][] = [];
  const failed: string[] = [];
  for (const [name, m] of Object.entries(result.workloads)) {
    if ('error' in m)
      failed.push(`${name} asks for ${mebibytes(m.bytesAsked ?? Number.NaN)} MiB: ${m.error}`);
    else ran.push([name, m]);
  }
  const speed = table(
    [
      'workload',
      'ms median',
      'min',
      'in one submit',
      'MFLOP',
      'GFLOP/s',
      'of GEMM',
      'MiB moved',
      'GB/s',
      'of copy',
      'issue ms',
    ],
    ran.map(([name, m]) => {
      const gbps = m.traffic / m.step.min / 1e6;
      return [
        name,
        digits(m.step.median),
        digits(m.step.min),
        digits(m.together.min),
        digits(m.flops / 1e6),
        digits(gflops(m)),
        percent(fractionOfGemm(result, m)),
        mebibytes(m.traffic),
        digits(gbps),
        percent(gbps / result.ceilings.copy.gbps),
        digits(m.issue.median),
      ];
    }),
  );
  const costs = table(
    ['workload', 'dispatches', 'forward', 'backward', 'optimiser', 'submits', 'objects', 'peak MiB'],
    ran.map(([name, { dispatches: d, submits, objects, peakBytes }]) => [
      name,
      String(d.forward + d.backward + d.optimiser),
      String(d.forward),
      String(d.backward),
      String(d.optimiser),
      String(submits),
      String(objects),
      mebibytes(peakBytes),
    ]),
  );
  return [...(ran.length > 0 ? [speed, costs] : []), ...failed].join('\n\n');
}

function startUpTable({ mul, fresh, warm }: StartUps): string {
  const names = Object.keys(fresh) as (keyof typeof fresh)[];
  return `Start-up, tetris-${mul}, ms\n${table(
    ['', ...names],
    [
      ['fresh profile', ...names.map((name) => digits(fresh[name]))],
      ...(warm ? [['warm profile', ...names.map((name) => digits(warm[name]))]] : []),
    ],
  )}`;
}

function profileText(name: string, m: MeasureResult): string[] {
  if ('error' in m || !m.profile) return [];
  const { profile } = m;
  const sum = profile.byOp.reduce((total, { ms }) => total + ms, 0);
  const rows = (shares: readonly Share[]) =>
    table(
      ['', 'dispatches', 'ms', 'share', 'MiB'],
      shares.map((s) => [
        s.name.slice(0, 100),
        String(s.dispatches),
        digits(s.ms),
        percent(s.ms / sum),
        mebibytes(s.bytes),
      ]),
    );
  const how = profile.method === 'timestamps' ? 'time stamps' : 'each dispatch run several times';
  return [
    `Profile of ${name} (${how}): ${digits(sum)} ms\n\nby op\n${rows(profile.byOp)}\n\nby shader\n` +
      `${rows(profile.byShader)}\n\nthe costliest\n${rows(profile.costliest)}`,
  ];
}

function targetTable(targets: readonly Target[]): string {
  return `Targets\n${table(
    ['', 'target', 'figure', 'met'],
    targets.map(({ name, at, target, unit, figure, met, why }) => [
      name,
      `${at === 'least' ? '>=' : '<='} ${digits(target)} ${unit}`.trim(),
      figure === null ? '-' : digits(figure),
      met === null ? `(${why!.slice(0, 80)})` : met ? 'yes' : 'no',
    ]),
  )}`;
}
