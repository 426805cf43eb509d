import { fileURLToPath } from 'node:url'
import type { App } from '../app/app.ts'
import { holderOfKey } from '../app/keys/list-keys.ts'
import { clientSnippets, type Snippet, sampleArguments, snippetsText } from './client-snippets.ts'
import type { Invocation } from './command.ts'
import { countOffered, type FreshKey, type Serving } from './serving.ts'

/** What is told once a server listens. */
export interface Started {
  readonly app: App
  readonly url: string
  readonly keys: readonly FreshKey[]
  readonly serving: Serving
}

/** Tells where the server listens, the fresh key, and what to paste into clients. */
export async function printServing(invocation: Invocation, started: Started): Promise<void> {
  const { app, url, keys, serving } = started
  const [key] = keys
  const { terminal } = invocation
  const sandbox = serving.isSandbox ? { sandbox: true } : {}
  if (serving.asJson) {
    const fresh =
      key === undefined
        ? {}
        : { key: key.text, role: key.role, ...(keys.length > 1 ? { keys: keys.map(shownKey) } : {}) }
    terminal.out(`${JSON.stringify({ event: 'listening', name: app.config.name, url, ...sandbox, ...fresh })}\n`)
    return
  }
  terminal.out(`${app.config.name} ${app.config.version} listens on ${url}\n${countOffered(app)}\n`)
  if (key === undefined) terminal.out(`${entryHint(app, invocation.command.name)}\n`)
  else {
    for (const each of keys) terminal.out(`key${each.tenant === undefined ? '' : ` of ${each.tenant}`}: ${each.text}\n`)
    terminal.out(`${keysText(keys)}\n\n`)
    terminal.out(snippetsText(await snippets(started, key)))
  }
  terminal.out('\nCtrl+C ends it.\n')
}

function keysText(keys: readonly FreshKey[]): string {
  const roles = [...new Set(keys.map(({ role }) => role))].join(', ')
  return keys.length === 1
    ? `The key has the role ${roles} and ends with this process.`
    : `The keys have the role ${roles} and end with this process. What follows uses the first.`
}

function shownKey({ text, role, tenant }: FreshKey): object {
  return { key: text, role, ...(tenant === undefined ? {} : { tenant }) }
}

/** How somebody gets in, by what the configuration says. */
function entryHint({ config }: App, command: string): string {
  const { anonymous, oauth, certificates, keys } = config.access
  const ways = [
    ...(oauth?.embedded === undefined
      ? []
      : ['Users sign in here: `toolgate users invite NAME --role ROLE` adds one.']),
    ...(oauth?.issuers ?? []).map(({ issuer }) => `Clients come with access tokens of ${issuer}.`),
    ...(certificates === undefined ? [] : ['Clients come with certificates, as `access.certificates` says.']),
    ...(anonymous === undefined ? [] : [`A caller without a credential has: ${anonymous.roles.join(', ')}.`]),
  ]
  const makeKey = `\`toolgate keys new --name NAME --role ROLE\`, or \`toolgate ${command} --fresh-key ROLE\`.`
  if (ways.length === 0) return `A client needs a key: ${makeKey}`
  return [...ways, ...(keys.length > 0 ? ['Keys of the configuration let clients in, too.'] : [])].join('\n')
}

async function snippets({ app, url, serving }: Started, key: FreshKey): Promise<readonly Snippet[]> {
  return clientSnippets({
    name: app.config.name,
    url,
    key: key.text,
    stdio: stdioCommand(app, serving),
    tool: await firstTool(app, key),
  })
}

/** How to start this very program on the same configuration over stdio. */
function stdioCommand({ config }: App, { isSandbox }: Serving): readonly string[] {
  const main = new URL(import.meta.url.endsWith('.ts') ? './main.ts' : '../cli/main.js', import.meta.url)
  const program = [process.execPath, ...process.execArgv, fileURLToPath(main)]
  const target = config.file === undefined ? [config.directory] : ['--config', config.file]
  return [...program, 'serve', '--stdio', ...(isSandbox ? ['--sandbox'] : []), ...target]
}

/** A tool that the key may call, one without required arguments first. */
async function firstTool(app: App, { stored }: FreshKey): Promise<{ name: string; args: object } | undefined> {
  const peer = app.connectInMemory(holderOfKey(stored))
  const { tools } = (await peer.request('tools/list')) as { tools: readonly { name: string; inputSchema?: unknown }[] }
  peer.close()
  const offered = tools.map(({ name, inputSchema }) => ({ name, args: sampleArguments(inputSchema) }))
  return offered.find(({ args }) => Object.keys(args).length === 0) ?? offered[0]
}
