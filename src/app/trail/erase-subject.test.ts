import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { linesOfTrail, readTrail } from '../../../test/fixtures/audit.ts'
import { defineTool } from '../../capabilities/definition.ts'
import type { Config } from '../../config/config.ts'
import { defaultConfig } from '../../config/default-config.ts'
import type { Connector } from '../../connectors/connector.ts'
import { openStorage } from '../../storage/open-storage.ts'
import type { App } from '../app.ts'
import { createApp } from '../create-app.ts'
import { verifyAudit } from '../verify-audit.ts'
import { eraseSubject, planErasure } from './erase-subject.ts'
import { subjectsOf } from './read-trail.ts'
import { searchTrail } from './search-trail.ts'

const ANN = { id: 'key:annsid', name: 'Ann Example', kind: 'api-key', roles: ['reader'] } as const
const BOB = { ...ANN, id: 'key:bobsid', name: 'Bob Example' } as const

let directory = ''
let now = 0
let apps: App[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'toolgate-erase-'))
  now = Date.UTC(2026, 10, 22)
  apps = []
})
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()))
  rmSync(directory, { recursive: true, force: true })
})

function config(holds: readonly string[] = []): Config {
  const base = defaultConfig({ connectors: [], directory })
  const roles = { reader: { allow: [{ name: '*' }], deny: [], scopes: [] } }
  const levels = [{ name: '*', level: 'full' as const }]
  return { ...base, access: { ...base.access, roles }, audit: { ...base.audit, levels, holds } }
}

const echo: Connector = {
  name: 'echo',
  connect: async () => [
    { definition: defineTool({ name: 'echo', description: 'Says it.', run: () => 'hello' }), source: 'echo.ts' },
  ],
  reload: async () => [],
  onChange: () => () => undefined,
  close: async () => undefined,
}

async function serve(): Promise<{ call(as: typeof ANN | typeof BOB): Promise<unknown> }> {
  const app = await createApp(config(), { connectors: [echo], writeLog: () => undefined, clock: () => now })
  apps.push(app)
  return { call: (as) => app.connectInMemory(as).request('tools/call', { name: 'echo', arguments: {} }) }
}

const pseudonymsIn = (): string[] =>
  readTrail(config().audit.directory).flatMap((record) => (record.event === 'call.completed' ? [record.subject] : []))

function filesOf(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('')
}

async function isSound(): Promise<boolean> {
  const { audit, storage } = config()
  const key = join(storage.directory, 'audit.pub')
  return (await verifyAudit({ directory: audit.directory, key, checkpoints: audit.checkpoints })).isSound
}

describe('erasing a principal', () => {
  it('destroys its key and nobody else’s, is recorded, and the trail still verifies', async () => {
    const { call } = await serve()
    await call(ANN)
    await call(BOB)
    const [ann = ''] = subjectsOf(config(), ANN.id)
    const stored = openStorage(config().storage)
    const { wrappedKey = '' } = stored.subjectKeys.findSubject(ann) ?? {}
    stored.close()
    await searchTrail(config().audit.directory, { limit: 1 })
    expect(filesOf(directory)).toContain(wrappedKey)
    expect(await eraseSubject(config(), { who: ANN.id, reason: 'DSR-114' })).toEqual({
      erased: [ann],
      held: [],
      holds: [],
    })
    const left = filesOf(directory)
    for (const text of [wrappedKey, ANN.id, ANN.name]) expect(left).not.toContain(text)
    expect(subjectsOf(config(), ANN.id)).toEqual([])
    expect(subjectsOf(config(), BOB.id)).toHaveLength(1)
    const records = readTrail(config().audit.directory)
    expect(records.filter(({ event }) => event === 'subject.erased')).toMatchObject([
      { subject: ann, reason: 'DSR-114' },
    ])
    await Promise.all(apps.splice(0).map((app) => app.close()))
    expect(await isSound()).toBe(true)
  })

  it('finds nothing of it any more by id, and the calls by pseudonym', async () => {
    const { call } = await serve()
    await call(ANN)
    const [ann = ''] = subjectsOf(config(), ANN.id)
    await eraseSubject(config(), { who: ANN.id })
    const search = (who: string) =>
      searchTrail(config().audit.directory, { event: 'call.completed', subjects: subjectsOf(config(), who), limit: 9 })
    expect(await search(ANN.id)).toEqual([])
    expect(await search(ann)).toHaveLength(1)
  })

  it('makes a running server give the same principal another pseudonym, ten seconds later at the latest', async () => {
    const { call } = await serve()
    await call(ANN)
    await eraseSubject(config(), { who: ANN.id })
    now += 10_000
    await call(ANN)
    const [before, after] = pseudonymsIn()
    expect(after).toMatch(/^s_/)
    expect(after).not.toBe(before)
    expect(subjectsOf(config(), ANN.id)).toEqual([after])
  })

  it('is planned without changing anything', async () => {
    const { call } = await serve()
    await call(ANN)
    const [ann = ''] = subjectsOf(config(), ANN.id)
    const lines = linesOfTrail(config().audit.directory)
    expect(await planErasure(config(), ANN.id)).toEqual({ erased: [ann], held: [], holds: [] })
    expect(linesOfTrail(config().audit.directory)).toEqual(lines)
    expect(subjectsOf(config(), ANN.id)).toEqual([ann])
  })

  it('is kept from being done by a legal hold, whatever the principal is called by, and that is recorded', async () => {
    const { call } = await serve()
    await call(ANN)
    const [ann = ''] = subjectsOf(config(), ANN.id)
    for (const who of [ANN.id, ann]) {
      expect(await eraseSubject(config([ANN.id]), { who })).toEqual({
        erased: [],
        held: [ann],
        holds: ['audit.holds[0]'],
      })
    }
    expect(subjectsOf(config(), ANN.id)).toEqual([ann])
    const events = readTrail(config().audit.directory).map(({ event }) => event)
    expect(events.filter((event) => event === 'subject.held')).toHaveLength(2)
    expect(events).not.toContain('subject.erased')
  })

  it('is not done when it cannot be recorded', async () => {
    const { call } = await serve()
    await call(ANN)
    const other = config()
    const nowhere = { ...other, audit: { ...other.audit, directory: join(directory, 'toolgate.yaml', 'audit') } }
    writeFileSync(join(directory, 'toolgate.yaml'), '')
    await expect(eraseSubject(nowhere, { who: ANN.id })).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    expect(subjectsOf(config(), ANN.id)).toHaveLength(1)
  })
})
