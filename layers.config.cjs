/**
 * Who may import whom. `layers` is the table; the rules below are made from it, and so is the picture in
 * ARCHITECTURE.md (scripts/draw-layers.ts). dependency-cruiser reads the rules; test/architecture.test.ts plants
 * violations to prove that each of them bites.
 *
 * `imports` names folders (`edge/`) and single files (`errors.ts`) under src/; `*` stands for one path segment.
 * `packages` names the npm packages whose code may be loaded; a folder may always import itself and Node's own modules,
 * and its `options.ts` may load zod.
 */
const layers = [
  { path: 'error-table.ts', job: 'every failure a caller can see: the table', imports: [], packages: [] },
  { path: 'errors.ts', job: 'what is thrown', imports: ['error-table.ts'], packages: [] },
  { path: 'nearest-spelling.ts', job: 'the word that a misspelt one was meant to be', imports: [], packages: [] },
  {
    path: 'sanitize/',
    job: 'takes secrets and personal data out of what is shown and logged',
    imports: [],
    packages: [],
  },
  {
    path: 'observe/',
    job: 'what happened: observations, the log, metrics',
    imports: ['sanitize/', 'error-table.ts', 'errors.ts'],
    packages: ['pino'],
  },
  {
    path: 'capabilities/',
    job: 'what can be called: tools, resources, prompts, the catalog',
    imports: ['errors.ts'],
    packages: ['ajv', 'zod'],
  },
  {
    path: 'storage/',
    job: 'what must last beside the trail: API keys, tasks, usage, sessions, keys of subjects',
    imports: ['observe/sketch.ts', 'errors.ts'],
    packages: ['libsql'],
  },
  {
    path: 'usage/',
    job: 'who uses what: calls added up by the minute',
    imports: ['storage/usage-store.ts', 'observe/'],
    packages: [],
  },
  {
    path: 'audit/',
    job: 'the trail of calls: records, chains, checkpoints, verifying',
    imports: ['storage/subject-key-store.ts', 'observe/', 'errors.ts'],
    packages: [],
  },
  {
    path: 'identity/',
    job: 'who is calling: principals, API keys, access tokens',
    imports: ['storage/key-store.ts', 'storage/replay-store.ts', 'observe/', 'errors.ts'],
    packages: ['jose'],
  },
  {
    path: 'authorization-server/',
    job: 'signs users in and issues tokens, for those who have no identity provider',
    imports: [
      'identity/failure-limiter.ts',
      'storage/oauth-store.ts',
      'storage/user-store.ts',
      'observe/',
      'error-table.ts',
      'errors.ts',
    ],
    packages: ['oidc-provider', '@node-rs/argon2'],
  },
  {
    path: 'connectors/',
    job: 'where capabilities come from',
    imports: ['capabilities/', 'nearest-spelling.ts', 'errors.ts'],
    packages: ['esbuild', 'libpg-query', 'libsql', 'mysql2', 'pg', 'tedious', 'yaml', 'zod'],
  },
  {
    path: 'pipeline/',
    job: 'the guards a call passes, in order',
    imports: [
      'capabilities/',
      'nearest-spelling.ts',
      'identity/principal.ts',
      'audit/audit-trail.ts',
      'storage/recall-store.ts',
      'sanitize/',
      'audit/audit-record.ts',
      'audit/subjects.ts',
      'audit/options.ts',
      'observe/',
      'error-table.ts',
      'errors.ts',
    ],
    packages: ['@bufbuild/cel', '@bufbuild/re2'],
  },
  {
    path: 'edge/',
    job: 'MCP on the wire: both eras, HTTP, stdio, in memory',
    imports: [
      'pipeline/',
      'capabilities/',
      'identity/',
      'storage/session-records.ts',
      'storage/task-store.ts',
      'observe/',
      'error-table.ts',
      'errors.ts',
    ],
    packages: [],
  },
  {
    path: 'config/',
    job: 'reads, checks and explains the configuration',
    imports: ['nearest-spelling.ts', 'errors.ts', '*/options.ts', '*/*/options.ts'],
    packages: ['yaml', 'zod'],
  },
  {
    path: 'app/',
    job: 'wires everything together; starts, reloads, stops it',
    imports: [
      'config/',
      'edge/',
      'pipeline/',
      'connectors/',
      'identity/',
      'authorization-server/',
      'audit/',
      'usage/',
      'storage/',
      'capabilities/',
      'sanitize/',
      'observe/',
      'errors.ts',
    ],
    packages: [],
  },
  {
    path: 'index.ts',
    job: 'the public API',
    imports: [
      'app/',
      'config/',
      'edge/memory/connect-in-memory.ts',
      'connectors/connector.ts',
      'identity/principal.ts',
      'capabilities/',
      'error-table.ts',
      'errors.ts',
    ],
    packages: [],
  },
  {
    path: 'cli/',
    job: 'the command line',
    imports: ['app/', 'config/', 'nearest-spelling.ts', 'error-table.ts', 'errors.ts'],
    packages: ['yaml'],
  },
  {
    path: 'testkit/',
    job: 'contract suites, published for others',
    imports: [
      'pipeline/rate-counters.ts',
      'connectors/',
      'identity/',
      'storage/',
      'audit/',
      'capabilities/',
      'observe/sketch.ts',
      'error-table.ts',
      'errors.ts',
    ],
    packages: [],
  },
]

const escapeForRegExp = (text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '[^/]+')

/** `edge/` is everything under it, `errors.ts` that file alone. */
const pattern = (path) => (path.endsWith('/') ? `^src/${escapeForRegExp(path)}` : `^src/${escapeForRegExp(path)}$`)

/** A package in node_modules, wherever npm has put it. */
const packagePattern = (name) => `node_modules/${escapeForRegExp(name)}/`

const TEST = '\\.test\\.ts$'
const OPTIONS = '/options\\.ts$'
const NPM = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown', 'npm-bundled']

const folderRules = layers.map(({ path, imports }) => ({
  name: `layer: ${path}`,
  comment: `src/${path} may import ${imports.length === 0 ? 'nothing' : imports.join(', ')}.`,
  severity: 'error',
  from: { path: pattern(path), pathNot: TEST },
  to: { path: '^src/', pathNot: [path, ...imports].map(pattern) },
}))

const packageRules = layers.map(({ path, packages }) => ({
  name: `packages: ${path}`,
  comment: `src/${path} may load ${packages.length === 0 ? 'no package' : packages.join(', ')}.`,
  severity: 'error',
  from: { path: pattern(path), pathNot: [TEST, OPTIONS] },
  to: { dependencyTypes: NPM, dependencyTypesNot: ['type-only'], pathNot: packages.map(packagePattern) },
}))

const generalRules = [
  {
    name: 'options are schemas',
    comment: 'A folder says what may be configured with zod and with nothing else.',
    severity: 'error',
    from: { path: OPTIONS },
    to: { dependencyTypes: NPM, dependencyTypesNot: ['type-only'], pathNot: packagePattern('zod') },
  },
  {
    name: 'connectors are strangers',
    comment:
      'A connector folder never imports another one; what two of them need lies beside them, of databases in sql/.',
    severity: 'error',
    from: { path: '^src/connectors/([^/]+)/', pathNot: TEST },
    to: { path: '^src/connectors/[^/]+/', pathNot: ['^src/connectors/$1/', '^src/connectors/sql/'] },
  },
  {
    name: 'no cycles',
    comment: 'Values never go round in a circle; types may.',
    severity: 'error',
    from: { pathNot: TEST },
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
  {
    name: 'tests are leaves',
    comment: 'Nothing imports a test.',
    severity: 'error',
    from: {},
    to: { path: TEST },
  },
  {
    name: 'everything resolves',
    comment: 'An import that cannot be followed is an edge that no rule sees.',
    severity: 'error',
    from: { path: '^src/' },
    to: { couldNotResolve: true },
  },
]

module.exports = {
  forbidden: [...folderRules, ...packageRules, ...generalRules],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'require', 'default', 'types'],
    },
  },
}

// dependency-cruiser checks the shape of what it reads, so the table travels where it does not look.
Object.defineProperty(module.exports, 'layers', { value: layers, enumerable: false })
