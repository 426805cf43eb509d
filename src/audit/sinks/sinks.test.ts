import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type AuditSinkSubject, auditSinkSuite } from '../../testkit/audit-sink-suite.ts'
import type { TrailLine } from '../read-after.ts'
import { createSink } from './create-sink.ts'
import { createHttpSink } from './http-sink.ts'
import { createStdoutSink } from './stdout-sink.ts'
import { toFrame, toSyslogMessage } from './syslog-message.ts'
import { createSyslogSink } from './syslog-sink.ts'

const { signal } = new AbortController()
const native = ({ line }: TrailLine): string => line

/** Lines that arrive, and a promise of so many of them. */
function inbox(): { take: (line: string) => void; received: (count: number) => Promise<readonly string[]> } {
  const lines: string[] = []
  let check = (): void => undefined
  return {
    take: (line) => {
      lines.push(line)
      check()
    },
    received: (count) =>
      new Promise((resolve) => {
        check = () => {
          if (lines.length >= count) resolve([...lines])
        }
        check()
      }),
  }
}

/** The text of a message of RFC 5424: what follows the structured data. */
function textOf(message: string): string {
  const found = /^<\d+>1 \S+ \S+ \S+ \S+ \S+ \[[^ \]]+(?: [^ =\]]+="(?:[^"\\\]]|\\["\\\]])*")*\] ?(.*)$/s.exec(message)
  if (found === null) throw new Error(`not a message: ${message}`)
  return (found[1] ?? '').replace(/^\ufeff/, '')
}

/** Reads counted octets and hands on each message. */
function readFrames(socket: Socket, take: (message: string) => void): void {
  let rest = Buffer.alloc(0)
  socket.on('error', () => undefined)
  socket.on('data', (piece: Buffer) => {
    rest = Buffer.concat([rest, piece])
    for (;;) {
      const space = rest.indexOf(' ')
      const length = Number(rest.subarray(0, space).toString())
      if (space < 0 || rest.length < space + 1 + length) return
      take(rest.subarray(space + 1, space + 1 + length).toString())
      rest = rest.subarray(space + 1 + length)
    }
  })
}

const listen = (server: Server, port = 0): Promise<number> =>
  new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))

const folder = mkdtempSync(join(tmpdir(), 'toolgate-sinks-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A certificate for localhost; `undefined` without openssl. */
function makeCertificate(): { key: string; cert: string } | undefined {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const form = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  try {
    execFileSync('openssl', ['req', '-x509', ...form, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' })
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } catch {
    return undefined
  }
}

const certificate = makeCertificate()

async function syslogSubject(protocol: 'tcp' | 'tls', trusts = true): Promise<AuditSinkSubject> {
  const { take, received } = inbox()
  const sockets = new Set<Socket>()
  const accept = (socket: Socket): void => {
    sockets.add(socket)
    readFrames(socket, (message) => take(textOf(message)))
  }
  const make = (): Server =>
    protocol === 'tls'
      ? createTlsServer({ ...certificate }, accept).on('tlsClientError', () => undefined)
      : createServer(accept)
  let server = make()
  const port = await listen(server)
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
  const parts = { name: 'syslog', port, protocol, facility: 13, hostname: 'gate', timeoutMs: 5_000, format: native }
  const ca = trusts && certificate !== undefined ? { ca: certificate.cert } : {}
  return {
    sink: createSyslogSink({ ...parts, host: protocol === 'tls' ? 'localhost' : '127.0.0.1', ...ca, settleMs: 20 }),
    received,
    spoil: stop,
    mend: async () => {
      server = make()
      await listen(server, port)
    },
    close: stop,
  }
}

async function httpSubject(
  isCompressed = false,
): Promise<AuditSinkSubject & { headers: IncomingHttpHeaders[]; answer: (status: number) => void; url: string }> {
  const { take, received } = inbox()
  const headers: IncomingHttpHeaders[] = []
  let status = 204
  const server = createHttpServer(async (request, response) => {
    headers.push(request.headers)
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    const body =
      request.headers['content-encoding'] === 'gzip' ? gunzipSync(Buffer.concat(pieces)) : Buffer.concat(pieces)
    if (status === 204) for (const line of body.toString().split('\n').slice(0, -1)) take(line)
    response.writeHead(status, { location: '/elsewhere', 'retry-after': '7' }).end('what it says')
  })
  const port = await listen(server)
  const url = `http://127.0.0.1:${port}/in`
  return {
    url,
    headers,
    received,
    sink: createHttpSink({
      name: 'http',
      url,
      format: native,
      headers: { authorization: 'Bearer s3cret' },
      isCompressed,
      timeoutMs: 5_000,
    }),
    answer: (next) => {
      status = next
    },
    spoil: () => {
      status = 503
    },
    mend: () => {
      status = 204
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function datagramSubject(): Promise<AuditSinkSubject> {
  const { take, received } = inbox()
  const server = createSocket('udp4')
  server.on('message', (message) => take(textOf(message.toString())))
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve))
  const { port } = server.address()
  const parts = { name: 'syslog', host: '127.0.0.1', port, facility: 13, hostname: 'gate', timeoutMs: 5_000 }
  return {
    sink: createSyslogSink({ ...parts, protocol: 'udp', format: native }),
    received,
    close: () => {
      server.close()
    },
  }
}

function stdoutSubject(): AuditSinkSubject {
  const { take, received } = inbox()
  let isBroken = false
  const write = async (text: string): Promise<void> => {
    if (isBroken) throw new Error('EPIPE')
    for (const line of text.split('\n').slice(0, -1)) take(line)
  }
  return {
    sink: createStdoutSink({ name: 'stdout', format: native, write }),
    received,
    spoil: () => {
      isBroken = true
    },
    mend: () => {
      isBroken = false
    },
    close: () => undefined,
  }
}

describe('a syslog sink over TCP keeps the contract', () => {
  for (const { name, run } of auditSinkSuite(() => syslogSubject('tcp'))) it(name, run)
})
describe.skipIf(certificate === undefined)('a syslog sink over TLS keeps the contract (needs openssl)', () => {
  for (const { name, run } of auditSinkSuite(() => syslogSubject('tls'))) it(name, run)

  it('sends nothing to a server whose certificate nobody trusts', async () => {
    const subject = await syslogSubject('tls', false)
    await expect(subject.sink.send([line(0)], signal)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    await subject.close()
  })
})
// Datagrams get lost, in this machine too where many come at once: the contract, which promises all, is not for them.
describe('a syslog sink over UDP', () => {
  it('sends a datagram a record, and the structured data alone of one that no datagram can hold', async () => {
    const subject = await datagramSubject()
    const lines = [line(0, 'a\nb'), line(1, 'x'.repeat(40_000)), line(2)]
    await subject.sink.send(lines, signal)
    expect(await subject.received(3)).toEqual([lines[0]?.line, 'too long', lines[2]?.line])
    await subject.sink.close()
    await subject.close()
  })
})
describe('an HTTP sink keeps the contract', () => {
  for (const { name, run } of auditSinkSuite(() => httpSubject())) it(name, run)
})
describe('an HTTP sink that compresses keeps the contract', () => {
  for (const { name, run } of auditSinkSuite(() => httpSubject(true))) it(name, run)
})
describe('a sink on standard output keeps the contract', () => {
  for (const { name, run } of auditSinkSuite(stdoutSubject)) it(name, run)
})

function line(seq: number, name = 'tool'): TrailLine {
  const record = {
    v: 1,
    seq,
    time: '2026-11-22T00:00:00.000Z',
    event: 'sink.failed',
    sink: name,
    reason: name,
    hash: 'h',
  } as const
  const text = JSON.stringify(record)
  return { record, line: text, chain: 'c', segment: '000000000000.jsonl', offset: 0, length: text.length }
}

describe('an HTTP sink', () => {
  it.each([301, 302, 307, 400, 401, 403, 404, 408, 413, 429, 500, 502])(
    'takes %d for a failure and follows nothing',
    async (status) => {
      const subject = await httpSubject()
      subject.answer(status)
      await expect(subject.sink.send([line(0)], signal)).rejects.toMatchObject({
        name: 'SinkFailure',
        message: `it answered ${status}`,
        retryAfterMs: 7_000,
      })
      expect(subject.headers).toHaveLength(1)
      await subject.close()
    },
  )

  it('sends its credential and tells nobody of it when it fails', async () => {
    const subject = await httpSubject()
    subject.answer(401)
    const failure: unknown = await subject.sink.send([line(0)], signal).catch((thrown: unknown) => thrown)
    expect(subject.headers[0]).toMatchObject({ authorization: 'Bearer s3cret', 'content-type': 'application/x-ndjson' })
    expect(JSON.stringify(failure) + String(failure) + (failure as Error).stack).not.toContain('s3cret')
    await subject.close()
  })

  it('gives up on a server that does not answer', async () => {
    const sockets: Socket[] = []
    const server = createServer((socket) => sockets.push(socket.on('error', () => undefined)))
    const url = `http://127.0.0.1:${await listen(server)}/`
    const sink = createHttpSink({ name: 'http', url, format: native, headers: {}, isCompressed: false, timeoutMs: 100 })
    await expect(sink.send([line(0)], signal)).rejects.toMatchObject({ message: 'it took too long' })
    for (const socket of sockets) socket.destroy()
    server.close()
  })

  it.skipIf(certificate === undefined)(
    'sends nothing to a server whose certificate nobody trusts (needs openssl)',
    async () => {
      const { take, received } = inbox()
      const server = createTlsServer({ ...certificate }, (socket) => socket.on('data', () => take('data')))
      server.on('tlsClientError', () => undefined)
      const url = `https://localhost:${await listen(server)}/`
      const sink = createHttpSink({
        name: 'http',
        url,
        format: native,
        headers: {},
        isCompressed: false,
        timeoutMs: 5_000,
      })
      await expect(sink.send([line(0)], signal)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
      await new Promise((resolve) => server.close(resolve))
      expect(await received(0)).toEqual([])
    },
  )

  it('is not made without the variable that has its credential', () => {
    const options = {
      type: 'http',
      url: 'https://x.example/',
      format: 'jsonl',
      headers: {},
      headersFromEnv: { Authorization: 'SINK_AUTH' },
    } as const
    const surroundings = { version: '1', writeStdout: async () => undefined }
    const rest = { gzip: false, maxBatch: 1, timeoutMs: 1_000 }
    for (const environment of [{}, { SINK_AUTH: '' }, { SINK_AUTH: 'a\r\nX-Other: b' }]) {
      expect(() => createSink({ ...options, ...rest }, { ...surroundings, environment })).toThrow(/SINK_AUTH/)
    }
  })
})

describe('a syslog message', () => {
  it('is framed and read back whatever stands in the record', () => {
    const text = fc.string({ unit: 'binary' }).filter((each) => Buffer.from(each).toString() === each)
    fc.assert(
      fc.property(text, (name) => {
        const each = line(1, name)
        const message = toSyslogMessage(each, each.line, { facility: 13, hostname: name })
        expect(textOf(message)).toBe(each.line)
        const frame = toFrame(message)
        expect(Number(frame.slice(0, frame.indexOf(' ')))).toBe(Buffer.byteLength(message))
      }),
      { numRuns: 500 },
    )
  })

  it('says facility, severity, time, host, event and place', () => {
    const message = toSyslogMessage(line(5), 'x', { facility: 13, hostname: 'gate one' })
    expect(message).toBe(
      '<107>1 2026-11-22T00:00:00.000Z gateone toolgate - sink.failed [toolgate@32473 chain="c" seq="5"] x',
    )
  })
})
