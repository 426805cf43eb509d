import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Config } from '../config/config.ts'
import { defaultConfig } from '../config/default-config.ts'
import type { Observer } from '../observe/observation.ts'
import type { App } from './app.ts'
import { createApp } from './create-app.ts'

let directory: string
let app: App | undefined
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'toolgate-health-'))
})
afterEach(async () => {
  await app?.close()
  rmSync(directory, { recursive: true, force: true })
})

/** Serves on a free port and answers what a probe is told. */
async function serve(
  change: (config: Config) => Config,
  observer: Observer = () => undefined,
): Promise<(path: string) => Promise<number>> {
  const base = defaultConfig({ connectors: [], directory })
  const config = change({ ...base, access: { ...base.access, anonymous: { roles: ['user'] } } })
  app = await createApp(config, { writeLog: () => {}, observer })
  const { port } = await app.listen({ port: 0 })
  return async (path) => (await fetch(`http://127.0.0.1:${port}/health/${path}`)).status
}

it('a server is alive and ready once it listens', async () => {
  const probe = await serve((config) => config)
  expect([await probe('live'), await probe('ready')]).toEqual([200, 200])
})

it('a server that is to end is not ready from the first moment, and alive while it still serves', async () => {
  const drain = { delayMs: 2_000, timeoutMs: 1_000 }
  const probe = await serve((config) => ({ ...config, server: { ...config.server, drain } }))
  const closed = app?.close()
  expect([await probe('live'), await probe('ready')]).toEqual([200, 503])
  await closed
})

it('a server whose audit trail cannot be written is not ready once that is known', async () => {
  const file = join(directory, 'a-file-where-the-folder-should-be')
  writeFileSync(file, '')
  let tell: (() => void) | undefined
  const isKnown = new Promise<void>((resolve) => {
    tell = resolve
  })
  const observer: Observer = ({ type }) => (type === 'fault' ? tell?.() : undefined)
  const probe = await serve((config) => ({ ...config, audit: { ...config.audit, directory: file } }), observer)
  await isKnown
  expect([await probe('live'), await probe('ready')]).toEqual([200, 503])
})
