import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { generateApiKey } from '../../src/identity/api-key.ts'
import { endAll, makeFolder, type Running, runCli, startCli } from './cli-process.ts'

const folder = makeFolder()
const here = { cwd: folder.path }
const configFile = join(folder.path, 'toolgate.yaml')

const CONFIG = `name: greeter
connectors: [{ name: tools, type: typescript, path: ./tools }]
limits: { classes: { slow: { callsPerMinute: 5, burst: 5 } } }
access:
  keyHeader: X-API-Key
  roles: { user: { allow: [{ name: '*' }] } }
`

beforeAll(() => {
  mkdirSync(join(folder.path, 'tools'))
  writeFileSync(
    join(folder.path, 'tools', 'who.ts'),
    `import { defineTool } from 'toolgate'
export const who = defineTool({
  name: 'who',
  description: 'Says who calls.',
  run: (_, { caller }) => caller.id,
})
`,
  )
  writeFileSync(configFile, CONFIG)
})

afterEach(endAll)
afterAll(() => folder.remove())

interface Made {
  readonly key: string
  readonly id: string
  readonly createdAt: string
  readonly expiresAt?: string
}

async function make(name: string, ...words: string[]): Promise<Made> {
  const { code, out, err } = await runCli(['keys', 'new', '-n', name, '-r', 'user', '--json', ...words], here)
  if (code !== 0) throw new Error(err)
  return JSON.parse(out)
}

async function show(name: string): Promise<readonly Record<string, unknown>[]> {
  return JSON.parse((await runCli(['keys', 'show', name, '--json'], here)).out).keys
}

async function serve(env: Readonly<Record<string, string>> = {}): Promise<{ running: Running; url: string }> {
  const running = startCli(['serve', '--port', '0'], { ...here, env })
  const [, url = ''] = await running.printed(/listens on (http:\S+)/)
  return { running, url }
}

async function callWho(url: string, headers: Record<string, string>): Promise<unknown> {
  const client = new Client({ name: 'e2e', version: '1.0.0' })
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }))
  try {
    const { content } = await client.callTool({ name: 'who', arguments: {} })
    return (content as readonly { text: string }[])[0]?.text
  } finally {
    await client.close()
  }
}

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` })

/** Status, body and headers of an answer, without what is of its moment. */
async function answerTo(url: string, headers: Record<string, string>): Promise<readonly [number, string, object]> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
  const common = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  const response = await fetch(url, { method: 'POST', body, headers: { ...common, ...headers } })
  const { date: _, ...rest } = Object.fromEntries(response.headers)
  return [response.status, await response.text(), rest]
}

async function untilRefused(url: string, key: string): Promise<number> {
  const since = performance.now()
  while ((await answerTo(url, bearer(key)))[0] !== 401) {
    if (performance.now() - since > 10_000) throw new Error('It is let in still.')
    await setTimeout(50)
  }
  return performance.now() - since
}

function trail(): string {
  const directory = join(folder.path, '.toolgate', 'audit')
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8')).join('')
}

describe('keys of a running server', () => {
  it('are made, rotated and revoked by another process, and the caller stays the same', async () => {
    const first = await make('ci', '--tenant', 'acme', '--expires', '30d')
    const { url } = await serve()
    expect(await callWho(url, bearer(first.key))).toBe(`key:${first.id}`)

    const rotated = await runCli(['keys', 'rotate', 'ci', '--overlap', '7d', '--json'], here)
    const second = JSON.parse(rotated.out)
    expect(second).toMatchObject({ clientId: first.id, tenant: 'acme', ended: [{ id: first.id }] })
    expect(second.expiresAt > String(first.expiresAt)).toBe(true)
    expect(await callWho(url, bearer(second.key))).toBe(`key:${first.id}`)
    expect(await callWho(url, bearer(first.key))).toBe(`key:${first.id}`)

    const third = await runCli(['keys', 'rotate', 'ci'], here)
    expect(third).toMatchObject({ code: 3, err: expect.stringContaining('two valid keys already') })

    const planned = await runCli(['keys', 'revoke', `tg_${first.id}`], here)
    expect(planned.out).toContain('nothing is done without --yes')
    expect((await answerTo(url, bearer(first.key)))[0]).not.toBe(401)
    await runCli(['keys', 'revoke', first.id, '--yes', '--reason', 'ticket 7'], here)
    await untilRefused(url, first.key)
    expect(await callWho(url, bearer(second.key))).toBe(`key:${first.id}`)
    expect(await show('ci')).toMatchObject([
      { id: first.id, state: 'revoked', revokedFor: 'ticket 7' },
      { id: second.id, clientId: first.id, state: 'valid' },
    ])

    await runCli(['keys', 'revoke', 'ci', '--yes'], here)
    await untilRefused(url, second.key)
    const records = trail()
    for (const change of ['added', 'rotated', 'revoked']) expect(records).toContain(`"change":"${change}"`)
    expect(records).toContain('"credential":"')
    expect(records).not.toContain(first.key)
    expect(records).not.toContain(second.key.slice(16))
  })

  it('say the hour in which they were last used once the server has ended', async () => {
    const { key } = await make('used')
    const { running, url } = await serve()
    await callWho(url, bearer(key))
    running.child.kill('SIGTERM')
    await running.ended()
    const [shown] = await show('used')
    expect(shown?.usedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:00:00\.000Z$/)
    expect((await runCli(['keys', 'show', 'used'], here)).out).toMatch(/last used +in the hour/)
  })

  it('are answered alike when they let nobody in: status, headers and body', async () => {
    const [gone, away] = [await make('gone'), await make('away', '--allow-from', '10.0.0.0/8')]
    await runCli(['keys', 'revoke', 'gone', '--yes'], here)
    const { url } = await serve()
    const unknown = await answerTo(url, bearer(generateApiKey().text))
    expect(unknown[0]).toBe(401)
    for (const key of [gone.key, away.key, `${gone.key}x`, `${gone.key.slice(0, 16)}${away.key.slice(16)}`]) {
      expect(await answerTo(url, bearer(key))).toEqual(unknown)
    }
    expect(await answerTo(url, { 'x-api-key': away.key })).toEqual(unknown)
  })

  it('come in the configured header, but not in two, and pages may send it', async () => {
    const { key, id } = await make('header')
    const { running, url } = await serve()
    expect(await callWho(url, { 'X-API-Key': key })).toBe(`key:${id}`)
    expect((await answerTo(url, { 'x-api-key': key, ...bearer(key) }))[0]).toBe(400)
    const headers = { origin: 'http://localhost:9', 'access-control-request-method': 'POST' }
    const preflight = await fetch(url, { method: 'OPTIONS', headers })
    expect(preflight.headers.get('access-control-allow-headers')).toContain('X-API-Key')
    expect(running.out + running.err).not.toContain(key.slice(16))
  })

  it('are bounded by their rate class', async () => {
    const { key } = await make('slow', '--rate-class', 'slow')
    const { url } = await serve()
    const statuses: unknown[] = []
    for (let time = 0; time < 8; time += 1) {
      statuses.push(await callWho(url, bearer(key)).catch((thrown: unknown) => String(thrown)))
    }
    expect(statuses.at(-1)).toMatch(/Too many calls/)
  })

  it('of the configuration come from the environment, follow the file, and are shown nowhere', async () => {
    const { text, id } = generateApiKey()
    const env = { CI_SECRET: text }
    const entry = `  keys: [{ name: env, clientId: env-client, key: '\${CI_SECRET}', roles: [user] }]\n`
    writeFileSync(configFile, CONFIG + entry)
    try {
      const printed = await runCli(['config', 'print'], { ...here, env })
      expect(printed.code).toBe(0)
      expect(printed.out).not.toContain(text.slice(16))
      const { running, url } = await serve(env)
      expect(await callWho(url, bearer(text))).toBe('key:env-client')
      writeFileSync(configFile, `${CONFIG}  local: { roles: [user] }\n`)
      await untilRefused(url, text)
      expect(trail()).toContain(`"change":"removed","keyId":"${id}"`)
      expect(running.out + running.err).not.toContain(text.slice(16))
      writeFileSync(configFile, CONFIG + entry)
      const wrong = await runCli(['check'], { ...here, env: { CI_SECRET: `${text.slice(0, -1)}-` } })
      expect(wrong).toMatchObject({ code: 3, err: expect.stringContaining('mistyped') })
      expect(wrong.err + wrong.out).not.toContain(text.slice(16, 50))
    } finally {
      writeFileSync(configFile, CONFIG)
    }
  })
})

describe('toolgate keys', () => {
  it.each(['show', 'rotate', 'revoke'])('%s names the key that was meant and repeats no secret', async (command) => {
    await runCli(['keys', 'new', '-n', 'billing', '-r', 'user'], here)
    const { code, err } = await runCli(['keys', command, 'biling'], here)
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('Did you mean `billing`?') })
    const { text } = generateApiKey()
    const pasted = await runCli(['keys', command, text], here)
    expect(pasted.code).toBe(2)
    expect(pasted.err).not.toContain(text.slice(16))
  })

  it.each([
    [['--rate-class', 'slwo'], 'Did you mean `slow`?'],
    [['--allow-from', '10.1.2.3/8'], 'no CIDR range'],
    [['--allow-from', 'localhost'], 'no CIDR range'],
    [['--scope', 'a b'], 'no scope'],
    [['--claim', 'region'], 'NAME=VALUE'],
  ])('new refuses %j', async (words, said) => {
    const { code, err } = await runCli(['keys', 'new', '-n', 'x', '-r', 'user', ...words], here)
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(said) })
  })
})

describe('toolgate serve --stdio', () => {
  const ask = (id: number): string =>
    `${JSON.stringify({ jsonrpc: '2.0', id, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'e2e', version: '1' } } })}\n`
  const who = (id: number): string =>
    `${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'who', arguments: {} } })}\n`

  it('does not start where nothing says who calls, and says what to write', async () => {
    const { code, err } = await startCli(['serve', '--stdio'], here).ended()
    expect(code).toBe(3)
    for (const way of ['access.local: { roles: [user] }', '--as user', 'TOOLGATE_KEY']) expect(err).toContain(way)
  })

  it.each([
    ['a key by name', ['--as', 'local-tool'], {}],
    ['a role', ['--as', 'user'], {}],
  ])('serves as %s', async (what, words, env) => {
    const known = what === 'a role' ? undefined : await make('local-tool')
    const running = startCli(['serve', '--stdio', ...words], { ...here, env })
    running.child.stdin.write(ask(1) + who(2))
    await running.printed(known === undefined ? /"text":"local"/ : new RegExp(`key:${known.id}`))
    running.child.stdin.end()
    expect((await running.ended()).code).toBe(0)
  })

  it('serves the holder of TOOLGATE_KEY, until that key is revoked', async () => {
    const { key, id } = await make('desktop')
    const running = startCli(['serve', '--stdio'], { ...here, env: { TOOLGATE_KEY: key } })
    running.child.stdin.write(ask(1) + who(2))
    await running.printed(new RegExp(`key:${id}`))
    await runCli(['keys', 'revoke', 'desktop', '--yes'], here)
    const { code, err } = await running.ended()
    expect({ code, err }).toEqual({ code: 4, err: expect.stringContaining('not valid any more') })
    const again = await startCli(['serve', '--stdio'], { ...here, env: { TOOLGATE_KEY: key } }).ended()
    expect(again).toMatchObject({ code: 4, err: expect.stringContaining('revoked key') })
    expect(again.err).not.toContain(key.slice(16))
  })
})
