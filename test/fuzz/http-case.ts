import { type Handed, legacyMessage, type Message, modernMessage, openingMessage } from './messages.ts'
import { hostileString, mutateBytes, mutateMessage } from './mutate-json.ts'
import type { Random } from './random.ts'

/** What a case may use of what the server has handed out. */
export interface Guesses {
  /** A session of the sender. */
  readonly session: string
  readonly foreignSessions: readonly string[]
  readonly eventIds: readonly string[]
  readonly handed: readonly Handed[]
}

/** One input: bytes on a socket. */
export interface HttpCase {
  readonly bytes: Buffer
  /** Whether HTTP says where the request ends, so that exactly one answer is due while the connection stays open. */
  readonly isFramed: boolean
  readonly method: string
  /** The body as sent, where there is one. */
  readonly body: Buffer
}

type Header = [name: string, value: string]

interface Draft {
  method: string
  target: string
  headers: Header[]
  body: Buffer
}

/** Makes the case of these draws. */
export function createHttpCase(random: Random, guesses: Guesses): HttpCase {
  const draft = createDraft(random, guesses)
  if (random.chance(0.35)) mutateHeaders(draft, random, guesses)
  const { method, body } = draft
  // What follows the answer to HEAD cannot be told apart from the body it has not.
  if (random.chance(0.12) && method !== 'HEAD')
    return { bytes: breakFraming(draft, random), isFramed: false, method, body }
  return { bytes: write(draft), isFramed: true, method, body }
}

function createDraft(random: Random, guesses: Guesses): Draft {
  const id = random.pick<unknown>([1, 'a', 77, `r-${random.below(1000)}`, 0, ''])
  if (random.chance(0.05)) return createBodiless(random, guesses)
  const kind = random.pick(['modern', 'modern', 'legacy', 'legacy', 'opening'])
  const message = {
    modern: () => modernMessage(id, random, guesses.handed),
    legacy: () => legacyMessage(id, random, guesses.handed),
    opening: () => openingMessage(id, random),
  }[kind as 'modern']()
  const body = random.chance(0.85) ? mutateMessage(message, random) : Buffer.from(JSON.stringify(message))
  const headers = [...postHeaders(), ...eraHeaders(kind, message, guesses)]
  return { method: 'POST', target: '/mcp', headers, body }
}

function postHeaders(): Header[] {
  return [
    ['Host', '127.0.0.1'],
    ['Authorization', 'Bearer ann'],
    ['Content-Type', 'application/json'],
    ['Accept', 'application/json, text/event-stream'],
  ]
}

function eraHeaders(kind: string, { method = '', params }: Message, { session }: Guesses): Header[] {
  if (kind === 'opening') return []
  if (kind === 'legacy') {
    return [
      ['MCP-Protocol-Version', '2025-11-25'],
      ['Mcp-Session-Id', session],
    ]
  }
  const name = params?.name ?? params?.uri ?? params?.taskId
  return [
    ['MCP-Protocol-Version', '2026-07-28'],
    ['Mcp-Method', method],
    ...(typeof name === 'string' ? [['Mcp-Name', name] as Header] : []),
  ]
}

function createBodiless(random: Random, { session, foreignSessions, eventIds }: Guesses): Draft {
  const headers: Header[] = [
    ['Host', 'localhost:3000'],
    ['Authorization', 'Bearer ann'],
    ['Accept', random.pick(['text/event-stream', '*/*', 'text/html'])],
    ['MCP-Protocol-Version', random.pick(['2025-11-25', '2025-03-26', '2026-07-28'])],
    ['Mcp-Session-Id', random.pick([session, ...foreignSessions])],
  ]
  if (random.chance(0.5)) headers.push(['Last-Event-ID', tamper(random.pick(eventIds), random)])
  const method = random.pick(['GET', 'GET', 'DELETE', 'OPTIONS', 'HEAD', 'PUT', 'PATCH', 'TRACE', 'PROPFIND'])
  // A session of the sender that is deleted is opened again; that takes long, so a foreign one is named mostly.
  if (method === 'DELETE') headers[4] = ['Mcp-Session-Id', random.pick([...foreignSessions, 'none'])]
  return { method, target: '/mcp', headers, body: Buffer.alloc(0) }
}

function tamper(text: string, random: Random): string {
  if (random.chance(0.5)) return text
  return random.pick([
    `${text}1`,
    text.slice(1),
    text.replace(/\.\d+$/, '.0'),
    `${text}e9`,
    `.${text}`,
    text.slice(0, -1),
  ])
}

const HEADER_VALUES: readonly string[] = [
  '',
  ' ',
  ',',
  'é'.repeat(10),
  '=?base64?aGk=?=',
  '=?base64?!!?=',
  '=?utf-8?Q?a?=',
  'application/json; charset=utf-16',
  'text/plain',
  'application/json;q=0, text/event-stream;q=0',
  'Bearer',
  'Bearer nobody',
  'Basic YW5uOg==',
  'null',
  'https://evil.example',
  'evil.example',
  '127.0.0.1:99999',
  '[::1]',
  '2025-06-18',
  '2027-01-01',
  'x'.repeat(3000),
  'x'.repeat(20_000),
]

const FURTHER: readonly Header[] = [
  ['Origin', 'https://evil.example'],
  ['Origin', 'null'],
  ['Content-Encoding', 'gzip'],
  ['Expect', '100-continue'],
  ['Expect', 'miracle'],
  ['Upgrade', 'websocket'],
  ['Connection', 'upgrade, Host'],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['X-Forwarded-Host', 'evil.example'],
  ['Cookie', 'mcp-session-id=1'],
  ['Mcp-Param-Region', '=?base64?/w==?='],
  ['__proto__', 'x'],
  ['constructor', 'x'],
  ['Access-Control-Request-Headers', 'mcp-param-a,'.repeat(100)],
]

const TARGETS: readonly string[] = [
  '/',
  '/mcp/',
  '/mcp?x=1',
  '/MCP',
  '//mcp',
  '/./mcp',
  '/%6dcp',
  '/mcp%00',
  '/mcp#a',
  '/mcp/../mcp',
  'http://127.0.0.1/mcp',
  '*',
  '/sse',
  '/messages?sessionId=1',
]

function mutateHeaders(draft: Draft, random: Random, guesses: Guesses): void {
  const at = random.below(draft.headers.length)
  const [name, value] = draft.headers[at]!
  const changes: (() => void)[] = [
    () => draft.headers.splice(at, 1),
    () => draft.headers.push([name, value]),
    () => draft.headers.push([name, random.pick(HEADER_VALUES)]),
    () => draft.headers.splice(at, 1, [name, random.pick(HEADER_VALUES)]),
    () => draft.headers.splice(at, 1, [name, `\t ${value} \t`]),
    () => draft.headers.splice(at, 1, [random.chance(0.5) ? name.toUpperCase() : name.toLowerCase(), value]),
    () => draft.headers.splice(at, 1, [name, value.toUpperCase()]),
    () => draft.headers.splice(at, 1, [name, `=?base64?${Buffer.from(value).toString('base64')}?=`]),
    () => draft.headers.push([...random.pick(FURTHER)] as Header),
    () => draft.headers.push(['Mcp-Session-Id', random.pick(guesses.foreignSessions)]),
    () => draft.headers.push(['Last-Event-ID', tamper(random.pick(guesses.eventIds), random)]),
    () => {
      draft.headers = draft.headers.filter(([other]) => other !== 'Mcp-Session-Id')
      draft.headers.push(['Mcp-Session-Id', tamper(random.pick(guesses.foreignSessions), random)])
    },
    () => {
      draft.target = random.pick(TARGETS)
    },
    () => {
      draft.method = random.pick(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'])
    },
  ]
  random.pick(changes)()
}

function write({ method, target, headers, body }: Draft, length: Header[] = lengthOf(body)): Buffer {
  const lines = [...headers, ...length].map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`), body])
}

function lengthOf(body: Buffer): Header[] {
  return [['Content-Length', String(body.length)]]
}

function breakFraming(draft: Draft, random: Random): Buffer {
  const { body } = draft
  const whole = write(draft)
  const smuggled = Buffer.from('POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}')
  const chunked: Header = [
    'Transfer-Encoding',
    random.pick(['chunked', 'Chunked', 'chunked, chunked', 'gzip, chunked', 'identity', ' chunked', 'xchunked']),
  ]
  const withBody = (next: Buffer): Draft => ({ ...draft, body: next })
  const breaks: (() => Buffer)[] = [
    () => mutateBytes(whole, random),
    () => whole.subarray(0, random.below(whole.length)),
    () => write(draft, [['Content-Length', String(body.length + 1 + random.below(50))]]),
    () => write(draft, [['Content-Length', String(random.below(body.length + 1))]]),
    () =>
      write(draft, [['Content-Length', random.pick(['-1', '1e3', '0x10', '9'.repeat(30), '', '1, 2', '+5', '5 5'])]]),
    () => write(draft, [...lengthOf(body), ['Content-Length', String(body.length + 3)]]),
    () => write(withBody(inChunks(body, random)), [chunked]),
    () => write(withBody(inChunks(body, random)), [chunked, ...lengthOf(body)]),
    () => write(withBody(Buffer.concat([Buffer.from('0\r\n\r\n'), smuggled])), [...lengthOf(body), chunked]),
    () => write(draft, []),
    () => Buffer.concat(Array.from({ length: 2 + random.below(6) }, () => whole)),
    () => Buffer.concat([whole, smuggled, mutateBytes(whole, random)]),
    () =>
      Buffer.from(whole.toString('latin1').replaceAll('\r\n', random.pick(['\n', '\r', '\r\n ', '\r\r\n'])), 'latin1'),
    () =>
      Buffer.from(
        whole.toString('latin1').replace('HTTP/1.1', random.pick(['HTTP/1.0', 'HTTP/2.0', 'HTTP/9', '', 'ICY'])),
        'latin1',
      ),
    () => write({ ...draft, headers: [...draft.headers, [hostileString(random), hostileString(random)]] }),
    () => write({ ...draft, headers: Array.from({ length: 3000 }, (_, at): Header => [`X-${at}`, '1']) }),
    () => write({ ...draft, target: hostileString(random) }),
    () => write({ ...draft, method: random.pick(['get', 'POSTT', 'CONNECT', 'PRI', '', 'M-SEARCH', 'SOURCE']) }),
  ]
  return random.pick(breaks)()
}

function inChunks(body: Buffer, random: Random): Buffer {
  const parts: string[] = []
  const text = body.toString('latin1')
  for (let at = 0; at < text.length; ) {
    const size = 1 + random.below(60)
    const part = text.slice(at, at + size)
    const claimed = random.chance(0.03)
      ? random.pick(['0', '-1', 'ffffffffffffffff', 'zz', ''])
      : part.length.toString(16)
    const extension = random.chance(0.05) ? `;a=${'b'.repeat(random.pick([1, 20_000]))}` : ''
    parts.push(`${claimed}${extension}\r\n${part}\r\n`)
    at += size
  }
  const trailer = random.chance(0.1) ? 'Authorization: Bearer bob\r\n' : ''
  return Buffer.from(`${parts.join('')}${random.chance(0.9) ? `0\r\n${trailer}\r\n` : ''}`, 'latin1')
}
