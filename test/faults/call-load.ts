import { HttpConnection } from '../../bench/load/http-connection.ts'

/** Who calls what, how. */
export interface LoadPlan {
  readonly port: number
  readonly key: string
  readonly tool: string
  readonly input: object
  readonly connections: number
  /** After so many answers no more is asked. */
  readonly maxCalls?: number
}

/** What came of the calls. */
export interface LoadResult {
  /** Texts of the answers that were results. */
  readonly answered: readonly string[]
  /** Answers that were refusals, by the error's code. */
  readonly refused: ReadonlyMap<number, number>
}

/** Calls that go on until they are told to stop, or until the server is gone. */
export interface RunningLoad {
  /** Resolves with the first answer. */
  readonly begun: Promise<void>
  /** Resolves when nobody calls any more. */
  readonly ended: Promise<unknown>
  /** Lets the open calls end. */
  stop(): Promise<LoadResult>
}

/** One `tools/call` of revision 2026-07-28 as the bytes of a request. */
export function toBytes({ port, key, tool, input }: Omit<LoadPlan, 'connections'>): Buffer {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'faults', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const params = { name: tool, arguments: input, _meta }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  const head = [
    'POST /mcp HTTP/1.1',
    `host: 127.0.0.1:${port}`,
    'accept: application/json, text/event-stream',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `authorization: Bearer ${key}`,
    'mcp-protocol-version: 2026-07-28',
    'mcp-method: tools/call',
    `mcp-name: ${tool}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Keeps one call in flight on every connection. */
export function startLoad(plan: LoadPlan): RunningLoad {
  const answered: string[] = []
  const refused = new Map<number, number>()
  const bytes = toBytes(plan)
  const { maxCalls = Number.POSITIVE_INFINITY } = plan
  let count = 0
  let isStopped = false
  let begin: () => void = () => {}
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const keepCalling = async (): Promise<void> => {
    const connection = await HttpConnection.open(plan.port).catch(() => undefined)
    try {
      while (!isStopped && connection !== undefined && count < maxCalls) {
        count += 1
        const { text, code } = readAnswer((await connection.send(bytes)).body)
        if (text !== undefined) answered.push(text)
        else refused.set(code, (refused.get(code) ?? 0) + 1)
        begin()
      }
    } catch {
      // The server is gone, and the call without an answer.
    } finally {
      connection?.close()
    }
  }
  const ended = Promise.all(Array.from({ length: plan.connections }, keepCalling))
  return {
    begun,
    ended,
    async stop() {
      isStopped = true
      await ended
      return { answered, refused }
    },
  }
}

function readAnswer(body: string): { text?: string; code: number } {
  const { result, error } = JSON.parse(body) as {
    result?: { isError?: boolean; content: { text: string }[] }
    error?: { code: number }
  }
  const text = result?.isError === true ? undefined : result?.content[0]?.text
  return { ...(text === undefined ? {} : { text }), code: error?.code ?? 0 }
}
