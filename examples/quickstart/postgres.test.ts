import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, expect, it } from 'vitest'

interface Listening {
  readonly url: string
  readonly keys: readonly { readonly key: string; readonly tenant: string }[]
}

let server: ChildProcess
let listening: Listening

beforeAll(async () => {
  const script = fileURLToPath(new URL('./data/start-postgres.mjs', import.meta.url))
  server = spawn(process.execPath, [script, '--port', '0', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const chunk of server.stdout ?? []) {
    const line = String(chunk)
      .split('\n')
      .find((text) => text.includes('"listening"'))
    if (line === undefined) continue
    listening = JSON.parse(line) as Listening
    break
  }
}, 60_000)

afterAll(async () => {
  const ended = once(server, 'exit')
  server.kill('SIGTERM')
  await ended
})

async function query(tenant: string, sql: string): Promise<{ isError?: boolean; text: string; rows?: unknown[][] }> {
  const { key } = listening.keys.find((each) => each.tenant === tenant) ?? { key: '' }
  const client = new Client({ name: 'example', version: '1.0.0' })
  const headers = { authorization: `Bearer ${key}` }
  await client.connect(new StreamableHTTPClientTransport(new URL(listening.url), { requestInit: { headers } }))
  const result = await client.callTool({ name: 'shop_query', arguments: { sql } })
  await client.close()
  const [block] = result.content as { text: string }[]
  const { rows } = (result.structuredContent ?? {}) as { rows?: unknown[][] }
  return { text: block?.text ?? '', ...(result.isError === true ? { isError: true } : {}), ...(rows && { rows }) }
}

it('answers free SQL with the rows of the tenant alone', async () => {
  const count = async (tenant: string, sql: string): Promise<unknown> => (await query(tenant, sql)).rows?.[0]?.[0]
  expect(await count('acme', 'SELECT count(*) FROM customers')).toBe('3000')
  expect(await count('globex', 'SELECT count(*) FROM customers')).toBe('2000')
  expect(await count('globex', "SELECT count(*) FROM customers WHERE tenant_id = 'acme' OR true")).toBe('2000')
})

it('refuses what would change whose rows are seen, and says why', async () => {
  const { isError, text } = await query('globex', "SELECT set_config('app.tenant', 'acme', true), * FROM customers")
  expect(isError).toBe(true)
  expect(text).toContain('set_config is not available here')
})

it('helps with a name that was misspelt', async () => {
  expect((await query('acme', 'SELECT * FROM customer')).text).toContain('Did you mean customers?')
})

it('masks e-mail addresses in free SQL too', async () => {
  const { rows } = await query('acme', 'SELECT email, upper(email) FROM customers ORDER BY id LIMIT 1')
  expect(rows?.[0]?.[0]).toMatch(/^..\*\*\*om$/)
  expect(rows?.[0]?.[1]).toMatch(/^..\*\*\*OM$/)
})
