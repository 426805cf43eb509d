import { mkdirSync, writeFileSync } from 'node:fs'
import { Agent, type RequestOptions, request } from 'node:https'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Issued, TestAuthority } from '../fixtures/certificates.ts'
import { endAll, makeFolder, type Running, runCli, spawnCli, startCli } from './cli-process.ts'

const folder = makeFolder()
let authority: TestAuthority
let agent: Issued
let other: Issued

beforeAll(() => {
  authority = new TestAuthority()
  const own = authority.issueServer()
  agent = authority.issueClient('URI:spiffe://example.org/ns/prod/agent')
  other = authority.issueClient('URI:spiffe://example.org/ns/prod/other')
  mkdirSync(join(folder.path, 'tools'))
  writeFileSync(join(folder.path, 'tools', 'whoami.ts'), TOOL)
  writeFileSync(join(folder.path, 'server.pem'), own.cert)
  writeFileSync(join(folder.path, 'server.key'), own.key, { mode: 0o600 })
  writeFileSync(join(folder.path, 'clients.pem'), authority.cert)
  writeFileSync(join(folder.path, 'revoked.pem'), authority.revocationList())
  writeFileSync(join(folder.path, 'toolgate.yaml'), configOf('optional'))
  writeFileSync(join(folder.path, 'required.yaml'), configOf('required'))
  writeFileSync(join(folder.path, 'proxied.yaml'), PROXIED)
})

afterEach(endAll)
afterAll(() => {
  folder.remove()
  authority.remove()
})

const TOOL = `import { defineTool } from 'toolgate'
export const whoami = defineTool({
  name: 'whoami',
  description: 'Says who calls.',
  run: (_args, { caller }) => \`\${caller.id} of \${caller.tenant}\`,
})
`

const ACCESS = `
connectors: [{ name: tools, type: typescript, path: ./tools }]
access:
  roles:
    user: { allow: [{ name: '*' }] }
    collector: { scopes: ['toolgate:metrics'] }
  certificates:
    trustDomains: [example.org]
    rules: [{ match: 'spiffe://example.org/ns/prod/*', roles: [user, collector], tenant: acme }]
`

const configOf = (mode: string): string => `name: shop
server:
  port: 0
  tls: { cert: server.pem, key: server.key, clientCa: clients.pem, crl: revoked.pem, clientCertificates: ${mode} }
${ACCESS}`

const PROXIED = `name: shop
server:
  port: 0
  trustedProxies: [127.0.0.1]
  forwarded: { certificate: { header: Client-Cert, clientCa: clients.pem, crl: revoked.pem } }
${ACCESS}`

async function serve(config = 'toolgate.yaml', ...words: string[]): Promise<{ running: Running; url: string }> {
  const running = startCli(['serve', '--config', config, ...words], { cwd: folder.path })
  const [, url = ''] = await running.printed(/listens on (https?:\S+)/)
  return { running, url }
}

/** `fetch` that presents a certificate; Node's own cannot without undici. */
function fetchWith(presented: Issued | undefined, agent: Agent | undefined = undefined): typeof fetch {
  return (input, init = {}) => {
    const own = presented === undefined ? {} : { cert: presented.cert, key: presented.key }
    const headers = Object.fromEntries(new Headers(init.headers))
    const options: RequestOptions = {
      method: init.method ?? 'GET',
      headers,
      ca: authority.cert,
      ...own,
      ...(agent && { agent }),
    }
    return new Promise((resolve, reject) => {
      const sent = request(String(input), { ...options, signal: init.signal ?? undefined }, (answer) => {
        const body =
          answer.statusCode === 204 || answer.statusCode === 202 ? null : (Readable.toWeb(answer) as ReadableStream)
        if (body === null) answer.resume()
        resolve(
          new Response(body, { status: answer.statusCode ?? 0, headers: answer.headers as Record<string, string> }),
        )
      })
      sent.on('error', reject)
      sent.end(init.body as string | undefined)
    })
  }
}

async function whoami(url: string, fetchAs: typeof fetch, headers: Record<string, string> = {}): Promise<unknown> {
  const client = new Client({ name: 'e2e', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(new URL(url), { fetch: fetchAs, requestInit: { headers } })
  await client.connect(transport)
  try {
    return (await client.callTool({ name: 'whoami', arguments: {} })).content
  } finally {
    await client.close()
  }
}

const said = (text: string): unknown => [expect.objectContaining({ text })]
const AS_AGENT = 'certificate:spiffe://example.org/ns/prod/agent of acme'

describe('toolgate serve with server.tls', () => {
  it('lets the official client in by its certificate, and answers probes and collectors', async () => {
    const { url } = await serve()
    expect(url).toMatch(/^https:/)
    expect(await whoami(url, fetchWith(agent))).toEqual(said(AS_AGENT))
    const { origin } = new URL(url)
    expect((await fetchWith(undefined)(`${origin}/health/live`)).status).toBe(200)
    expect((await fetchWith(undefined)(`${origin}/metrics`)).status).toBe(401)
    const metrics = await (await fetchWith(agent)(`${origin}/metrics`)).text()
    expect(metrics).toMatch(/^toolgate_tls_end_time_seconds\{file="certificate"\} \d/m)
    expect(metrics).toMatch(/^toolgate_tls_end_time_seconds\{file="crl"\} \d/m)
    const refused = await fetchWith(undefined)(url, { method: 'POST' })
    expect(refused.status).toBe(401)
  })

  it('takes the key where one is sent, and never both', async () => {
    const made = await runCli(['keys', 'new', '--name', 'ci', '--role', 'user', '--json'], { cwd: folder.path })
    const { key } = JSON.parse(made.out) as { key: string }
    const { url } = await serve()
    const text = await whoami(url, fetchWith(agent), { authorization: `Bearer ${key}` })
    expect(JSON.stringify(text)).toMatch(/key:\w+ of undefined/)
    await expect(whoami(url, fetchWith(agent), { authorization: 'Bearer wrong' })).rejects.toThrow()
  })

  it('refuses a connection without a certificate where one is required', async () => {
    const { url } = await serve('required.yaml')
    const { origin } = new URL(url)
    await expect(fetchWith(undefined)(`${origin}/health/live`)).rejects.toThrow()
    expect((await fetchWith(agent)(`${origin}/health/live`)).status).toBe(200)
  })

  it('takes a new revocation list over on SIGHUP: the revoked one is out, on its open connection, too', async () => {
    const { running, url } = await serve()
    const kept = new Agent({ keepAlive: true, cert: other.cert, key: other.key, ca: authority.cert })
    expect(await whoami(url, fetchWith(other, kept))).toEqual(
      said('certificate:spiffe://example.org/ns/prod/other of acme'),
    )
    authority.revoke(other)
    writeFileSync(join(folder.path, 'revoked.pem'), authority.revocationList())
    running.child.kill('SIGHUP')
    await running.printed(/server\.tls were taken over/, 'err')
    await expect(whoami(url, fetchWith(other, kept))).rejects.toThrow()
    await expect(whoami(url, fetchWith(other))).rejects.toThrow()
    expect(await whoami(url, fetchWith(agent))).toEqual(said(AS_AGENT))
    expect(running.err).toMatch(/"reason":"client certificate: /)
  })

  it('says what is wrong with a file, and does not start', async () => {
    writeFileSync(join(folder.path, 'open.yaml'), configOf('optional').replace('server.key', 'open.key'))
    writeFileSync(join(folder.path, 'open.key'), agent.key, { mode: 0o644 })
    const { code, err } = await spawnCli(['serve', '--config', 'open.yaml'], { cwd: folder.path })
    expect(code).not.toBe(0)
    expect(err).toMatch(/server\.tls\.key: .*open\.key may be read by others than its owner \(mode 0644\)/)
    expect(err).toContain('chmod 600')
  })
})

describe('toolgate serve behind a trusted proxy', () => {
  const derOf = ({ cert }: Issued): string => cert.replace(/-----[^-]+-----|\s/g, '')
  const post = (url: string, headers: Record<string, string>): Promise<Response> =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{}' })

  it('takes the certificate that the proxy hands on, in each of its forms', async () => {
    const { url } = await serve('proxied.yaml')
    for (const value of [`:${derOf(agent)}:`, derOf(agent), encodeURIComponent(agent.cert)]) {
      expect(await whoami(url, fetch, { 'client-cert': value })).toEqual(said(AS_AGENT))
    }
    expect((await post(url, { 'client-cert': '' })).status).toBe(401)
    expect((await post(url, { 'client-cert': 'garbage' })).status).toBe(400)
  })

  it('refuses one that was revoked, is of a foreign authority, or comes with an address that is none', async () => {
    const gone = authority.issueClient('URI:spiffe://example.org/ns/prod/gone')
    authority.revoke(gone)
    writeFileSync(join(folder.path, 'revoked.pem'), authority.revocationList())
    const { running, url } = await serve('proxied.yaml')
    const stranger = new TestAuthority()
    const foreign = stranger.issueClient('URI:spiffe://example.org/ns/prod/agent')
    expect(
      (await post(url, { 'client-cert': `:${derOf(foreign)}:`, 'x-forwarded-for': '9.9.9.9, 192.0.2.9' })).status,
    ).toBe(401)
    expect((await post(url, { 'client-cert': `:${derOf(gone)}:` })).status).toBe(401)
    expect((await post(url, { 'client-cert': `:${derOf(agent)}:`, 'x-forwarded-for': 'me' })).status).toBe(400)
    await running.printed(/"reason":"client certificate: revoked"/, 'err')
    expect(running.err).toMatch(/"address":"192\.0\.2\.9"/)
    stranger.remove()
  })

  it('refuses one from anybody else', async () => {
    writeFileSync(join(folder.path, 'elsewhere.yaml'), PROXIED.replace('[127.0.0.1]', '[10.0.0.0/8]'))
    const { url } = await serve('elsewhere.yaml')
    const answer = await post(url, { 'client-cert': `:${derOf(agent)}:` })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('not believed from this address')
  })
})
