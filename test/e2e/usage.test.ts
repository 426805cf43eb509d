import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type App, type Connector, createApp, defineTool, loadConfig, type Principal, UserError } from 'toolgate'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/storage/sqlite/open-database.ts'
import { makeFolder, runCli } from './cli-process.ts'

const YAML = `
server: { port: 0 }
access:
  roles: { user: { allow: [{ name: '*' }], deny: [{ name: secret }] } }
  anonymous: { roles: [user] }
`
const connector: Connector = {
  name: 'code',
  connect: async () =>
    ['quick', 'broken', 'secret'].map((name) => ({
      source: 'test',
      definition: defineTool({ name, description: name, run: () => (name === 'broken' ? fail() : name) }),
    })),
  close: async () => {},
}

function fail(): never {
  throw new UserError('No.')
}

const caller = (name: string): Principal => ({ kind: 'api-key', id: `key:${name}`, name, roles: ['user'] })

let folder: ReturnType<typeof makeFolder>
let apps: App[]
let log: string[]
beforeEach(() => {
  folder = makeFolder()
  writeFileSync(join(folder.path, 'toolgate.yaml'), YAML)
  apps = []
  log = []
})
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()))
  folder.remove()
})

async function start(): Promise<App> {
  const config = await loadConfig(folder.path, { env: {}, cwd: folder.path })
  const app = await createApp(config, { writeLog: (line) => log.push(line), connectors: [connector] })
  apps.push(app)
  return app
}

/** Calls each tool as one client; what comes back does not matter here. */
async function call(app: App, client: string, ...names: readonly string[]): Promise<void> {
  const peer = app.connectInMemory(caller(client))
  for (const name of names) await peer.request('tools/call', { name }).catch(() => {})
  peer.close()
}

const lines = (text: string): readonly string[] =>
  text.split('\n').map((line) => line.trim().replaceAll(/\s{2,}/g, ' '))
const usage = (...words: readonly string[]) => runCli(['usage', ...words], { cwd: folder.path })

describe('toolgate usage', () => {
  it('prints who called what on every server that shared the storage, after they have ended', async () => {
    const [one, two] = [await start(), await start()]
    await one.listen()
    await two.listen()
    await call(one, 'ann', 'quick', 'quick', 'broken', 'secret', 'made-up-1', 'made-up-2')
    await call(two, 'bob', 'quick')
    await Promise.all([one.close(), two.close()])

    const { code, out } = await usage('--by', 'tool', '--by', 'client')
    expect(code).toBe(0)
    const [head, ...rows] = lines(out)
    expect(head).toBe('TOOL CLIENT CALLS ERRORS DENIED P50 P95 P99')
    expect(
      rows
        .map((row) => row.split(' ').slice(0, 5).join(' '))
        .filter(Boolean)
        .sort(),
    ).toEqual(['_OTHER ann 2 0 2', 'broken ann 1 1 0', 'quick ann 2 0 0', 'quick bob 1 0 0', 'secret ann 1 0 1'])
    expect(rows.find((row) => row.startsWith('secret'))).toMatch(/ - - -$/)
    expect(out).not.toContain('made-up')

    const read = JSON.parse((await usage('--by', 'client', '--json')).out)
    expect(read.usage).toMatchObject([
      { client: 'ann', calls: 6, errors: 1, denied: 3 },
      { client: 'bob', calls: 1 },
    ])
    expect(read.usage[0].p99Ms).toBeGreaterThan(0)
    const again = await start()
    expect(await again.readUsage({ from: read.from, to: read.to })).toMatchObject([{ calls: 7, errors: 1, denied: 3 }])
  })

  it('says so when nothing was called, and makes nothing by looking', async () => {
    expect((await usage('--since', '7d')).out).toContain('No tool was called in the last 7d')
    expect(existsSync(join(folder.path, '.toolgate'))).toBe(false)
  })

  it('refuses what it does not know', async () => {
    for (const words of [
      ['--since', 'yesterday'],
      ['--since', '0h'],
      ['--by', 'tenant'],
      ['--by', 'constructor'],
    ]) {
      const { code, err } = await usage(...words)
      expect([code, err]).toEqual([2, expect.stringContaining(`${words[0]} is ${words[1]}`)])
    }
  })

  it('does not let a name steer the terminal', async () => {
    const app = await start()
    await app.listen()
    await call(app, `eve\u001b[2J\u202e\n${'x'.repeat(500)}`, 'quick')
    await app.close()
    const { out } = await usage('--by', 'client')
    expect(out).toContain('eve?[2J??xxx')
    expect(out.trimEnd().split('\n')).toHaveLength(2)
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThan(130)
  })
})

describe('the use of tools', () => {
  it('is not counted before a server serves, nor where it is turned off', async () => {
    const unserved = await start()
    await call(unserved, 'ann', 'quick')
    await unserved.close()
    writeFileSync(join(folder.path, 'toolgate.yaml'), `${YAML}usage: { enabled: false }\n`)
    const off = await start()
    await off.listen()
    await call(off, 'ann', 'quick')
    await off.close()
    expect((await usage()).out).toContain('No tool was called')
  })

  it('that cannot be written harms no call, and is told once', async () => {
    const app = await start()
    await app.listen()
    const peer = app.connectInMemory(caller('ann'))
    expect(await peer.request('tools/call', { name: 'quick' })).toMatchObject({ content: [{ text: 'quick' }] })
    peer.close()
    const database = openDatabase(join(folder.path, '.toolgate', 'toolgate.db'))
    database.exec('DROP TABLE IF EXISTS usage')
    database.close()
    expect(await app.connectInMemory(caller('ann')).request('tools/call', { name: 'quick' })).toBeDefined()
    await app.close()
    expect(log.filter((line) => line.includes('The use of tools cannot be written'))).toHaveLength(1)
  })
})
