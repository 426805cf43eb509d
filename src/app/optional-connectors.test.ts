import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defineTool } from '../capabilities/definition.ts'
import type { Config } from '../config/config.ts'
import { defaultConfig } from '../config/default-config.ts'
import type { Connector, Offered } from '../connectors/connector.ts'
import type { Observation } from '../observe/observation.ts'
import type { App, AppOptions } from './app.ts'
import { createApp } from './create-app.ts'
import type { Pauses } from './retry-connecting.ts'

let directory: string
let app: App | undefined
let observed: Observation[]
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'toolgate-optional-'))
  observed = []
})
afterEach(async () => {
  await app?.close()
  app = undefined
  rmSync(directory, { recursive: true, force: true })
})

function writeTool(folder: string, name: string): void {
  mkdirSync(join(directory, folder))
  const text = `import { defineTool } from 'toolgate'
    export const it = defineTool({ name: '${name}', description: 'Answers.', run: () => '${name}' })`
  writeFileSync(join(directory, folder, 'tools.mjs'), text)
}

function config(folders: Readonly<Record<string, boolean>>, more: Partial<Config> = {}): Config {
  const connectors = Object.entries(folders).map(([name, required]) => ({
    name,
    type: 'typescript' as const,
    path: join(directory, name),
    required,
  }))
  const base = defaultConfig({ connectors, directory })
  const access = { ...base.access, anonymous: { roles: Object.keys(base.access.roles) } }
  return { ...base, access, server: { ...base.server, port: 0 }, ...more }
}

async function start(given: Config, options: AppOptions = {}): Promise<App> {
  app = await createApp(given, { writeLog: () => {}, observer: (each) => observed.push(each), ...options })
  return app
}

/** Pauses that end when the test says so. */
function heldPauses() {
  const asked: number[] = []
  let go: () => void = () => {}
  let tell: () => void = () => {}
  let begun = new Promise<void>((resolve) => (tell = resolve))
  const pauses: Pauses = {
    random: () => 0.999_999,
    wait: (ms, signal) =>
      new Promise((resolve) => {
        asked.push(Math.round(ms))
        go = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
        tell()
      }),
  }
  /** Waits for the next pause to begin. */
  const next = async (): Promise<void> => {
    await begun
    begun = new Promise((resolve) => (tell = resolve))
  }
  return { pauses, asked, next, end: () => go() }
}

const offered = (of: App): readonly string[] => of.catalog.tools.map(({ name }) => name)
const faults = (): readonly string[] => observed.flatMap((each) => (each.type === 'fault' ? [each.message] : []))

describe('a connector that is not required', () => {
  it('does not stop the start when it cannot connect, and is served with list_changed when it comes up', async () => {
    writeTool('here', 'first')
    const held = heldPauses()
    const running = await start(config({ here: true, late: false }), { pauses: held.pauses })
    expect(offered(running)).toEqual(['first'])
    expect(faults()).toEqual([expect.stringContaining('Connector late could not connect')])
    await held.next()
    held.end()
    await held.next()
    expect(offered(running)).toEqual(['first'])
    const heard = new Promise<void>((resolve) => {
      const peer = running.connectInMemory(undefined, { era: 'legacy' })
      void peer.request('tools/list').then(() => {
        peer.onNotification((method) => method === 'notifications/tools/list_changed' && resolve())
        writeTool('late', 'second')
        held.end()
      })
    })
    await heard
    expect(offered(running)).toEqual(['first', 'second'])
    await expect.poll(() => observed.filter(({ type }) => type === 'connector.connected')).toHaveLength(1)
  })

  it('is tried after pauses that double up to a minute', async () => {
    const held = heldPauses()
    await start(config({ late: false }), { pauses: held.pauses })
    for (let tries = 0; tries < 8; tries += 1) {
      await held.next()
      if (tries < 7) held.end()
    }
    expect(held.asked).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
    expect(faults()).toHaveLength(2)
  })

  it('is tried no more once the app is closed or a configuration leaves it out', async () => {
    writeTool('here', 'first')
    const held = heldPauses()
    const running = await start(config({ here: true, late: false }), { pauses: held.pauses })
    await held.next()
    await running.reconfigure(config({ here: true }))
    await running.reconfigure(config({ here: true, late: false }))
    await held.next()
    await running.close()
    writeTool('late', 'second')
    held.end()
    expect(held.asked).toEqual([1_000, 1_000])
    expect(offered(running)).toEqual(['first'])
  })

  it('is tried at once by a reload, and keeps its offer when it cannot be read again', async () => {
    const running = await start(config({ late: false }))
    writeTool('late', 'second')
    expect(await running.reload()).toEqual({ added: ['second'], removed: [] })
    rmSync(join(directory, 'late'), { recursive: true })
    expect(await running.reload()).toEqual({ added: [], removed: [] })
    expect(offered(running)).toEqual(['second'])
    expect(faults().at(-1)).toContain('Connector late could not be read again')
  })

  it('may be what a limit is for while it is missing', async () => {
    const base = config({ late: false })
    const rules = [{ select: { connector: 'late' }, callsPerMinute: 1 }] as unknown as Config['limits']['rules']
    await start({ ...base, limits: { ...base.limits, rules } })
  })
})

describe('a connector that is required', () => {
  it('stops the start, and a reload, when it cannot connect', async () => {
    writeTool('here', 'first')
    await expect(start(config({ here: true, late: true }))).rejects.toMatchObject({ code: 'CONNECTOR_FAILED' })
    const running = await start(config({ here: true, late: false }))
    await expect(running.reconfigure(config({ here: true, late: true }))).rejects.toMatchObject({
      code: 'CONNECTOR_FAILED',
    })
    expect(offered(running)).toEqual(['first'])
  })

  it('makes the server not ready while its breaker is open, and no longer when nobody calls', async () => {
    const failing: Connector = {
      name: 'crm',
      connect: async () => [
        {
          definition: defineTool({
            name: 'fails',
            description: 'Fails.',
            run: () => {
              throw new Error('the password is hunter2')
            },
          }),
          source: 'crm.ts',
        },
      ],
      close: async () => {},
    }
    let now = Date.parse('2026-01-01T00:00:00Z')
    const base = config({ late: false })
    const running = await start(base, { connectors: [failing], clock: () => now })
    const { port } = await running.listen({ host: '127.0.0.1' })
    const probe = async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/health/ready`)
      return { status: answer.status, body: await answer.json() }
    }
    const late = { name: 'late', required: false, state: 'missing' }
    const up = { status: 200, body: { status: 'ok', connectors: [late, { name: 'crm', required: true, state: 'up' }] } }
    expect(await probe()).toEqual(up)
    for (const id of ['ann', 'bob']) {
      const peer = running.connectInMemory({ id, name: id, kind: 'local', roles: Object.keys(base.access.roles) })
      for (let calls = 0; calls < base.limits.breaker.failures; calls += 1) {
        await peer.request('tools/call', { name: 'fails', arguments: {} }).catch(() => {})
      }
    }
    const down = [late, { name: 'crm', required: true, state: 'failing' }]
    expect(await probe()).toEqual({ status: 503, body: { status: 'unavailable', connectors: down } })
    now += base.limits.breaker.openMs
    expect(await probe()).toEqual(up)
  })
})

describe('a change that a connector announces while a reload is prepared', () => {
  const tool = (name: string): Offered => ({
    definition: defineTool({ name, description: name, run: () => name }),
    source: 'a.ts',
  })

  /** A connector whose `reload`, where it has one, is answered by the test. */
  function announcing(reload?: () => Promise<readonly Offered[]>) {
    let announce: (offer: readonly Offered[]) => void = () => {}
    const connector: Connector = {
      name: 'a',
      connect: async () => [tool('one')],
      ...(reload === undefined ? {} : { reload }),
      onChange: (listener) => {
        announce = listener
        return () => {}
      },
      close: async () => {},
    }
    return { connector, announce: (...names: string[]) => announce(names.map(tool)) }
  }

  it('is not lost where it cannot be read again', async () => {
    let release: () => void = () => {}
    const slow: Connector = {
      name: 'slow',
      connect: async () => [],
      reload: () => new Promise((resolve) => (release = () => resolve([]))),
      close: async () => {},
    }
    const source = announcing()
    const running = await start(config({}), { connectors: [source.connector, slow] })
    const reloaded = running.reload()
    await expect.poll(() => release.name).not.toBe('')
    source.announce('two')
    expect(offered(running)).toEqual(['two'])
    release()
    await reloaded
    expect(offered(running)).toEqual(['two'])
  })

  it('is read once more where what was read may be older', async () => {
    const answers = [['one'], ['one', 'two']]
    const source = announcing(async () => {
      const names = answers.shift() as string[]
      if (names.length === 1) source.announce('one', 'two')
      return names.map(tool)
    })
    const running = await start(config({}), { connectors: [source.connector] })
    await running.reload()
    expect(offered(running)).toEqual(['one', 'two'])
    expect(answers).toEqual([])
  })

  it('is not lost before anybody listens', async () => {
    const source = announcing()
    const quick: Connector = {
      ...source.connector,
      connect: async () => {
        source.announce('two')
        return [tool('one')]
      },
    }
    expect(offered(await start(config({}), { connectors: [quick] }))).toEqual(['two'])
  })
})
