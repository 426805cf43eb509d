import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { CallToolResultSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askThenWork, confirmDelete, failingJob, greet, slowCompute } from '../conformance/capabilities/tasks.ts'
import { createTestEngine, serveEngine } from '../fixtures/engine.ts'
import { stdioParameters } from '../fixtures/official-clients.ts'

describe.each([
  { way: 'HTTP', connect: connectOverHttp },
  { way: 'stdio', connect: connectOverStdio },
])('the official SDK v1 client with tasks over $way', ({ connect }) => {
  let client: Client
  let end: () => Promise<void>
  const asked: unknown[] = []

  beforeAll(async () => {
    client = new Client({ name: 'tasks', version: '1' }, { capabilities: { elicitation: {} } })
    end = await connect(client)
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      asked.push(params._meta)
      const isName = params.message.includes('name')
      return { action: 'accept', content: isName ? { name: 'ada' } : { confirm: true } }
    })
  })

  afterAll(() => end())

  const tasks = () => client.experimental.tasks
  const make = async (name: string, args: Record<string, unknown>): Promise<string> => {
    for await (const message of tasks().callToolStream({ name, arguments: args }, undefined, {
      task: { ttl: 60_000 },
    })) {
      if (message.type === 'taskCreated') return message.task.taskId
    }
    throw new Error('no task was made')
  }

  test('calls a tool as a task, is asked on the way, and gets its result', async () => {
    const seen: string[] = []
    let text: unknown
    let taskId: string | undefined
    const stream = tasks().callToolStream({ name: 'confirm_delete', arguments: { filename: 'a.txt' } }, undefined, {
      task: {},
    })
    for await (const message of stream) {
      seen.push(message.type)
      if (message.type === 'taskCreated') taskId = message.task.taskId
      if (message.type === 'result') text = message.result.content
    }
    expect(seen[0]).toBe('taskCreated')
    expect(seen.at(-1)).toBe('result')
    expect(text).toEqual([{ type: 'text', text: 'Deleted a.txt.' }])
    expect(asked).toContainEqual({ 'io.modelcontextprotocol/related-task': { taskId } })
  })

  test('waits for the result of a task that asks first and works then', async () => {
    const taskId = await make('test_tool_with_task', {})
    const result = await tasks().getTaskResult(taskId, CallToolResultSchema)
    expect(result.content).toEqual([{ type: 'text', text: 'Worked for ada.' }])
    expect((await tasks().getTask(taskId)).status).toBe('completed')
  })

  test('lists its tasks, page by page, and cancels one of them', async () => {
    const made = [await make('slow_compute', { seconds: 600 }), await make('slow_compute', { seconds: 600 })]
    const [first, second] = made as [string, string]
    expect(await tasks().getTask(first)).toMatchObject({ status: 'working', ttl: 60_000 })
    const listed: string[] = []
    let cursor: string | undefined
    do {
      const page = await tasks().listTasks(cursor)
      listed.push(...page.tasks.map((task) => task.taskId))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    expect(listed).toEqual(expect.arrayContaining(made))
    expect((await tasks().cancelTask(first)).status).toBe('cancelled')
    await expect(tasks().cancelTask(first)).rejects.toMatchObject({ code: -32602 })
    await expect(tasks().getTaskResult(first, CallToolResultSchema)).rejects.toMatchObject({ code: -31499 })
    await expect(tasks().getTask('unknown')).rejects.toMatchObject({ code: -32602 })
    await tasks().cancelTask(second)
  })

  test('reads the refusal of a job that fails, and is told when it calls a tool in the wrong way', async () => {
    const result = await tasks().getTaskResult(await make('failing_job', {}), CallToolResultSchema)
    expect(result).toMatchObject({ isError: true, content: [{ text: 'This job always fails.' }] })
    const direct = client.request({ method: 'tools/call', params: { name: 'failing_job' } }, CallToolResultSchema)
    await expect(direct).rejects.toMatchObject({ code: -32601 })
    await expect(make('greet', { name: 'ada' })).rejects.toThrow('no task was made')
  })
})

async function connectOverHttp(client: Client): Promise<() => Promise<void>> {
  const definitions = [askThenWork, confirmDelete, failingJob, greet, slowCompute]
  const server = await serveEngine(createTestEngine(definitions, { server: { pageSize: 2 } }))
  const requestInit = { headers: { authorization: 'Bearer ann' } }
  await client.connect(new StreamableHTTPClientTransport(new URL(server.url), { requestInit }) as never)
  return async () => {
    await client.close()
    await server.close()
  }
}

async function connectOverStdio(client: Client): Promise<() => Promise<void>> {
  await client.connect(new StdioClientTransport(stdioParameters()))
  return () => client.close()
}
