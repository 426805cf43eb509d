import { Agent, request } from 'node:http'

/** A server that is called over HTTP. */
export interface SqlServer {
  readonly name: string
  readonly port: number
  readonly headers: Readonly<Record<string, string>>
  /** Whether it takes the revision without sessions. */
  readonly isModern: boolean
  readonly calls: Readonly<Record<Work, Call>>
  stop(): Promise<void>
}

/** What is asked for: free SQL for the first two; what sleeps is a named query where free SQL may not sleep. */
export type Work = 'one' | 'rows' | 'cheap' | 'second' | 'minute'

export interface Call {
  readonly name: string
  readonly arguments: object
}

/** What came back. */
export interface Answer {
  readonly status: number
  readonly bytes: number
  readonly text: string
  readonly isError: boolean
}

const MODERN = '2026-07-28'
const LEGACY = '2025-06-18'
const agent = new Agent({ keepAlive: true, maxSockets: 128 })
const client = { name: 'toolgate-bench', version: '1.0.0' }

/** Has a server do some work; `signal` ends the connection as a client does that leaves. */
export function callSql(server: SqlServer, work: Work, signal?: AbortSignal): Promise<Answer> {
  const call = server.calls[work]
  const envelope = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientInfo': client,
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const params = server.isModern ? { ...call, _meta: envelope } : call
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  const headers = {
    ...server.headers,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'mcp-protocol-version': server.isModern ? MODERN : LEGACY,
    ...(server.isModern ? { 'mcp-method': 'tools/call', 'mcp-name': call.name } : {}),
  }
  return new Promise((resolve, reject) => {
    const options = { agent, host: '127.0.0.1', port: server.port, path: '/mcp', method: 'POST', headers, signal }
    const outgoing = request(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve(toAnswer(response.statusCode ?? 0, Buffer.concat(chunks))))
    })
    outgoing.on('error', reject).end(body)
  })
}

function toAnswer(status: number, bytes: Buffer): Answer {
  const text = bytes.toString('utf8')
  const isError = status !== 200 || text.includes('"isError":true') || text.includes('"error":{')
  return { status, bytes: bytes.length, text, isError }
}
