import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { median } from './arithmetic.ts'
import { nodeBinary } from './process/node-binary.ts'
import { stopChild } from './process/running-subject.ts'
import type { Launch } from './subjects/subject.ts'

/** A server that is started over stdio. */
export interface StdioSubject {
  readonly name: string
  readonly prepare: () => Promise<Launch>
}

export interface ColdStart {
  readonly name: string
  readonly medianMs: number
  readonly minMs: number
  readonly maxMs: number
  readonly runs: number
}

/**
 * Milliseconds from spawning a server to its first answered `tools/list`, as a client sees them: `initialize`, its answer,
 * `notifications/initialized`, `tools/list`, its answer with at least one tool. Subjects take turns.
 */
export async function measureColdStart(
  subjects: readonly StdioSubject[],
  options: { readonly runs: number; readonly say: (line: string) => void },
): Promise<{ rows: ColdStart[]; failures: { name: string; reason: string }[] }> {
  const times = new Map<string, number[]>(subjects.map(({ name }) => [name, []]))
  const failures: { name: string; reason: string }[] = []
  options.say(`cold start over stdio, ${options.runs} times each`)
  for (let run = 0; run < options.runs; run++) {
    for (const { name, prepare } of subjects) {
      if (failures.some((failure) => failure.name === name)) continue
      try {
        times.get(name)?.push(await timeFirstList(await prepare()))
      } catch (error) {
        options.say(`${name} over stdio failed: ${(error as Error).message}`)
        failures.push({ name, reason: (error as Error).message })
      }
    }
  }
  const rows = [...times]
    .filter(([name]) => !failures.some((failure) => failure.name === name))
    .map(([name, ms]) => ({
      name,
      medianMs: median(ms),
      minMs: Math.min(...ms),
      maxMs: Math.max(...ms),
      runs: ms.length,
    }))
  return { rows, failures }
}

async function timeFirstList(launch: Launch): Promise<number> {
  const startedAt = performance.now()
  const child = spawn(nodeBinary, launch.args, {
    cwd: launch.directory,
    env: { ...process.env, ...launch.env },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  try {
    await exchange(child)
    return performance.now() - startedAt
  } finally {
    child.stdin.end()
    await stopChild(child)
  }
}

const TIMEOUT_MS = 20_000

async function exchange(child: ChildProcess & { stdin: NodeJS.WritableStream }): Promise<void> {
  const ask = openConversation(child)
  const clientInfo = { name: 'toolgate-bench', version: '1.0.0' }
  await ask('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo })
  child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`)
  const { tools } = await ask('tools/list', {})
  if (!Array.isArray(tools) || tools.length === 0) throw new Error('the list held no tool')
}

type Ask = (method: string, params: object) => Promise<{ readonly tools?: unknown }>

function openConversation(child: ChildProcess & { stdin: NodeJS.WritableStream }): Ask {
  let settle: { resolve: (result: object) => void; reject: (error: Error) => void } | undefined
  let id = 0
  if (child.stdout === null) throw new Error('the server has no stdout')
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line) as { id?: number; result?: object; error?: { message: string } }
    if (message.id !== id) return
    if (message.result) settle?.resolve(message.result)
    else settle?.reject(new Error(message.error?.message ?? 'an answer without a result'))
  })
  child.on('exit', (code) => settle?.reject(new Error(`the server ended with ${code} before it had answered`)))
  return (method, params) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${method} in ${TIMEOUT_MS} ms`)), TIMEOUT_MS)
      const done =
        <Value>(then: (value: Value) => void) =>
        (value: Value): void => {
          clearTimeout(timer)
          then(value)
        }
      settle = { resolve: done(resolve), reject: done(reject) }
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params })}\n`)
    })
}
