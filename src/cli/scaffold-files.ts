/** A file of a new server. */
export interface ScaffoldFile {
  /** Relative to the folder of the server, with slashes. */
  readonly path: string
  readonly text: string
}

/** The files that `toolgate init` writes: a server whose one tool tells the date. */
export function scaffoldFiles(name: string, version: string): readonly ScaffoldFile[] {
  return [
    { path: 'toolgate.yaml', text: configText(name) },
    { path: 'tools/get-current-date.ts', text: TOOL },
    { path: 'test/get-current-date.test.ts', text: TEST },
    { path: 'README.md', text: readmeText(name) },
    { path: 'package.json', text: packageText(name, version) },
    { path: 'tsconfig.json', text: TSCONFIG },
    { path: '.gitignore', text: 'node_modules/\n.toolgate/\n.env\n' },
  ]
}

function configText(name: string): string {
  return `# What this server offers and who may use it. \`toolgate check\` reports mistakes.
name: ${JSON.stringify(name)}
version: 0.1.0

connectors:
  - name: tools
    type: typescript
    path: ./tools

access:
  roles:
    # What holders of this role may call; nothing else exists for them.
    user:
      allow:
        - connector: tools
  # Roles of whoever starts the server over stdio or runs \`toolgate call\`.
  local:
    roles: [user]
`
}

/** The tool of examples/quickstart; a test holds the two equal. */
const TOOL = `import { defineTool, UserError } from 'toolgate'
import { z } from 'zod'

const DEFAULT_TIMEZONE = process.env.DEFAULT_TIMEZONE ?? 'UTC'

export const getCurrentDate = defineTool({
  name: 'get_current_date',
  title: 'Current date',
  description: 'Returns the current date and time in ISO 8601.',
  input: z.object({
    timezone: z.string().max(64).default(DEFAULT_TIMEZONE).describe('IANA time zone, such as Europe/Berlin.'),
  }),
  output: z.object({ date: z.string(), timezone: z.string() }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: ({ timezone }) => ({ date: toIsoDate(new Date(), timezone), timezone }),
})

function toIsoDate(now: Date, timeZone: string): string {
  try {
    const local = now.toLocaleString('sv-SE', { timeZone }).replace(' ', 'T')
    const [, offset] = now.toLocaleString('en-US', { timeZone, timeZoneName: 'longOffset' }).split('GMT')
    return local + (offset || 'Z')
  } catch {
    throw new UserError(\`"\${timeZone}" is not a time zone. Write its IANA name: Europe/Berlin, America/New_York, UTC.\`)
  }
}
`

const TEST = `import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createApp, loadConfig } from 'toolgate'

const config = await loadConfig('toolgate.yaml', { cwd: process.cwd(), env: process.env })
const app = await createApp(config, { writeLog: () => {} })
const client = app.connectInMemory()

after(() => app.close())

test('the date is told in the time zone that was asked for', async () => {
  const result = await client.request('tools/call', {
    name: 'get_current_date',
    arguments: { timezone: 'Asia/Kolkata' },
  })
  assert.match(JSON.stringify(result.structuredContent), /\\+05:30/)
})

test('an unknown time zone is refused with a sentence that says what to write', async () => {
  const result = await client.request('tools/call', { name: 'get_current_date', arguments: { timezone: 'Berlin' } })
  assert.equal(result.isError, true)
  assert.match(JSON.stringify(result.content), /Europe\\/Berlin/)
})
`

function readmeText(name: string): string {
  return `# ${name}

A Model Context Protocol server, run by Toolgate. \`toolgate.yaml\` says what is offered and who may use it; every file
in \`tools/\` that exports a \`defineTool\` is a tool.

\`\`\`sh
toolgate check                                    # is everything in order?
toolgate call get_current_date                    # call a tool as the local caller
toolgate call get_current_date --args '{"timezone":"Europe/Paris"}'
toolgate dev --fresh-key                          # serve over HTTP, reload on change, print what to paste into clients
toolgate keys new --name laptop --role user     # a key that lasts
toolgate serve                                    # serve over HTTP
toolgate serve --stdio                            # serve a client that starts the server itself
\`\`\`

Nothing has to be installed to run it. \`npm install\` brings the types to your editor, and \`npm test\` runs \`test/\`.
`
}

function packageText(name: string, version: string): string {
  return `${JSON.stringify(
    {
      name: packageName(name),
      version: '0.1.0',
      private: true,
      type: 'module',
      scripts: {
        dev: 'toolgate dev --fresh-key',
        start: 'toolgate serve',
        test: 'node --import tsx --test test/*.test.ts',
      },
      devDependencies: {
        toolgate: `^${version}`,
        tsx: '^4.0.0',
        typescript: '^6.0.0',
        '@types/node': '^20.0.0',
        zod: '^4.0.0',
      },
    },
    null,
    2,
  )}\n`
}

function packageName(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  // npm installs no package as a dependency of one of the same name.
  return plain === 'toolgate' || plain === '' ? 'toolgate-server' : plain
}

const TSCONFIG = `${JSON.stringify(
  {
    compilerOptions: {
      target: 'ES2023',
      lib: ['ES2023'],
      module: 'NodeNext',
      types: ['node'],
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      verbatimModuleSyntax: true,
      erasableSyntaxOnly: true,
      skipLibCheck: true,
    },
    include: ['tools', 'test'],
  },
  null,
  2,
)}\n`
