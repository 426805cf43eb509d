import type { IncomingHttpHeaders } from 'node:http'
import { Agent, type RequestOptions, request } from 'node:https'
import type { Credential } from './credentials.ts'
import type { Request } from './operations.ts'

/** What came back. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The body, or the last message of a stream so far. */
  // biome-ignore lint/suspicious/noExplicitAny: what comes from the wire has any shape
  readonly json: any
}

/** Sends what a holder of credentials sends, over connections that are kept. */
export interface Wire {
  post(credential: Credential, sent: Request & { readonly path?: string; readonly method?: string }): Promise<Answer>
  close(): void
}

/** After 20 failures an address must wait, so whoever fails comes from another one before that: all of 127/8 is this machine. */
const FAILURES_PER_ADDRESS = 16

export function openWire(url: string, ca: string): Wire {
  const { port, pathname } = new URL(url)
  const agents = new Map<Credential, { agent: Agent; failures: number }>()
  let addresses = 0
  const open = (credential: Credential): { agent: Agent; failures: number } => {
    addresses += 1
    const localAddress = `127.1.${addresses >> 8}.${addresses & 255}`
    const { cert, key } = credential.certificate ?? {}
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca, localAddress, ...(cert && { cert, key }) })
    const opened = { agent, failures: 0 }
    agents.set(credential, opened)
    return opened
  }
  const agentFor = (credential: Credential): Agent => {
    const known = agents.get(credential) ?? open(credential)
    if (known.failures < FAILURES_PER_ADDRESS) return known.agent
    known.agent.destroy()
    return open(credential).agent
  }
  return {
    async post(credential, { headers, body, path = pathname, method = 'POST' }) {
      const agent = agentFor(credential)
      const all = {
        ...DEFAULTS,
        'content-length': Buffer.byteLength(body),
        ...(await credential.headers({ method, path: path.split('?')[0] ?? '' })),
        ...headers,
      }
      const answer = await exchange({ host: '127.0.0.1', port, path, method, agent, headers: all }, body)
      const known = agents.get(credential)
      if (answer.status === 401 && known !== undefined) known.failures += 1
      return answer
    },
    close: () => {
      for (const { agent } of agents.values()) agent.destroy()
    },
  }
}

const DEFAULTS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

function exchange(options: RequestOptions, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (incoming) => {
      let text = ''
      const { statusCode: status = 0, headers } = incoming
      const isStream = String(headers['content-type']).startsWith('text/event-stream')
      const finish = (): void => resolve({ status, headers, text, json: parse(text, isStream) })
      incoming.setEncoding('utf8')
      incoming.on('data', (chunk: string) => {
        text += chunk
        // A subscription stays open; its first message says whether there is one.
        if (!isStream || !/^data: \{.*\}$/m.test(text)) return
        finish()
        outgoing.destroy()
      })
      incoming.on('end', finish)
      incoming.on('error', () => {})
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

function parse(text: string, isStream: boolean): unknown {
  if (!isStream) return text === '' ? undefined : JSON.parse(text)
  const last = text.split('\n').findLast((line) => line.startsWith('data: {'))
  return last === undefined ? undefined : JSON.parse(last.slice('data: '.length))
}
