import { type RequestOptions, request } from 'node:https'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Credential } from './authorization-matrix/credentials.ts'
import { openWorld, type World } from './authorization-matrix/open-world.ts'
import { askedBy, writeRequest } from './authorization-matrix/operations.ts'
import type { Answer } from './authorization-matrix/wire.ts'

let world: World
let runs: number
const KINDS = ['key', 'jwt', 'dpop', 'bound', 'mtls'] as const
const NO_TASKS = { ownTask: '', foreignTask: '' }
const MODERN = '2026-07-28'

beforeAll(async () => {
  world = await openWorld()
}, 60_000)
afterAll(() => world?.close())
beforeEach(() => {
  runs = world.runs()
})
/** Whatever is tried here, no handler runs but where a test says so. */
afterEach(() => expect(world.runs()).toBe(runs))

const writing = (operation: 'call read' | 'call write' | 'call hidden' = 'call write') =>
  writeRequest(askedBy(operation, MODERN, NO_TASKS), MODERN)
const bearer = async (credential: Credential): Promise<string> =>
  (await credential.headers({ method: 'POST', path: '/mcp' })).authorization ?? ''
const outcome = ({ status, json }: Answer): unknown[] => [status, json?.error?.data?.code]

/** Sends headers just as they stand, twice where they stand twice; every time from another address. */
let addresses = 0
function send(
  headers: readonly (readonly [string, string])[],
  {
    body = writing().body,
    certificate,
    ...more
  }: Partial<RequestOptions> & Partial<Pick<Credential, 'certificate'>> & { body?: string } = {},
): Promise<Answer> {
  addresses += 1
  const { port } = new URL(world.server.url)
  const given = new Set(headers.map(([name]) => name.toLowerCase()))
  const whole: readonly (readonly [string, string])[] = [
    ...(given.has('host') ? [] : [['Host', `127.0.0.1:${port}`] as const]),
    ['content-type', 'application/json'],
    ['accept', 'application/json, text/event-stream'],
    ['content-length', String(Buffer.byteLength(body))],
    ...headers,
  ]
  const { cert, key } = certificate ?? {}
  const from = {
    localAddress: `127.2.${addresses >> 8}.${addresses & 255}`,
    agent: false,
    ca: world.server.authority.cert,
  }
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      path: '/mcp',
      method: 'POST',
      ...from,
      ...(cert && { cert, key }),
      ...more,
    }
    const outgoing = request({ ...options, headers: whole.flat() as never }, (incoming) => {
      let text = ''
      incoming.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      incoming.on('error', reject)
      incoming.on('end', () => {
        const { statusCode: status = 0, headers: answered } = incoming
        resolve({ status, headers: answered, text, json: text.startsWith('{') ? JSON.parse(text) : undefined })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

const modern = (operation?: Parameters<typeof writing>[0]): [string, string][] =>
  Object.entries(writing(operation).headers)

describe('what stands in a request twice', () => {
  it('lets nobody in, whichever of the two is right', async () => {
    const right = await bearer(world.credential('key', 'good'))
    const token = await bearer(world.credential('jwt', 'good'))
    const wrong = await bearer(world.credential('key', 'wrong-key'))
    const bare = right.split(' ')[1] ?? ''
    const pairs: readonly (readonly [string, string])[][] = [
      [
        ['Authorization', right],
        ['Authorization', right],
      ],
      [
        ['Authorization', right],
        ['authorization', wrong],
      ],
      [
        ['Authorization', wrong],
        ['AUTHORIZATION', right],
      ],
      [
        ['Authorization', token],
        ['Authorization', right],
      ],
      [
        ['Authorization', right],
        ['X-API-Key', bare],
      ],
      [
        ['Authorization', token],
        ['X-API-Key', bare],
      ],
      [
        ['Authorization', wrong],
        ['X-API-Key', bare],
      ],
      [
        ['X-API-Key', bare],
        ['x-api-key', bare],
      ],
      [['Authorization', `${right}, ${right}`]],
      [['Authorization', `${wrong},${right}`]],
      [['X-API-Key', `${bare}, ${bare}`]],
      [['Authorization', `Basic ${Buffer.from(`user:${bare}`).toString('base64')}`]],
      [['Proxy-Authorization', right]],
      [['Cookie', `authorization=${right}; access_token=${token.split(' ')[1]}`]],
    ]
    for (const headers of pairs) {
      const { status, text } = await send([...modern(), ...headers])
      expect([headers, [400, 401].includes(status)]).toEqual([headers, true])
      expect(text).not.toContain(bare)
    }
  })

  it('is no proof, where it is one', async () => {
    const sent = await world.credential('dpop', 'good').headers({ method: 'POST', path: '/mcp' })
    const other = await world.credential('dpop', 'good').headers({ method: 'POST', path: '/mcp' })
    const own: [string, string][] = [['Authorization', sent.authorization ?? '']]
    expect((await send([...modern(), ...own, ['DPoP', sent.dpop ?? ''], ['DPoP', other.dpop ?? '']])).status).toBe(401)
    expect((await send([...modern(), ...own, ['DPoP', `${sent.dpop}, ${other.dpop}`]])).status).toBe(401)
  })

  it.each([
    ['Mcp-Name', 'read_note'],
    ['Mcp-Method', 'tools/list'],
    ['MCP-Protocol-Version', '2025-06-18'],
    ['Host', 'localhost'],
    ['Origin', 'https://localhost'],
    ['Content-Type', 'application/json'],
  ])('is refused, where it decides something: %s', async (name, value) => {
    const right = await bearer(world.credential('key', 'good'))
    const { port } = new URL(world.server.url)
    const before: [string, string][] = [
      ['Authorization', right],
      ['Host', `localhost:${port}`],
      ['Origin', 'https://localhost'],
    ]
    expect(outcome(await send([...modern(), ...before, [name, value]]))).toEqual([400, 'BAD_REQUEST'])
    expect(outcome(await send([[name, value], ...modern(), ...before]))).toEqual([400, 'BAD_REQUEST'])
  })
})

describe('a credential in the URL', () => {
  it('lets nobody in, under any name, and is refused beside one in a header', async () => {
    const right = await bearer(world.credential('jwt', 'good'))
    const token = right.split(' ')[1] ?? ''
    const key = (await bearer(world.credential('key', 'good'))).split(' ')[1] ?? ''
    for (const name of ['access_token', 'token', 'api_key', 'key', 'Authorization', 'x', 'access%5Ftoken', 'a;key']) {
      for (const secret of [token, key]) {
        const path = `/mcp?a=1&${name}=${secret}`
        const answer = await send(modern(), { path })
        expect([name, [400, 401].includes(answer.status)]).toEqual([name, true])
        expect(answer.text).not.toContain(secret)
      }
    }
    for (const name of ['access_token', 'token', 'api_key', 'key', 'Authorization']) {
      const answer = await send([...modern(), ['Authorization', right]], { path: `/mcp?${name}=${token}` })
      expect(outcome(answer)).toEqual([400, 'BAD_REQUEST'])
    }
    expect(world.server.log.filter((line) => line.includes(token) || line.includes(key))).toEqual([])
  })
})

const HOSTS = [
  'evil.example',
  '127.0.0.1.evil.example',
  'localhost.evil.example:443',
  'evil.example#localhost',
  '[::ffff:7f00:1]',
  '',
]
const ORIGINS = [
  'https://evil.example',
  'null',
  'https://127.0.0.1.evil.example',
  'https://localhost@evil.example',
  'file://',
]

describe('a foreign page or host', () => {
  it.each(KINDS)('is refused with a good credential as without one: %s', async (kind) => {
    const credential = world.credential(kind, 'good')
    const requests = [
      ...(['POST', 'GET', 'DELETE', 'OPTIONS'] as const).map((method) => ({ method, path: '/mcp' })),
      ...[
        { method: 'GET', path: '/sse' },
        { method: 'POST', path: '/messages?sessionId=x' },
      ],
    ]
    for (const { method, path } of requests) {
      const foreign: [string, string][] = [
        ...HOSTS.map((host): [string, string] => ['Host', host]),
        ...ORIGINS.map((origin): [string, string] => ['Origin', origin]),
      ]
      for (const header of foreign) {
        const own = Object.entries(await credential.headers({ method, path: path.split('?')[0] ?? '' }))
        const versioned = method === 'POST' ? modern() : []
        const options = {
          method,
          path,
          certificate: credential.certificate,
          ...(method === 'POST' ? {} : { body: '' }),
        }
        const answer = await send([...versioned, ...own, header], options)
        expect([method, path, header, [400, 403].includes(answer.status)]).toEqual([method, path, header, true])
        expect(answer.headers['access-control-allow-origin']).toBeUndefined()
      }
    }
  })
})

describe('an identity that somebody in between claims to have seen', () => {
  const forged = (world: World): [string, string][] => {
    const { cert } = world.certificates.good ?? { cert: '' }
    const der = cert.replace(/-----[^-]+-----|\s/g, '')
    return [
      ['Client-Cert', `:${der}:`],
      [
        'X-Forwarded-Client-Cert',
        `By=spiffe://x;Hash=00;URI=spiffe://example.org/acme/agent;Cert="${encodeURIComponent(cert)}"`,
      ],
      ['X-SSL-Client-Cert', encodeURIComponent(cert)],
      ['X-SSL-Client-Verify', 'SUCCESS'],
      ['X-SSL-Client-S-DN', 'CN=agent'],
      ['X-Forwarded-User', 'ann'],
      ['X-Remote-User', 'ann'],
      ['X-Forwarded-Access-Token', 'x'],
      ['X-Toolgate-Principal', 'local'],
      ['X-Forwarded-For', '10.0.0.1'],
      ['X-Real-IP', '10.0.0.1'],
      ['Forwarded', 'for=10.0.0.1;host=localhost;proto=https'],
      ['X-Forwarded-Host', 'localhost'],
      ['X-Original-URL', '/health/live'],
      ['X-HTTP-Method-Override', 'GET'],
    ]
  }

  it('lets nobody in', async () => {
    for (const header of forged(world)) {
      expect([header[0], outcome(await send([...modern(), header]))]).toEqual([header[0], [401, 'UNAUTHENTICATED']])
    }
    expect(outcome(await send([...modern(), ...forged(world)]))).toEqual([401, 'UNAUTHENTICATED'])
  })

  it('makes nobody another than the credential says', async () => {
    const other = await bearer(world.credential('key', 'other-tenant'))
    const { json } = await send([...modern('call read'), ...forged(world), ['Authorization', other]], {
      body: writing('call read').body,
    })
    expect(json.result.content[0].text).toBe('read_note for globex')
    runs += 1
  })

  it('lets no key in from an address that it is not valid from', async () => {
    const own: [string, string] = ['Authorization', `Bearer ${world.keyOfElsewhere}`]
    expect(outcome(await send([...modern(), ...forged(world), own]))).toEqual([401, 'UNAUTHENTICATED'])
  })
})

describe('a certificate and another credential', () => {
  it.each(['key', 'jwt'] as const)('are never mixed: a wrong one of the two lets nobody in: %s', async (kind) => {
    const { good, revoked, expired } = world.certificates
    for (const state of ['expired', 'revoked', 'wrong-key', 'malformed'] as const) {
      const wrong = await bearer(world.credential(kind, state))
      expect(outcome(await send([...modern(), ['Authorization', wrong]], { certificate: good }))[0]).toBe(401)
      const inHeader: [string, string] = ['X-API-Key', wrong.split(' ')[1] ?? '']
      expect(outcome(await send([...modern(), inHeader], { certificate: good }))[0]).toBe(401)
    }
    const right = await bearer(world.credential(kind, 'good'))
    for (const certificate of [revoked, expired]) {
      expect(outcome(await send([...modern(), ['Authorization', right]], { certificate }))[0]).toBe(401)
    }
    for (const empty of ['', 'Bearer', 'Bearer ', 'Digest x']) {
      expect(outcome(await send([...modern(), ['Authorization', empty]], { certificate: good }))[0]).toBe(401)
    }
  })

  it('are the principal of the other credential, where both are good', async () => {
    const other = await bearer(world.credential('key', 'other-tenant'))
    const { good } = world.certificates
    const { json } = await send([...modern('call read'), ['Authorization', other]], {
      body: writing('call read').body,
      certificate: good,
    })
    expect(json.result.content[0].text).toBe('read_note for globex')
    runs += 1
  })
})
