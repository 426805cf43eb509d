import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { REPOSITORY, serveCommand } from '../conformance/start-server.ts'
import { sendModern } from '../fixtures/http-client.ts'
import { type ServedOverHttp, serveOverHttp } from '../fixtures/official-clients.ts'

// biome-ignore lint/suspicious/noExplicitAny: a test looks into answers as it likes
type Answer = any
type Ask = (method: string, params: Record<string, unknown>) => Promise<Answer>

const CAPABILITIES = { elicitation: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } }
const CLIENT_CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities'

let server: ServedOverHttp

beforeAll(async () => {
  server = await serveOverHttp()
})

afterAll(() => server.close())

describe.each([
  { era: 'modern', mode: { pin: '2026-07-28' } },
  { era: 'legacy', mode: 'legacy' as const },
])('the official client, which does not know tasks, in the $era era', ({ era, mode }) => {
  let client: Client

  beforeAll(async () => {
    client = new Client({ name: 'e2e', version: '1' }, { versionNegotiation: { mode } })
    await client.connect(new StreamableHTTPClientTransport(new URL(server.url)))
  })

  afterAll(() => client.close())

  test('waits for a tool that may run as a task', async () => {
    const result = await client.callTool({ name: 'slow_compute', arguments: { seconds: 0, label: 'x' } })
    expect(result.content).toEqual([{ type: 'text', text: 'Computed x for 0 s.' }])
  })

  test('is told what it lacks for a tool that must', async () => {
    const call = client.callTool({ name: 'failing_job', arguments: {} })
    await expect(call).rejects.toMatchObject({ code: era === 'modern' ? -32021 : -32601 })
  })
})

test('a task over HTTP asks, is answered and ends', async () => {
  const { port } = new URL(server.url)
  await deleteAfterAsking(async (method, params) => {
    const meta = { [CLIENT_CAPABILITIES]: CAPABILITIES }
    const headers = { authorization: undefined }
    return (await sendModern(Number(port), method, params, { meta, headers })).json.result
  })
})

test('a task over stdio asks, is answered and ends', async () => {
  const { command, args } = serveCommand('--stdio')
  const child: ChildProcess = spawn(command, args, { cwd: REPOSITORY, stdio: ['pipe', 'pipe', 'ignore'] })
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const waiting = new Map<number, (answer: Answer) => void>()
  lines.on('line', (line) => {
    const { id, result } = JSON.parse(line)
    waiting.get(id)?.(result)
  })
  const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', [CLIENT_CAPABILITIES]: CAPABILITIES }
  const ask: Ask = (method, params) =>
    new Promise((resolve) => {
      const id = waiting.size + 1
      waiting.set(id, resolve)
      child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta } })}\n`)
    })
  await deleteAfterAsking(ask)
  child.stdin?.end()
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
})

async function deleteAfterAsking(ask: Ask): Promise<void> {
  const { taskId, resultType } = await ask('tools/call', { name: 'confirm_delete', arguments: { filename: 'a.txt' } })
  expect(resultType).toBe('task')
  const { inputRequests } = await reach(ask, taskId, 'input_required')
  const [[key, request]] = Object.entries(inputRequests) as [[string, Answer]]
  expect(request).toMatchObject({ method: 'elicitation/create', params: { message: 'Delete a.txt?' } })
  await ask('tasks/update', { taskId, inputResponses: { [key]: { action: 'accept', content: { confirm: true } } } })
  const done = await reach(ask, taskId, 'completed')
  expect(done.result.content).toEqual([{ type: 'text', text: 'Deleted a.txt.' }])
}

async function reach(ask: Ask, taskId: string, status: string): Promise<Answer> {
  for (;;) {
    const task = await ask('tasks/get', { taskId })
    if (task.status === status) return task
  }
}
