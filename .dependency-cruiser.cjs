// The rooms of ARCHITECTURE.md and what each may import. `npm run check` enforces it.

// room: [what it may import values and types from, what it may import types only from]
const rooms = {
  'src/o3/': [[], []],
  'src/graph/': [[], []],
  'src/data/': [[], []],
  'src/ops/': [['src/graph/', 'src/o3/', 'shaders/neighbours.ts$'], []],
  'src/gpu/': [['src/graph/', 'shaders/'], []],
  'src/nn/': [['src/ops/', 'src/graph/', 'src/o3/'], []],
  'src/models/': [['src/nn/', 'src/ops/', 'src/graph/', 'src/o3/'], ['src/data/']],
  'src/io/': [['src/data/', 'src/nn/', 'src/ops/', 'src/graph/', 'src/o3/'], []],
  'src/checks/': [
    ['src/compile.ts$', 'src/gpu/', 'src/models/', 'src/nn/', 'src/ops/', 'src/graph/', 'src/o3/'],
    ['src/data/'],
  ],
  'src/training/': [
    [
      'src/compile.ts$',
      'src/gpu/',
      'src/io/',
      'src/models/',
      'src/nn/',
      'src/ops/',
      'src/graph/',
      'src/o3/',
      'src/data/',
    ],
    [],
  ],
  'src/dynamics/': [
    [
      'src/compile.ts$',
      'src/gpu/',
      'src/models/',
      'src/nn/',
      'src/ops/',
      'src/graph/',
      'src/o3/',
      'src/data/',
    ],
    [],
  ],
  'src/compile.ts$': [['src/graph/', 'src/gpu/', 'src/ops/'], ['shaders/']],
  'shaders/': [[], []],
  'demo/': [['src/index.ts$', 'node_modules/gl-matrix/', 'node_modules/d3-(array|shape)/'], []],
};

// Command-line programs (demo/tetris/cli.ts) run in Node and open a runtime of test/support.
const CLI = '/cli.ts$';

const anyOf = (paths) => `^(${paths.join('|')})`;
const rules = Object.entries(rooms).flatMap(([room, [values, types]]) => [
  {
    name: `${room} imports`,
    comment: `${room} may import ${[...values, ...types.map((t) => `types of ${t}`)].join(', ') || 'nothing outside'}`,
    severity: 'error',
    from: { path: `^${room}`, pathNot: CLI },
    to: { pathNot: anyOf([room, ...values, ...types]) },
  },
  {
    name: `${room} imports of types`,
    comment: `${room} may import only types from ${types.join(', ')}`,
    severity: 'error',
    from: { path: `^${room}` },
    to: { path: anyOf(types), dependencyTypesNot: ['type-only'] },
  },
]);

module.exports = {
  forbidden: [
    {
      name: 'no cycles',
      severity: 'error',
      from: {},
      // A cycle through an `import type` is none at run time, but it is one for whoever reads the files.
      to: { circular: true },
    },
    {
      name: 'everything resolves',
      severity: 'error',
      // The page for another benchmark stands among that one's files when it is used.
      from: { pathNot: '^test/bench/peers/' },
      to: { couldNotResolve: true, pathNot: '^virtual:' },
    },
    {
      name: 'a demo page imports shared and itself',
      comment:
        'demo/PAGE may import demo/shared and its own folder, no other page; the reference reads the elements of all',
      severity: 'error',
      from: { path: '^demo/(?!shared/|reference/)([^/]+)/' },
      to: { path: '^demo/', pathNot: '^demo/(shared|$1)/' },
    },
    {
      name: 'nothing else at run time',
      comment: 'the package has no dependencies',
      severity: 'error',
      from: { path: '^(src|shaders)/' },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'core'],
      },
    },
    {
      name: 'tests are not imported',
      severity: 'error',
      from: { path: '^(src|shaders|demo)/', pathNot: CLI },
      to: { path: '^test/' },
    },
    ...rules.filter((rule) => rule.to.path !== anyOf([])),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^test/fixtures/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
