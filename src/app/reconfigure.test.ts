import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Config } from '../config/config.ts'
import { defaultConfig } from '../config/default-config.ts'
import type { Observation } from '../observe/observation.ts'
import type { App, AppOptions } from './app.ts'
import { createApp } from './create-app.ts'

let directory: string
let apps: App[]
let observed: Observation[]
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'toolgate-reconfigure-'))
  apps = []
  observed = []
})
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()))
  rmSync(directory, { recursive: true, force: true })
})

/** A folder of tools that each answer with its name; `held` first waits until it is told to go on. */
function writeTools(folder: string, names: readonly string[]): void {
  mkdirSync(join(directory, folder))
  const tools = names.map(
    (name) => `export const ${name} = defineTool({
      name: '${name}',
      description: 'Answers.',
      run: async () => {
        if ('${name}' === 'held') await globalThis.toolgateTestHold()
        return '${folder}'
      },
    })`,
  )
  writeFileSync(join(directory, folder, 'tools.mjs'), ["import { defineTool } from 'toolgate'", ...tools].join('\n'))
}

function config(folders: readonly string[], more: Partial<Config> = {}): Config {
  const base = defaultConfig({
    connectors: folders.map((name) => ({ name, type: 'typescript' as const, path: join(directory, name) })),
    directory,
  })
  return { ...base, server: { ...base.server, port: 0 }, ...more }
}

async function start(given: Config, options: AppOptions = {}): Promise<App> {
  const app = await createApp(given, { writeLog: () => {}, observer: (each) => observed.push(each), ...options })
  apps.push(app)
  return app
}

const offered = (app: App): readonly string[] => app.catalog.tools.map(({ name }) => name)

async function callText(app: App, name: string): Promise<unknown> {
  const result = await app.connectInMemory().request('tools/call', { name, arguments: {} })
  return (result as { content: { text?: string }[] }).content[0]?.text
}

describe('a new configuration', () => {
  it('is taken over in one step: connectors, roles, limits and the name', async () => {
    writeTools('one', ['first'])
    writeTools('two', ['second'])
    const app = await start(config(['one']))
    const report = await app.reconfigure(config(['two'], { name: 'renamed' }))
    expect(report).toEqual({ added: ['second'], removed: ['first'], needRestart: [] })
    expect(offered(app)).toEqual(['second'])
    expect(app.config.name).toBe('renamed')
    expect(await callText(app, 'second')).toBe('two')
    expect(observed).toContainEqual({
      type: 'config.changed',
      message: 'The configuration was taken over',
      details: { added: ['second'], removed: ['first'], needRestart: [] },
    })
  })

  it('does not touch calls that run: they end in the connector they began in', async () => {
    writeTools('one', ['held'])
    writeTools('two', ['second'])
    let release: () => void = () => {}
    const begun = new Promise<void>((resolve) => {
      const held = new Promise<void>((go) => {
        release = go
      })
      Object.assign(globalThis, {
        toolgateTestHold: () => {
          resolve()
          return held
        },
      })
    })
    const app = await start(config(['one']))
    const call = callText(app, 'held')
    await begun
    await app.reconfigure(config(['two']))
    expect(offered(app)).toEqual(['second'])
    release()
    expect(await call).toBe('one')
  })

  it('that cannot be served changes nothing', async () => {
    writeTools('one', ['first'])
    mkdirSync(join(directory, 'broken'))
    writeFileSync(join(directory, 'broken', 'tools.mjs'), 'export const broken = {{')
    const app = await start(config(['one']))
    await expect(app.reconfigure(config(['one', 'broken'], { name: 'renamed' }))).rejects.toMatchObject({
      code: 'CONNECTOR_FAILED',
    })
    expect(app.config.name).not.toBe('renamed')
    expect(offered(app)).toEqual(['first'])
    expect(await callText(app, 'first')).toBe('one')
  })

  it('that would let nobody in over HTTP is refused while the server listens', async () => {
    writeTools('one', ['first'])
    const open = config(['one'])
    const access = { ...open.access, anonymous: { roles: Object.keys(open.access.roles) } }
    const app = await start({ ...open, access })
    const { url } = await app.listen()
    await expect(app.reconfigure(config(['one']))).rejects.toMatchObject({ code: 'NOT_CONFIGURED' })
    expect((await fetch(url, { method: 'POST' })).status).toBe(415)
  })

  it('holds for the next request: whoever is let in no more is refused', async () => {
    writeTools('one', ['first'])
    const base = config(['one'])
    const anonymous = { ...base.access, anonymous: { roles: Object.keys(base.access.roles) } }
    const { newApiKey } = await import('./keys/make-key.ts')
    const key = await newApiKey(base, { name: 'k', roles: Object.keys(base.access.roles) })
    const app = await start({ ...base, access: anonymous }, { keys: [key.stored] })
    const { url } = await app.listen()
    expect((await fetch(url, { method: 'POST' })).status).toBe(415)
    await app.reconfigure(base)
    expect((await fetch(url, { method: 'POST' })).status).toBe(401)
  })

  it('tells which of its options hold from the next start on, and keeps the old ones until then', async () => {
    writeTools('one', ['first'])
    const before = config(['one'])
    const app = await start(before)
    const after = { ...before, server: { ...before.server, pageSize: 7, port: 1 } }
    expect((await app.reconfigure(after)).needRestart).toEqual(['server.port', 'server.pageSize'])
    expect(app.config.server).toEqual(before.server)
  })

  it('tells every client that it may see other names, when roles change', async () => {
    writeTools('one', ['first'])
    const before = config(['one'])
    const app = await start(before)
    const peer = app.connectInMemory(undefined, { era: 'legacy' })
    const heard: string[] = []
    peer.onNotification((method) => heard.push(method))
    await peer.request('tools/list')
    const [role = ''] = Object.keys(before.access.roles)
    const roles = { [role]: { scopes: [], allow: [], deny: [] } }
    await app.reconfigure({ ...before, access: { ...before.access, roles } })
    expect((await peer.request('tools/list')).tools).toEqual([])
    expect(heard).toContain('notifications/tools/list_changed')
  })

  it('leaves used up what callers have used up of a limit that stays the same', async () => {
    writeTools('one', ['first'])
    const base = config(['one'])
    const limits = { ...base.limits, callsPerMinute: 1, burst: 1 }
    const access = { ...base.access, anonymous: { roles: Object.keys(base.access.roles) } }
    const app = await start({ ...base, access, limits })
    const { url } = await app.listen()
    const call = async (): Promise<number> => {
      const { status } = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'tools/call',
          'mcp-name': 'first',
        },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: {
            name: 'first',
            arguments: {},
            _meta: {
              'io.modelcontextprotocol/protocolVersion': '2026-07-28',
              'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1.0.0' },
              'io.modelcontextprotocol/clientCapabilities': {},
            },
          },
        }),
      })
      return status
    }
    expect(await call()).toBe(200)
    await app.reconfigure({ ...base, access, limits, name: 'renamed' })
    expect(await call()).toBe(429)
  })
})
