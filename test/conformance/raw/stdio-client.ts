import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Wire } from '../../fixtures/http-client.ts'
import { ENVELOPE } from '../../fixtures/http-client.ts'
import { REPOSITORY } from '../start-server.ts'

/** A child process that speaks the protocol over its pipes, seen byte for byte. */
export interface StdioClient {
  readonly process: ChildProcess
  /** Everything it has written to stdout. */
  output(): string
  /** Every complete line of it as JSON. Throws when one is not. */
  messages(): Wire[]
  write(bytes: string | Buffer): void
  send(message: Record<string, unknown>): void
  /** An id that no request had yet. */
  nextId(): string
  /** Resolves to the first message, past or to come, that fits. */
  find(fits: (message: Wire) => boolean): Promise<Wire>
  /** Sends a request of revision 2026-07-28 and resolves to its response. */
  modern(method: string, params?: Record<string, unknown>, meta?: Record<string, unknown>): Promise<Wire>
  /** Sends a request of the session that `initialize` opened. */
  legacy(method: string, params?: Record<string, unknown>): Promise<Wire>
  /** Opens the session, once. */
  open(): Promise<Wire>
  /** Ends its input; resolves to how it exited. */
  end(): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

const SERVE = fileURLToPath(new URL('./serve-raw-stdio.ts', import.meta.url))

/** Starts the raw suite's own server, or another command that speaks over stdio. */
export function startStdioClient(args: readonly string[] = ['--import', 'tsx', SERVE]): StdioClient {
  const child = spawn(process.execPath, args, { cwd: REPOSITORY, stdio: ['pipe', 'pipe', 'ignore'] })
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  process.once('exit', () => child.kill())
  child.stdin.on('error', () => {})
  let output = ''
  const listeners = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    for (const listener of [...listeners]) listener()
  })
  const messages = (): Wire[] => {
    const lines = output.split('\n')
    return lines.slice(0, -1).map((line) => JSON.parse(line))
  }
  const find: StdioClient['find'] = (fits) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        try {
          const found = messages().find(fits)
          if (found === undefined) return
          resolve(found)
        } catch (broken) {
          reject(broken)
        }
        listeners.delete(look)
      }
      listeners.add(look)
      look()
    })
  const write = (bytes: string | Buffer): void => void child.stdin.write(bytes)
  const send = (message: Record<string, unknown>): void => write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  let count = 0
  const nextId = (): string => `raw-${++count}`
  const request = (method: string, params: Record<string, unknown>): Promise<Wire> => {
    const id = nextId()
    send({ id, method, params })
    return find((message) => message.id === id && message.method === undefined)
  }
  let opened: Promise<Wire> | undefined
  const client = { protocolVersion: '2025-11-25', clientInfo: { name: 'raw', version: '0' } }
  const open = (): Promise<Wire> => {
    opened ??= request('initialize', { ...client, capabilities: { elicitation: {} } }).then((answer) => {
      send({ method: 'notifications/initialized' })
      return answer
    })
    return opened
  }
  return {
    process: child,
    output: () => output,
    messages,
    write,
    send,
    nextId,
    find,
    open,
    modern: (method, params = {}, meta = {}) => request(method, { ...params, _meta: { ...ENVELOPE, ...meta } }),
    legacy: async (method, params = {}) => {
      await open()
      return request(method, params)
    },
    end: async () => {
      child.stdin.end()
      const [code, signal] = await exited
      return { code, signal }
    },
  }
}
