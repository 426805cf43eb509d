import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkConfig } from '../config/check-config.ts'
import type { Config } from '../config/config.ts'
import { resolveConfig } from '../config/resolve-config.ts'
import type { App } from './app.ts'
import { createApp } from './create-app.ts'
import { editUser, inviteUser, listUsers, rotateSigningKey } from './users.ts'

let directory: string
let config: Config
let app: App
let origin: string
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'toolgate-sign-in-'))
  const written = { server: { port: 0 }, access: { oauth: 'embedded', roles: { user: { scopes: ['crm:read'] } } } }
  const checked = checkConfig(written, { env: {} })
  if (checked.config === undefined) throw new Error(JSON.stringify(checked.mistakes))
  config = resolveConfig(checked.config, { directory, origins: checked.origins })
  app = await createApp(config, { writeLog: () => {} })
  origin = new URL((await app.listen()).url).origin
})
afterEach(async () => {
  await app.close()
  rmSync(directory, { recursive: true, force: true })
})

const metadata = (): Promise<Response> => fetch(`${origin}/.well-known/oauth-authorization-server`)

describe('access.oauth: embedded', () => {
  it('is served under the origin that is listened on, beside the MCP endpoint', async () => {
    expect(await (await metadata()).json()).toMatchObject({
      issuer: origin,
      scopes_supported: ['mcp', 'crm:read', 'offline_access'],
    })
    expect((await fetch(`${origin}/mcp`, { method: 'POST' })).status).toBe(401)
  })

  it('answers no foreign Host', async () => {
    const status = await new Promise((resolve) => {
      const headers = { host: 'evil.example' }
      request(`${origin}/oauth/password`, { headers }, (response) => resolve(response.statusCode)).end()
    })
    expect(status).toBe(403)
  })

  it('takes users that are invited, locked and removed while it runs, and records that', async () => {
    const { link, user } = await inviteUser(config, { name: 'ada', roles: ['user'], ttlMs: 60_000, isAgain: false })
    expect((await fetch(`${origin}${new URL(link).pathname}`)).status).toBe(200)
    expect(await editUser(config, 'ada', { change: 'locked' })).toMatchObject({ state: 'locked' })
    expect((await fetch(`${origin}${new URL(link).pathname}`)).status).toBe(404)
    await editUser(config, 'ada', { change: 'removed' })
    expect(await listUsers(config)).toEqual([])
    await app.close()
    const files = readdirSync(config.audit.directory, { recursive: true }).map(String)
    const trail = files
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => readFileSync(join(config.audit.directory, name), 'utf8'))
      .join('')
    for (const change of ['invited', 'locked', 'removed']) expect(trail).toContain(`"change":"${change}"`)
    expect(trail).toContain(user.id)
    expect(trail).not.toContain('"ada"')
  })

  it('signs with another key as soon as it was rotated by a command', async () => {
    const kid = await rotateSigningKey(config, true)
    const { keys } = (await (await fetch(`${origin}/oauth/jwks`)).json()) as { keys: readonly { kid: string }[] }
    expect(keys.map((key) => key.kid)).toEqual([kid])
  })

  it('goes and comes with the configuration, without a restart', async () => {
    const { oauth: _, ...access } = config.access
    await app.reconfigure({ ...config, access: { ...access, anonymous: { roles: ['user'] } } })
    expect((await metadata()).status).toBe(404)
    await app.reconfigure(config)
    expect((await metadata()).status).toBe(200)
  })
})
