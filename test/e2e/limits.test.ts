import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, createApp, loadConfig } from '../../src/index.ts'

let directory: string
let app: App
let url: string
let answers: { readonly status: number; readonly retryAfter: string | null }[]

const CONFIG = (select: string): string => `
connectors:
  - { name: tools, type: typescript, path: ./tools }
access:
  roles: { user: { allow: [{ name: "*" }] } }
  anonymous: { roles: [user] }
limits:
  rules: [{ select: { ${select} }, callsPerMinute: 2 }]
`
const TOOLS = `
import { defineTool } from 'toolgate'
export const report = defineTool({ name: 'report', description: 'Reports.', run: () => 'the report' })
`

const load = (name: string) => loadConfig(join(directory, name), { env: {}, cwd: directory })

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'toolgate-limits-'))
  mkdirSync(join(directory, 'tools'))
  writeFileSync(join(directory, 'tools', 'report.mjs'), TOOLS)
  writeFileSync(join(directory, 'toolgate.yaml'), CONFIG('name: report'))
  writeFileSync(join(directory, 'wrong.yaml'), CONFIG('name: reports'))
  app = await createApp(await load('toolgate.yaml'), { writeLog: () => {} })
  url = (await app.listen({ port: 0 })).url
})

afterAll(async () => {
  await app.close()
  rmSync(directory, { recursive: true, force: true })
})

async function connect(mode: 'legacy' | { pin: string }): Promise<Client> {
  answers = []
  const client = new Client({ name: 'limits', version: '1.0.0' }, { versionNegotiation: { mode } })
  const watch: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    answers.push({ status: response.status, retryAfter: response.headers.get('retry-after') })
    return response
  }
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch: watch }))
  return client
}

describe('limits of a served configuration', () => {
  it('reach a client as 429 with Retry-After, and other requests are served on', async () => {
    const client = await connect({ pin: '2026-07-28' })
    for (let count = 0; count < 2; count += 1) await client.callTool({ name: 'report', arguments: {} })
    await expect(client.callTool({ name: 'report', arguments: {} })).rejects.toThrow()
    expect(answers.at(-1)?.status).toBe(429)
    expect(Number(answers.at(-1)?.retryAfter)).toBeGreaterThanOrEqual(1)
    expect((await client.listTools()).tools).toHaveLength(1)
    await client.close()
  })

  it('for a capability that there is not are a mistake at the start', async () => {
    const started = createApp(await load('wrong.yaml'), { writeLog: () => {} })
    await expect(started).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('rules[0]'),
    })
  })

  it('of connectors can be looked at', () => {
    expect(app.breakers.states()).toEqual([{ connector: 'tools', state: 'closed' }])
  })
})
