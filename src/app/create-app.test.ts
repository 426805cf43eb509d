import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { linesOfTrail, readTrail } from '../../test/fixtures/audit.ts'
import { type Definition, defineResource, defineTool } from '../capabilities/definition.ts'
import type { Config } from '../config/config.ts'
import { defaultConfig } from '../config/default-config.ts'
import type { Connector, Offered } from '../connectors/connector.ts'
import { ToolgateError } from '../errors.ts'
import type { App, AppOptions } from './app.ts'
import { createApp } from './create-app.ts'
import { newApiKey } from './keys/make-key.ts'

const tool = (name: string, more: object = {}): Definition =>
  defineTool({ name, description: name, run: () => name, ...more })

/** A connector whose source is an array. */
function arrayConnector(name: string, definitions: Definition[]) {
  let announce: ((offered: readonly Offered[]) => void) | undefined
  let isClosed = false
  const offered = (): Offered[] => definitions.map((definition) => ({ definition, source: `${name}.ts` }))
  const connector: Connector = {
    name,
    connect: async () => offered(),
    reload: async () => offered(),
    onChange: (listener) => {
      announce = listener
      return () => (announce = undefined)
    },
    close: async () => {
      isClosed = true
    },
  }
  return { connector, definitions, change: () => announce?.(offered()), isClosed: () => isClosed }
}

let directory: string
let apps: App[]
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'toolgate-app-'))
  apps = []
})
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()))
  rmSync(directory, { recursive: true, force: true })
})

function config(more: Partial<Config> = {}): Config {
  const base = defaultConfig({ connectors: [], directory })
  return { ...base, server: { ...base.server, port: 0 }, ...more }
}

async function start(
  connectors: readonly Connector[],
  given: Config = config(),
  options: AppOptions = {},
): Promise<App> {
  const app = await createApp(given, { writeLog: () => {}, connectors, ...options })
  apps.push(app)
  return app
}

const failureOf = (promise: Promise<unknown>): Promise<ToolgateError> =>
  promise.then(
    () => Promise.reject(new Error('did not fail')),
    (error: ToolgateError) => error,
  )

describe('an app', () => {
  it('does not start with two capabilities of one name; both owners are named', async () => {
    const failed = await failureOf(
      start([arrayConnector('a', [tool('same')]).connector, arrayConnector('b', [tool('same')]).connector]),
    )
    expect(failed.code).toBe('NAME_COLLISION')
    expect(failed.message).toContain('a (a.ts)')
    expect(failed.message).toContain('b (b.ts)')
  })

  it('tells every definition that is wrong and every connector that failed, and lets go of the others', async () => {
    const wrong = await failureOf(
      start([arrayConnector('a', [tool('not a name'), tool('constructor'), tool('fine')]).connector]),
    )
    expect(wrong.code).toBe('DEFINITION_INVALID')
    expect(wrong.message).toMatch(/"not a name"[\s\S]*"constructor"/)
    const fine = arrayConnector('fine', [tool('fine')])
    const failing = (name: string): Connector => ({
      name,
      connect: () => Promise.reject(new ToolgateError({ code: 'CONNECTOR_FAILED', message: `${name} is down` })),
      close: async () => {},
    })
    const down = await failureOf(start([failing('crm'), fine.connector, failing('erp')]))
    expect(down.message).toMatch(/crm is down[\s\S]*erp is down/)
    expect(fine.isClosed()).toBe(true)
  })

  it('serves a change in one step, tells whoever listens, and keeps the old catalog when the new one is broken', async () => {
    const source = arrayConnector('a', [tool('one')])
    const app = await start([source.connector])
    const peer = app.connectInMemory(undefined, { era: 'legacy' })
    const heard: string[] = []
    peer.onNotification((method) => heard.push(method))
    const names = async () => ((await peer.request('tools/list')).tools as { name: string }[]).map(({ name }) => name)
    expect(await names()).toEqual(['one'])
    source.definitions.push(tool('two'))
    expect(await app.reload()).toEqual({ added: ['two'], removed: [] })
    expect(await names()).toEqual(['one', 'two'])
    expect(heard).toEqual(['notifications/tools/list_changed'])
    source.definitions.push(tool('two'))
    expect((await failureOf(app.reload())).code).toBe('NAME_COLLISION')
    source.change()
    expect(await names()).toEqual(['one', 'two'])
    source.definitions.splice(0, 3, defineResource({ name: 'r', uri: 'db://r', read: () => 'r' }))
    source.change()
    expect(await names()).toEqual([])
    expect(heard.slice(1).sort()).toEqual(['notifications/resources/list_changed', 'notifications/tools/list_changed'])
  })

  it('tells of a change only those who may see something of it, before or after', async () => {
    const source = arrayConnector('a', [tool('open_one'), tool('secret_one')])
    const base = config()
    const roles = {
      open: { scopes: [], allow: [{ name: 'open_*' }], deny: [] },
      all: { scopes: [], allow: [{ name: '*' }], deny: [] },
    }
    const app = await start([source.connector], { ...base, access: { ...base.access, roles } })
    const listen = async (role: string, era: 'legacy' | 'modern'): Promise<string[]> => {
      const peer = app.connectInMemory({ id: role, name: role, kind: 'local', roles: [role] }, { era })
      const heard: string[] = []
      peer.onNotification((method) => method.endsWith('list_changed') && heard.push(method))
      if (era === 'legacy') await peer.request('tools/list')
      else void peer.request('subscriptions/listen', { notifications: { toolsListChanged: true } }).catch(() => {})
      return heard
    }
    const [few, fewModern] = [await listen('open', 'legacy'), await listen('open', 'modern')]
    const [all, allModern] = [await listen('all', 'legacy'), await listen('all', 'modern')]
    const reload = async (): Promise<readonly number[]> => {
      await app.reload()
      return [few, fewModern, all, allModern].map(({ length }) => length)
    }
    source.definitions.push(tool('secret_two'))
    expect(await reload()).toEqual([0, 0, 1, 1])
    source.definitions.splice(1, 1)
    expect(await reload()).toEqual([0, 0, 2, 2])
    source.definitions.splice(0, 1, tool('open_one', { title: 'New' }))
    expect(await reload()).toEqual([1, 1, 3, 3])
    source.definitions.splice(0, 1)
    expect(await reload()).toEqual([2, 2, 4, 4])
  })

  it('is not served over HTTP while nobody could be let in', async () => {
    const app = await start([arrayConnector('a', [tool('one')]).connector])
    const failed = await failureOf(app.listen())
    expect([failed.code, failed.hint]).toEqual(['NOT_CONFIGURED', expect.stringContaining('toolgate keys new')])
  })

  it('lets a key in as what it is, and nobody else', async () => {
    const given = config()
    const { text, stored } = await newApiKey(given, { name: 'ci', roles: ['user'] })
    const app = await start([arrayConnector('a', [tool('one')]).connector], given, { keys: [stored] })
    const { url } = await app.listen()
    const call = (authorization?: string) =>
      fetch(url, {
        method: 'POST',
        headers: {
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'tools/call',
          'mcp-name': 'one',
          ...(authorization === undefined ? {} : { authorization }),
        },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: {
            name: 'one',
            _meta: {
              'io.modelcontextprotocol/protocolVersion': '2026-07-28',
              'io.modelcontextprotocol/clientCapabilities': {},
            },
          },
        }),
      })
    expect((await call()).status).toBe(401)
    expect((await call(`Bearer ${text.slice(0, -1)}x`)).status).toBe(401)
    const answer = await call(`Bearer ${text}`)
    expect(await answer.json()).toMatchObject({ result: { content: [{ text: 'one' }] } })
    await app.close()
    const records = readTrail(given.audit.directory)
    const trail = linesOfTrail(given.audit.directory).join('\n')
    expect(records.map(({ event }) => event)).toEqual([
      'checkpoint',
      'lifecycle.started',
      'auth.refused',
      'auth.refused',
      'subject.introduced',
      'call.decided',
      'call.completed',
      'lifecycle.stopped',
      'checkpoint',
    ])
    expect(records[6]).toMatchObject({ name: 'one', roles: ['user'], decision: 'permit', status: 'ok' })
    for (const secret of [text.slice(20), stored.id, '"ci"']) expect(trail).not.toContain(secret)
  })

  it('lets everybody in on loopback alone', async () => {
    const given = config()
    const open = { ...given, access: { ...given.access, anonymous: { roles: ['user'] } } }
    const app = await start([arrayConnector('a', [tool('one')]).connector], open)
    expect((await failureOf(app.listen({ host: '0.0.0.0' }))).code).toBe('NOT_CONFIGURED')
    expect((await app.listen({ host: '127.0.0.1' })).url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/mcp$/)
  })

  it('says in one line that its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as AddressInfo
    const given = config()
    const open = { ...given, access: { ...given.access, anonymous: { roles: ['user'] } } }
    const app = await start([], open)
    const failed = await failureOf(app.listen({ port }))
    expect([failed.code, failed.message]).toEqual([
      'ADDRESS_IN_USE',
      `Port ${port} on 127.0.0.1 is taken by another process.`,
    ])
    other.close()
  })

  it('does not serve stdio to a caller whom the configuration does not name', async () => {
    const given = config()
    const { local: _, ...nobody } = given.access
    const app = await start([arrayConnector('a', [tool('scoped', { scopes: ['x'] })]).connector], {
      ...given,
      access: nobody,
    })
    const failed = await failureOf(app.serveStdio())
    expect([failed.code, failed.hint]).toEqual(['NOT_CONFIGURED', expect.stringContaining('access.local')])
  })

  it('gives a caller in the same process what the local role allows', async () => {
    const app = await start([arrayConnector('a', [tool('open'), tool('scoped', { scopes: ['crm:write'] })]).connector])
    const peer = app.connectInMemory()
    expect(((await peer.request('tools/list')).tools as object[]).length).toBe(1)
    await expect(peer.request('tools/call', { name: 'scoped' })).rejects.toMatchObject({
      code: -31403,
      data: { code: 'FORBIDDEN', missingScopes: ['crm:write'] },
    })
    const nobody = app.connectInMemory({ id: 'x', name: 'x', kind: 'local', roles: [] })
    await expect(nobody.request('tools/call', { name: 'open' })).rejects.toMatchObject({ code: -32602 })
  })

  it('ends once, however often it is asked to', async () => {
    const source = arrayConnector('a', [tool('one')])
    const app = await start([source.connector])
    await Promise.all([app.close(), app.close()])
    await app.close()
    expect(source.isClosed()).toBe(true)
  })
})
