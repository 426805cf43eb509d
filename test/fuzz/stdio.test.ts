import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serveStdio } from '../../src/edge/stdio/serve-stdio.ts'
import { endAll, makeFolder, startCli } from '../e2e/cli-process.ts'
import { holder } from '../fixtures/engine.ts'
import { liveBytes } from '../fixtures/live-heap.ts'
import { expectedId, findLeak, findTextFault } from './find-fault.ts'
import { legacyMessage, modernMessage, openingMessage } from './messages.ts'
import { mutateMessage } from './mutate-json.ts'
import { type Random, type RunPlan, randomOfCase, readPlan } from './random.ts'
import { describeInput, shrink } from './shrink.ts'
import { createSubject, findUnrecorded } from './subject.ts'

const HANDED = [
  {
    cursor: 'bm90IGEgY3Vyc29yIGJ1dCBsb29rcyBsaWtlIG9uZSB0byBhIHJlYWRlcg',
    state: 'c3RhdGU',
    taskId: '00000000-0000-4000-8000-000000000000',
  },
]
const LINES_A_CONNECTION = 1_500
const MAX_GROWTH_BYTES = 3_000_000
/** How long an answer may take: far more than any honest one does. */
const BOUND_MS = 10_000

const crashes: unknown[] = []
const onCrash = (reason: unknown): void => void crashes.push(reason)
beforeAll(() => void process.on('uncaughtException', onCrash).on('unhandledRejection', onCrash))
afterAll(async () => {
  process.off('uncaughtException', onCrash).off('unhandledRejection', onCrash)
  await endAll()
})

/** One mutated line, whose id no other line of the connection has. */
function createLine(random: Random, index: number): Buffer {
  const kind = random.pick(['modern', 'legacy', 'legacy', 'opening'])
  const id = random.chance(0.5) ? index : `l-${index}`
  if (kind === 'opening' && random.chance(0.7)) return Buffer.from(JSON.stringify(openingMessage(id, random)))
  const message = {
    modern: () => modernMessage(id, random, HANDED),
    legacy: () => legacyMessage(id, random, HANDED),
    opening: () => openingMessage(id, random),
  }[kind as 'modern']()
  return random.chance(0.15) ? Buffer.from(JSON.stringify(message)) : mutateMessage(message, random)
}

/** A connection over pipes within this process. */
function connectPipes(subject = createSubject(), boundMs = BOUND_MS) {
  const input = new PassThrough()
  const lines: string[] = []
  let look: () => void = () => {}
  const write = (line: string): void => {
    lines.push(line)
    look()
  }
  const done = serveStdio(
    subject.test.engine,
    { principal: holder('ann', 'user'), isValid: () => true },
    { input, write },
  )
  const until = (isThere: () => boolean, what: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${what} is not there after ${boundMs} ms`)), boundMs)
      look = () => {
        if (!isThere()) return
        clearTimeout(timer)
        look = () => {}
        resolve()
      }
      look()
    })
  return { input, lines, done, until }
}

type Pipes = ReturnType<typeof connectPipes>

/** Sends one line and a ping behind it; both must be answered, with nothing else between than well-formed messages. */
async function findFault({ input, lines, until }: Pipes, line: Buffer, ping: string): Promise<string | undefined> {
  lines.length = 0
  const id = line.includes('\n') ? undefined : expectedId(line.toString('utf8').trim())
  input.write(Buffer.concat([line, Buffer.from(`\n{"jsonrpc":"2.0","id":"${ping}","method":"ping"}\n`)]))
  const pinged = JSON.stringify(ping)
  const answered = id === undefined ? undefined : JSON.stringify(id)
  try {
    await until(() => lines.some((text) => text.includes(`"id":${pinged}`)), 'the answer to the ping')
    if (answered !== undefined) {
      // A subscription is acknowledged instead; a line that is refused before it is parsed has no id to answer to.
      const forms = [`"id":${answered}`, `subscriptionId":${answered}`, '{"jsonrpc":"2.0","error":']
      const isAnswer = (text: string): boolean => forms.some((form) => text.includes(form))
      await until(() => lines.some(isAnswer), `the answer to ${answered}`)
    }
  } catch (error) {
    return (error as Error).message
  }
  if (crashes.length > 0) return `crashes the server: ${String(crashes[0])}`
  return lines.map((text) => findLineFault(text)).find((fault) => fault !== undefined)
}

function findLineFault(text: string): string | undefined {
  if (text.indexOf('\n') !== text.length - 1) return 'is answered with more or less than one line'
  return findLeak(text) ?? findTextFault(text)
}

async function report({ seed }: RunPlan, index: number, line: Buffer, fault: string): Promise<string> {
  let pings = 0
  const fails = async (candidate: Buffer): Promise<boolean> => {
    const pipes = connectPipes(createSubject(), 500)
    const found = await findFault(pipes, candidate, `again-${pings++}`)
    pipes.input.end()
    return found !== undefined
  }
  const smallest = (await fails(line)) ? await shrink(line, fails, 40) : line
  return `case ${index} ${fault}\n  again: FUZZ_SEED=${seed} FUZZ_ONLY=${index}\n  input: ${describeInput(smallest)}`
}

function writeServer(folder: string): void {
  const access = 'access: { roles: { user: { allow: [{ name: "*" }] } }, local: { roles: [user] } }'
  writeFileSync(
    join(folder, 'toolgate.yaml'),
    `connectors: [{ name: tools, type: typescript, path: ./tools }]\n${access}\n`,
  )
  mkdirSync(join(folder, 'tools'))
  const tools = [
    `export const echo = defineTool({ name: 'echo', input: { type: 'object' }, run: (input) => JSON.stringify(input) })`,
    `export const fail = defineTool({ name: 'fail', run: () => { throw new Error('hunter2') } })`,
  ]
  writeFileSync(join(folder, 'tools/tools.ts'), `import { defineTool } from 'toolgate'\n${tools.join('\n')}\n`)
}

describe('a server on stdio that is sent what no client should send', () => {
  it('answers every line in documented form, tells nothing, and grows no larger', async () => {
    const plan = readPlan('stdio', 12_000)
    const subject = createSubject()
    const sizes: number[] = []
    for (let start = plan.first; start < plan.first + plan.count; start += LINES_A_CONNECTION) {
      const pipes = connectPipes(subject)
      const end = Math.min(start + LINES_A_CONNECTION, plan.first + plan.count)
      for (let index = start; index < end; index += 1) {
        const line = createLine(randomOfCase(plan, index), index)
        const fault = await findFault(pipes, line, `ping-${index}`)
        if (fault !== undefined) throw new Error(await report(plan, index, line, fault))
      }
      pipes.input.end()
      await pipes.done
      expect(findUnrecorded(subject)).toEqual([])
      subject.forget()
      sizes.push(liveBytes())
    }
    expect(crashes).toEqual([])
    const [, , warm, ...later] = sizes
    if (warm !== undefined) expect((later.at(-1) ?? warm) - warm).toBeLessThan(MAX_GROWTH_BYTES)
  }, 110_000)

  it('survives as a process of its own, and ends in peace', async () => {
    const plan = readPlan('stdio, a process', 2_000)
    const folder = makeFolder()
    writeServer(folder.path)
    const server = startCli(['serve', '--stdio'], { cwd: folder.path })
    for (let index = plan.first; index < plan.first + plan.count; index += 1) {
      server.child.stdin.write(Buffer.concat([createLine(randomOfCase(plan, index), index), Buffer.from('\n')]))
    }
    server.child.stdin.write('{"jsonrpc":"2.0","id":"last","method":"ping"}\n')
    await server.printed(/"id":"last"/)
    server.child.stdin.end()
    const { code, out } = await server.ended()
    folder.remove()
    expect(code).toBe(0)
    const faults = out
      .split('\n')
      .filter(Boolean)
      .flatMap((text) => findLineFault(`${text}\n`) ?? [])
    expect(faults).toEqual([])
    expect(out).toContain('Reference: ')
  }, 60_000)
})
