/**
 * The import gate: which package may import which others of ours. The table is that of the design, line by line; a
 * package that is not in it may import nothing of ours.
 */
const MAY_IMPORT = {
  'apps/front-door': ['protocol', 'resilience', 'service', 'broker', 'dispatch', 'security', 'state'],
  'apps/worker': ['protocol', 'resilience', 'service', 'broker', 'security', 'state', 'toolkit', 'upstreams'],
  'apps/cli': ['protocol', 'service', 'broker', 'security', 'client', 'upstreams'],
  'apps/create-millrace': ['service', 'toolkit'],
  // A plugin, as anybody outside may write it.
  'apps/example-database': ['toolkit'],
  'libs/protocol': [],
  'libs/resilience': [],
  'libs/service': [],
  'libs/broker': ['protocol', 'service'],
  'libs/dispatch': ['protocol', 'resilience', 'service', 'broker'],
  'libs/security': ['protocol', 'service'],
  'libs/state': ['service'],
  'libs/toolkit': ['protocol', 'resilience', 'state'],
  'libs/upstreams': ['protocol', 'service', 'toolkit'],
  'libs/client': ['protocol', 'service', 'broker', 'dispatch', 'security'],
};

const SOURCE = '^(apps|libs)/[^/]+/src/';
/** Tests, and what only tests of a package share. */
const TESTS = '(\\.test\\.ts$|/src/testing/)';
const PACKAGES = Object.keys(MAY_IMPORT).join('|');

const mayImport = Object.entries(MAY_IMPORT).map(([name, allowed]) => ({
  name: `imports-of-${name}`,
  comment: `${name} may import ${allowed.join(', ') || 'nothing'} of ours`,
  severity: 'error',
  from: { path: `^${name}/`, pathNot: TESTS },
  to: { path: '^(apps|libs)/', pathNot: [`^${name}/`, ...allowed.map((lib) => `^libs/${lib}/`)] },
}));

const forbidden = [
  ...mayImport,
  {
    name: 'unlisted-package',
    comment: 'a new package needs a line in the table above',
    severity: 'error',
    from: { path: SOURCE, pathNot: `^(${PACKAGES})/` },
    to: { path: '.' },
  },
  {
    name: 'only-the-index-of-a-package',
    comment: 'what a package offers, its index.ts exports',
    severity: 'error',
    from: { path: '^((?:apps|libs)/[^/]+)/', pathNot: TESTS },
    to: {
      path: '^(apps|libs)/',
      pathNot: ['^$1/', '/src/index\\.ts$', '^libs/toolkit/src/testing-kit/index\\.ts$'],
    },
  },
  {
    name: 'redis-only-in-the-broker',
    comment: 'bullmq and ioredis stay behind the broker',
    severity: 'error',
    from: { path: SOURCE, pathNot: ['^libs/broker/', TESTS] },
    to: { path: '(^|/)node_modules/(bullmq|ioredis)/' },
  },
  {
    name: 'nobody-imports-a-main',
    comment: 'a main.ts is where a process begins',
    severity: 'error',
    from: {},
    to: { path: `${SOURCE}main\\.ts$` },
  },
  {
    name: 'unused-module',
    comment: 'every module is reached from a main.ts or an index.ts',
    severity: 'error',
    // The test kit is a second entrance of the toolkit.
    from: { path: `${SOURCE}(main|index|testing-kit/index)\\.ts$` },
    to: { path: SOURCE, pathNot: [TESTS, '/src/(main|index|testing-kit/index)\\.ts$'], reachable: false },
  },
  {
    name: 'nobody-imports-tests',
    severity: 'error',
    from: { path: '^(apps|libs)/', pathNot: TESTS },
    to: { path: ['^test/', TESTS] },
  },
  {
    name: 'not-declared',
    comment: 'a package is imported where package.json lists it under dependencies',
    severity: 'error',
    from: { path: SOURCE, pathNot: TESTS },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
  },
  { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  { name: 'not-found', severity: 'error', from: {}, to: { couldNotResolve: true } },
];

export default {
  forbidden,
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Types count too: a type of a package is a dependency on it.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
