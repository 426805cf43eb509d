import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { defineTool } from '../capabilities/definition.ts'
import { acceptedContent, elicit, inputRequired } from '../capabilities/input-required.ts'
import { defaultConfig } from '../config/default-config.ts'
import type { App } from './app.ts'
import { createApp } from './create-app.ts'

// biome-ignore lint/suspicious/noExplicitAny: a test looks into answers as it likes
type Answer = any

const CAPABILITIES = { elicitation: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } }
const FORM = { type: 'object', properties: { name: { type: 'string' } } }

const definitions = [
  defineTool({ name: 'quick', task: 'optional', run: async () => 'done' }),
  defineTool({ name: 'endless', task: 'optional', run: () => new Promise<string>(() => {}) }),
  defineTool({
    name: 'asks',
    task: 'optional',
    run: async (_input, { inputs, state }) => {
      if (inputs.who === undefined) {
        return inputRequired({ requests: { who: elicit('Who?', FORM) }, state: { kept: 'state' } })
      }
      return `${String(acceptedContent(inputs.who)?.name)} ${JSON.stringify(state)}`
    },
  }),
]

let directory: string
let apps: App[]
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'toolgate-tasks-'))
  apps = []
})
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()))
  rmSync(directory, { recursive: true, force: true })
})

async function start(clock: () => number = Date.now) {
  const config = defaultConfig({ connectors: [], directory })
  const connector = {
    name: 'test',
    connect: async () => definitions.map((definition) => ({ definition, source: 'test.ts' })),
    close: async () => {},
  }
  const access = { ...config.access, roles: { all: { scopes: [], allow: [{ name: '*' }], deny: [] } } }
  const given = { ...config, access: { ...access, local: { roles: ['all'] } } }
  const app = await createApp(given, { writeLog: () => {}, connectors: [connector], clock })
  apps.push(app)
  const peer = app.connectInMemory(undefined, { capabilities: CAPABILITIES })
  const call = (name: string): Promise<Answer> => peer.request('tools/call', { name })
  const until = async (taskId: string, isDone: (task: Answer) => boolean): Promise<Answer> => {
    for (;;) {
      const task = await peer.request('tasks/get', { taskId })
      if (isDone(task)) return task
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { app, peer, call, until }
}

const is =
  (status: string) =>
  (task: Answer): boolean =>
    task.status === status

it('after a restart results can still be fetched, questions be answered, and what was stopped has failed', async () => {
  const before = await start()
  const [quick, endless, asks] = await Promise.all(['quick', 'endless', 'asks'].map((name) => before.call(name)))
  await before.until(quick.taskId, is('completed'))
  const { inputRequests } = await before.until(asks.taskId, is('input_required'))
  await before.app.close()

  const after = await start()
  expect((await after.until(quick.taskId, is('completed'))).result.content[0].text).toBe('done')
  const failed = await after.until(endless.taskId, is('failed'))
  expect(failed.error.message).toBe('The server was stopped before the task ended. Call the tool again.')
  const inputResponses = { [Object.keys(inputRequests)[0] as string]: { action: 'accept', content: { name: 'ann' } } }
  await after.peer.request('tasks/update', { taskId: asks.taskId, inputResponses })
  const resumed = await after.until(asks.taskId, is('completed'))
  expect(resumed.result.content[0].text).toBe('ann {"kept":"state"}')
})

it('a task of a process that lives is left alone by another one, which can cancel it', async () => {
  let now = Date.now()
  const clock = (): number => now
  const [one, other] = [await start(clock), await start(clock)]
  const { taskId } = await one.call('endless')
  now += 14_000
  expect(await other.until(taskId, () => true)).toMatchObject({ status: 'working' })
  await other.peer.request('tasks/cancel', { taskId })
  expect(await one.until(taskId, () => true)).toMatchObject({ status: 'cancelled' })
})

const MAIN = fileURLToPath(new URL('../../test/fixtures/task-server.ts', import.meta.url))

it('a task that was working when the process was killed has failed, and says so', async () => {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', MAIN, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const [line] = (await once(lines, 'line')) as [string]
  const { quick, endless } = JSON.parse(line) as { quick: string; endless: string }
  child.kill('SIGKILL')
  await once(child, 'exit')

  let now = Date.now()
  const after = await start(() => now)
  expect((await after.until(quick, is('completed'))).result.content[0].text).toBe('done')
  now += 20_000
  const failed = await after.until(endless, () => true)
  expect(failed).toMatchObject({ status: 'failed', error: { code: -32603 } })
  expect(failed.error.message).toBe('The server ended before the task did. Call the tool again.')
  expect(failed).not.toHaveProperty('result')
})
