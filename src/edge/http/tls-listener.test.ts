import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent, request, type Server } from 'node:https'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Issued, TestAuthority } from '../../../test/fixtures/certificates.ts'
import type { Observation } from '../../observe/observation.ts'
import type { TlsOptions } from '../options.ts'
import { TlsListener } from './tls-listener.ts'

let authority: TestAuthority
let own: Issued
let agent: Issued
let bad: Issued
/** From before anybody was revoked. */
let emptyList: string
const seen: Observation[] = []
const servers: Server[] = []

beforeAll(() => {
  authority = new TestAuthority()
  own = authority.issueServer()
  agent = authority.issueClient('URI:spiffe://example.org/agent')
  bad = authority.issueClient('URI:spiffe://example.org/bad')
  emptyList = authority.revocationList()
})

afterEach(() => {
  seen.length = 0
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

afterAll(() => authority.remove())

let count = 0
/** Resolves when the server is done with the request it served last. */
let ended: Promise<unknown> = Promise.resolve()

/** Own copies of the files, so that a test may change them. */
function filesFor(options: Partial<TlsOptions> = {}): TlsOptions {
  count += 1
  const write = (name: string, text: string): string => authority.write(`${count}-${name}`, text)
  return {
    cert: write('server.pem', own.cert),
    key: write('server.key', own.key),
    minVersion: '1.2',
    clientCertificates: 'required',
    ...options,
  }
}

const withClients = (crl?: string, options: Partial<TlsOptions> = {}): TlsOptions => ({
  ...filesFor(),
  clientCa: authority.write(`${count}-ca.pem`, authority.cert),
  ...(crl === undefined ? {} : { crl: authority.write(`${count}-crl.pem`, crl) }),
  ...options,
})

interface Listening {
  readonly listener: TlsListener
  readonly server: Server
  readonly port: number
}

/** A listener whose answer is the problem of the client's certificate, `good`, or `none`. */
async function listen(tls: TlsOptions, clock = Date.now): Promise<Listening> {
  const listener = new TlsListener({ tls, clock, observe: (each) => seen.push(each) })
  const server = listener.createServer({}, (incoming, response) => {
    const certificate = listener.certificateOf(incoming)
    ended = new Promise((resolve) => response.once('close', resolve))
    response.end(certificate === undefined ? 'none' : (certificate.findProblem() ?? 'good'))
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { listener, server, port: (server.address() as AddressInfo).port }
}

const trusting = (): ConnectionOptions => ({ host: '127.0.0.1', servername: 'localhost', ca: authority.cert })
const asClient = ({ cert, key }: Issued): ConnectionOptions => ({ cert, key })

interface Answer {
  readonly text: string
  readonly connection: string | undefined
}

function get(port: number, options: ConnectionOptions & { agent?: Agent } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...trusting(), ...(options as object), port }, (response: IncomingMessage) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () => resolve({ text, connection: response.headers.connection }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** One request over a connection of its own; its session tickets, and whether it was resumed. */
async function visit(
  port: number,
  options: ConnectionOptions,
): Promise<{ text: string; sessions: Buffer[]; isResumed: boolean }> {
  const socket = connect({ ...trusting(), ...options, port })
  const sessions: Buffer[] = []
  socket.on('session', (session) => sessions.push(session))
  let text = ''
  socket.setEncoding('utf8').on('data', (part) => {
    text += part
  })
  socket.on('error', () => {})
  let isResumed = false
  socket.on('secureConnect', () => {
    isResumed = socket.isSessionReused()
    const session = socket.getSession()
    if (session !== undefined) sessions.push(session)
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  })
  await new Promise((resolve) => socket.once('close', resolve))
  return { text: text.split('\r\n\r\n')[1] ?? '', sessions, isResumed }
}

describe('the TLS listener', () => {
  it('serves HTTPS over TLS 1.2 and 1.3, and nothing older', async () => {
    const { port } = await listen(filesFor())
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      expect((await get(port, { minVersion: version, maxVersion: version })).text).toBe('none')
    }
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    await expect(get(port, old)).rejects.toThrow()
  })

  it('speaks TLS 1.3 alone where that is the oldest', async () => {
    const { port } = await listen(filesFor({ minVersion: '1.3' }))
    await expect(get(port, { maxVersion: 'TLSv1.2' })).rejects.toThrow()
    expect((await get(port)).text).toBe('none')
  })

  it('takes no cipher without forward secrecy', async () => {
    const { port } = await listen(filesFor())
    for (const ciphers of ['AES256-GCM-SHA384', 'ECDHE-ECDSA-AES256-SHA', 'NULL']) {
      await expect(get(port, { maxVersion: 'TLSv1.2', ciphers })).rejects.toThrow()
    }
  })

  it('offers HTTP/1.1 alone', async () => {
    const { port } = await listen(filesFor())
    const socket = connect({ ...trusting(), port, ALPNProtocols: ['h2', 'http/1.1'] })
    await once(socket, 'secureConnect')
    expect(socket.alpnProtocol).toBe('http/1.1')
    socket.destroy()
  })

  it('closes a connection that speaks plain HTTP, and goes on', async () => {
    const { port } = await listen(filesFor())
    const refused = new Promise((_resolve, reject) => {
      httpRequest({ host: '127.0.0.1', port }).on('error', reject).end()
    })
    await expect(refused).rejects.toThrow(/socket hang up|ECONNRESET/)
    const scanner = connectTcp(port, '127.0.0.1')
    await once(scanner, 'connect')
    scanner.destroy()
    expect((await get(port)).text).toBe('none')
    expect(seen).toEqual([])
  })

  it('wants a certificate of its authority where one is required, and says why one was refused', async () => {
    const { port } = await listen(withClients())
    expect((await get(port, asClient(agent))).text).toBe('good')
    await expect(get(port)).rejects.toThrow()
    const stranger = new TestAuthority()
    await expect(get(port, asClient(stranger.issueClient('URI:spiffe://example.org/agent')))).rejects.toThrow()
    stranger.remove()
    await expect(get(port, asClient(authority.issueServer()))).rejects.toThrow()
    const reasons = seen.map((each) => (each.type === 'auth.refused' ? each.reason : each.type))
    expect(reasons).toContain('client certificate: INVALID_PURPOSE')
  })

  it('lets connections without one in where it is optional, and knows a bad one', async () => {
    const { port } = await listen(withClients(undefined, { clientCertificates: 'optional' }))
    expect((await get(port)).text).toBe('none')
    expect((await get(port, asClient(agent))).text).toBe('good')
    const stranger = new TestAuthority()
    const foreign = await get(port, asClient(stranger.issueClient('URI:spiffe://example.org/agent')))
    expect(foreign.text).not.toMatch(/none|good/)
    stranger.remove()
  })
})

describe('a client that was revoked', () => {
  beforeAll(() => authority.revoke(bad))

  it('is refused at the handshake, and the log has the reason', async () => {
    const { port } = await listen(withClients(authority.revocationList()))
    expect((await get(port, asClient(agent))).text).toBe('good')
    await expect(get(port, asClient(bad))).rejects.toThrow()
    expect(seen).toContainEqual(
      expect.objectContaining({ type: 'auth.refused', reason: 'client certificate: CERT_REVOKED' }),
    )
  })

  it('is refused with everybody else once the list has expired', async () => {
    const { port } = await listen(withClients(authority.revocationList('20210101000000Z')))
    await expect(get(port, asClient(agent))).rejects.toThrow()
    expect(seen).toContainEqual(expect.objectContaining({ reason: 'client certificate: CRL_HAS_EXPIRED' }))
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'cannot resume a session over %s, with ticket keys shared or not, with its certificate or without',
    async (version) => {
      const sharedKeys = Buffer.alloc(48, 7)
      for (const keys of [undefined, sharedKeys]) {
        const before = await listen(withClients(emptyList))
        if (keys !== undefined) before.server.setTicketKeys(keys)
        const only = { minVersion: version, maxVersion: version }
        const first = await visit(before.port, { ...only, ...asClient(bad) })
        expect(first.text).toBe('good')
        expect(first.sessions.length).toBeGreaterThan(0)
        const after = await listen(withClients(authority.revocationList()))
        if (keys !== undefined) after.server.setTicketKeys(keys)
        for (const session of first.sessions) {
          for (const port of [before.port, after.port]) {
            const anonymous = await visit(port, { ...only, session })
            expect(anonymous).toMatchObject({ text: '', isResumed: false })
          }
          const again = await visit(after.port, { ...only, ...asClient(bad), session })
          expect(again).toMatchObject({ text: '', isResumed: false })
        }
      }
    },
  )
})

describe('new files', () => {
  it('hold for new connections, and open ones stay', async () => {
    const tls = filesFor()
    const { listener, port } = await listen(tls)
    const socket = connect({ ...trusting(), port })
    await once(socket, 'secureConnect')
    const renewed = authority.issueServer()
    writeFileSync(tls.key, renewed.key)
    listener.reload()
    expect(seen.at(-1)).toMatchObject({
      type: 'tls.refused',
      details: { reason: expect.stringContaining('server.tls.key') },
    })
    expect((await serialAt(port)).serial).not.toBe(serialOf(renewed))
    writeFileSync(tls.cert, renewed.cert)
    listener.reload()
    expect(seen.at(-1)).toMatchObject({ type: 'tls.reloaded' })
    expect((await serialAt(port)).serial).toBe(serialOf(renewed))
    expect(socket.destroyed).toBe(false)
    socket.destroy()
  })

  it('say nothing where nothing has changed', async () => {
    const { listener } = await listen(filesFor())
    listener.reload()
    expect(seen).toEqual([])
  })

  it('end the idle connection of a client they revoke at once, and keep that of a good one for one more answer', async () => {
    const fresh = new TestAuthority()
    const [good, gone] = [
      fresh.issueClient('URI:spiffe://example.org/a'),
      fresh.issueClient('URI:spiffe://example.org/b'),
    ]
    const crl = fresh.write('list.pem', fresh.revocationList())
    const { listener, port } = await listen({ ...filesFor(), clientCa: fresh.certFile, crl })
    const [goodAgent, goneAgent] = [good, gone].map(({ cert, key }) => {
      return new Agent({ keepAlive: true, maxSockets: 1, cert, key, ca: authority.cert, servername: 'localhost' })
    }) as [Agent, Agent]
    for (const each of [goodAgent, goneAgent])
      expect(await get(port, { agent: each })).toMatchObject({ text: 'good', connection: 'keep-alive' })
    const idle = Object.values(goneAgent.freeSockets)[0]?.[0] as TLSSocket
    fresh.revoke(gone)
    fresh.write('list.pem', fresh.revocationList())
    const closed = once(idle, 'close')
    listener.reload()
    await closed
    expect(await get(port, { agent: goodAgent })).toMatchObject({ text: 'good', connection: 'close' })
    expect(await get(port, { agent: goodAgent })).toMatchObject({ text: 'good', connection: 'keep-alive' })
    await expect(get(port, { agent: goneAgent })).rejects.toThrow()
    fresh.remove()
  })

  it('are looked at for every request: a list that expires lets nobody in on a connection that is open', async () => {
    let now = Date.now()
    const { port } = await listen(withClients(authority.revocationList()), () => now)
    const { cert, key } = agent
    const kept = new Agent({ keepAlive: true, maxSockets: 1, cert, key, ca: authority.cert, servername: 'localhost' })
    expect((await get(port, { agent: kept })).text).toBe('good')
    await ended
    now += 8 * 86_400_000
    expect(await get(port, { agent: kept })).toMatchObject({
      text: expect.stringContaining('not valid now'),
      connection: 'close',
    })
  })
})

describe('files that cannot be used', () => {
  const failing = (change: (tls: TlsOptions) => Partial<TlsOptions>) => () => {
    const tls = filesFor()
    return new TlsListener({ tls: { ...tls, ...change(tls) }, observe: () => {}, clock: Date.now })
  }

  it('are named, each with what is wrong with it', () => {
    const open = failing(({ key }) => {
      chmodSync(key, 0o640)
      return {}
    })
    expect(open).toThrow(/server\.tls\.key: .* may be read by others than its owner \(mode 0640\)/)
    expect(failing(() => ({ key: agent.keyFile }))).toThrow(/server\.tls\.key: .* is not the key of the certificate/)
    const expired = authority.issueServer({ from: '20200101000000Z', to: '20210101000000Z' })
    expect(failing(() => ({ cert: expired.certFile }))).toThrow(/server\.tls\.cert: .* expired on/)
    expect(failing(() => ({ cert: '/nowhere.pem' }))).toThrow(/server\.tls\.cert: .* cannot be read \(ENOENT\)/)
    expect(failing(({ key }) => ({ cert: key }))).toThrow(/server\.tls\.cert: .* holds no certificate/)
    expect(failing(({ cert }) => ({ key: cert }))).toThrow(/server\.tls\.key: .* holds no private key/)
    expect(failing(() => ({ clientCa: agent.certFile }))).toThrow(/server\.tls\.clientCa: .* not of an authority/)
    const clientCa = authority.certFile
    expect(failing(() => ({ clientCa, crl: clientCa }))).toThrow(/server\.tls\.crl: .* no revocation list/)
    expect(failing(() => ({ clientCa, crl: '/nowhere.pem' }))).toThrow(/server\.tls\.crl: .* cannot be read/)
  })
})

function serialOf({ cert }: Issued): string {
  return new X509Certificate(cert).serialNumber
}

async function serialAt(port: number): Promise<{ serial: string }> {
  const socket = connect({ ...trusting(), port })
  await once(socket, 'secureConnect')
  const serial = socket.getPeerCertificate().serialNumber
  socket.destroy()
  return { serial }
}
