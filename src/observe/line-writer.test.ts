import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'

const observer = JSON.stringify(new URL('./log-observer.ts', import.meta.url).href)
const children: ChildProcess[] = []

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** A process that logs to its stderr, as the server does. */
function start(script: string): ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream } {
  const body = `
    const { createLogObserver } = await import(${observer})
    const observe = createLogObserver({ level: 'info' })
    const log = (message) => observe({ type: 'server.started', message })
    ${script}`
  const flags = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', body]
  const child = spawn(process.execPath, flags, { stdio: ['pipe', 'pipe', 'pipe'] })
  children.push(child)
  return child as typeof child & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream }
}

const messages = (stderr: string): string[] =>
  stderr
    .split('\n')
    .filter((line) => line.startsWith('{"level"'))
    .map((line) => JSON.parse(line).msg)

describe('the log on stderr', () => {
  it.each([
    ['ends', ''],
    ['calls process.exit', 'process.exit(3)'],
    [
      'calls process.exit while a batch is written',
      'setTimeout(() => { log("last"); process.exit(3) }, 6); count += 1',
    ],
    ['dies of an error', 'throw new Error("boom")'],
    ['dies of a rejection', 'Promise.reject(new Error("boom"))'],
  ])('has every line of a process that %s, and stdout has none', async (_, end) => {
    const child = start(`
      let count = 3000
      for (let at = 0; at < 3000; at += 1) log('line ' + at)
      process.on('exit', () => process.stdout.write('expected ' + count))
      ${end}`)
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
    expect(`expected ${messages(stderr).length}`).toBe(stdout)
    expect(new Set(messages(stderr)).has('line 2999')).toBe(true)
  })

  it('that nobody reads does not stop the server: lines are dropped, and how many is told', async () => {
    const child = start(`
      const wide = 'x'.repeat(1000)
      let rounds = 0
      const more = setInterval(() => {
        for (let at = 0; at < 1000; at += 1) log(wide)
        rounds += 1
        if (rounds === 20) {
          clearInterval(more)
          process.stdout.write('alive')
        }
      }, 1)
      process.stdin.once('data', () => { log('after'); process.stdin.destroy() })`)
    const [alive] = await once(child.stdout, 'data')
    expect(String(alive)).toBe('alive')
    const stderr = text(child.stderr)
    child.stdin?.write('x')
    const lines = (await stderr)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const dropped = lines.filter(({ msg }) => msg === 'Log lines were dropped')
    expect(dropped).toHaveLength(1)
    expect(lines.length - 1 + dropped[0].lines).toBe(20_001)
    expect(dropped[0].lines).toBeGreaterThan(1_000)
  })

  it('whose reader has gone does not stop the server either', async () => {
    const child = start(`
      process.stdin.on('data', () => {
        for (let at = 0; at < 1000; at += 1) log('line')
        setTimeout(() => process.stdout.write('alive'), 20)
      })
      process.stdin.on('end', () => process.exit(0))
      process.stdout.write('ready')`)
    await once(child.stdout, 'data')
    ;(child.stderr as unknown as { destroy(): void }).destroy()
    for (let round = 0; round < 2; round += 1) {
      child.stdin?.write('x')
      expect(String((await once(child.stdout, 'data'))[0])).toBe('alive')
    }
    child.stdin?.end()
    expect((await once(child, 'exit'))[0]).toBe(0)
  })
})
