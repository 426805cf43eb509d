import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Form } from '../load/mcp-request.ts'
import { nodeBinary } from '../process/node-binary.ts'
import type { Launch, Prepared, PrepareOptions, Subject } from './subject.ts'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The tools of the quickstart over stdio, as a desktop client starts them. */
export const launchQuickstart: Launch = {
  args: [main, 'serve', '--stdio', join(root, 'examples/quickstart/tools')],
  directory: root,
}

const ANNOUNCE = `
export const announce = defineTool({
  name: 'announce',
  scopes: ['numbers:add'],
  run: (_input, { notify }) => {
    notify.toolsChanged()
    return 'announced'
  },
})
`

/** Toolgate as it is built and started by its own command, with every guard on. */
export const toolgate: Subject = createToolgateSubject('toolgate', 'modern')

/** The same, asked as a client of the legacy era does. */
export const toolgateSession: Subject = createToolgateSubject('toolgate-session', 'session')

/** The same with a tool that announces a change, for streams of either era. */
export const toolgateListen: Subject = createToolgateSubject('toolgate', 'modern', ANNOUNCE)
export const toolgateStream: Subject = createToolgateSubject('toolgate-session', 'session', ANNOUNCE)

function createToolgateSubject(name: string, form: Form, furtherTools = ''): Subject {
  return {
    name,
    isPeer: false,
    form,
    servedBy:
      '`toolgate serve`: API key, role, rate limits, gate, breaker, validation, deadline, masking, strict audit trail, log line',
    prepare: (options) => prepareToolgate(form, options, furtherTools),
  }
}

async function prepareToolgate(
  form: Form,
  { tools, port, directory }: PrepareOptions,
  furtherTools: string,
): Promise<Prepared> {
  const config = join(directory, 'toolgate.yaml')
  await mkdir(join(directory, 'tools'))
  await writeFile(join(directory, 'tools/tools.ts'), toToolsFile(tools) + furtherTools)
  await writeFile(config, toConfig(port))
  const key = await createKey(config)
  return {
    // One line a call goes to a real file, as an operator would have it.
    launch: { args: [main, 'serve', '--config', config], directory, logTo: join(directory, 'log.jsonl') },
    target: { port, path: '/mcp', form, legacyVersion: '2025-11-25', headers: { authorization: `Bearer ${key}` } },
  }
}

/** JSON is YAML: nothing needs quoting. The limits are out of the load's reach, but counted on every call. */
function toConfig(port: number): string {
  return JSON.stringify({
    name: 'bench',
    version: '1.0.0',
    server: {
      port,
      maxStreams: 100_000,
      maxStreamsPerPrincipal: 100_000,
      sessions: { max: 100_000, maxPerPrincipal: 100_000 },
    },
    connectors: [{ name: 'tools', type: 'typescript', path: './tools' }],
    access: {
      roles: { caller: { scopes: ['numbers:add'], allow: [{ connector: 'tools' }], deny: [{ name: '*_delete' }] } },
    },
    limits: { callsPerMinute: 10_000_000, burst: 10_000_000 },
    log: { level: 'info' },
  })
}

async function createKey(config: string): Promise<string> {
  const args = [main, 'keys', 'new', '--name', 'bench', '--role', 'caller', '--config', config]
  const { stdout } = await promisify(execFile)(nodeBinary, args)
  const key = /tg_[0-9A-Za-z_]+/.exec(stdout)?.[0]
  if (key === undefined) throw new Error('`toolgate keys new` printed no key')
  return key
}

function toToolsFile(count: number): string {
  const definitions = Array.from({ length: count }, (_, index) => {
    const isLast = index === count - 1
    return `
export const tool${index} = defineTool({
  name: '${isLast ? 'add' : `add_${index + 1}`}',
  description: 'Adds two numbers${isLast ? '' : `, variant ${index + 1}`}.',
  scopes: ['numbers:add'],
  input: z.object({ a: z.number().describe('First number'), b: z.number().describe('Second number') }),
  output: z.object({ sum: z.number().describe('The sum of both') }),
  run: ({ a, b }) => ({ sum: a + b }),
})
`
  })
  return `import { defineTool } from 'toolgate'\nimport { z } from 'zod'\n${definitions.join('')}`
}
