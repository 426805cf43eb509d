import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TrailLine } from '../read-after.ts'
import { type AuditSink, SinkFailure } from './audit-sink.ts'
import { createHttpSink } from './http-sink.ts'
import { type Outage, SinkFeed } from './sink-feed.ts'

let directory = ''
const feeds: SinkFeed[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'toolgate-feed-'))
})
afterEach(async () => {
  for (const feed of feeds.splice(0)) await feed.close()
  rmSync(directory, { recursive: true, force: true })
})

const cursorFile = (): string => join(directory, 'sinks', 'one.json')

/** Appends records to a segment, as the trail does. */
function append(chain: string, seqs: readonly number[], segment = 0): void {
  mkdirSync(join(directory, chain), { recursive: true })
  const lines = seqs.map(
    (seq) => `${JSON.stringify({ v: 1, seq, time: '2026-11-22T00:00:00.000Z', event: 'lifecycle.stopped' })}\n`,
  )
  appendFileSync(join(directory, chain, `${String(segment).padStart(12, '0')}.jsonl`), lines.join(''))
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at)

/** A sink that can be told to fail; what arrived, and a promise of it. */
function fakeSink(): {
  sink: AuditSink
  seqs: number[]
  batches: number[]
  failing: { times: number }
  until: (count: number) => Promise<void>
} {
  const seqs: number[] = []
  const batches: number[] = []
  const failing = { times: 0 }
  let check = (): void => undefined
  const sink: AuditSink = {
    name: 'fake',
    send: async (records) => {
      if (failing.times > 0) {
        failing.times -= 1
        throw new SinkFailure('it answered 503')
      }
      batches.push(records.length)
      seqs.push(...records.map(({ record }) => record.seq))
      check()
    },
    close: async () => undefined,
  }
  const until = (count: number): Promise<void> =>
    new Promise((resolve) => {
      check = () => {
        if (seqs.length >= count) resolve()
      }
      check()
    })
  return { sink, seqs, batches, failing, until }
}

interface Started {
  readonly feed: SinkFeed
  readonly failures: string[]
  readonly outages: Outage[]
  readonly delays: number[]
}

/** A feed whose waits are over at once, but for the first that `hold` says to be held until the feed ends. */
function start(sink: AuditSink, hold: (ms: number) => boolean = () => false): Started {
  const failures: string[] = []
  const outages: Outage[] = []
  const delays: number[] = []
  const feed = new SinkFeed({
    sink,
    directory,
    cursorFile: cursorFile(),
    maxBatch: 100,
    onFailed: ({ message }) => failures.push(message),
    onRecovered: (outage) => outages.push(outage),
    wait: (ms, signal) => {
      delays.push(ms)
      if (!hold(ms) || signal.aborted) return new Promise((resolve) => setImmediate(resolve))
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    },
    random: () => 1,
    clock: () => 1_000,
  })
  feeds.push(feed)
  feed.start()
  return { feed, failures, outages, delays }
}

describe('a feed', () => {
  it('brings everything over in order, across segments, and what comes later too', async () => {
    append('c', numbers(0, 250), 0)
    append('c', numbers(250, 300), 250)
    const { sink, seqs, batches, until } = fakeSink()
    start(sink)
    await until(300)
    append('c', numbers(300, 305), 250)
    await until(305)
    expect(seqs).toEqual(numbers(0, 305))
    expect(Math.max(...batches)).toBe(100)
  })

  it('goes on after a restart where it stood, and sends nothing again', async () => {
    append('c', numbers(0, 50))
    const first = fakeSink()
    const { feed } = start(first.sink)
    await first.until(50)
    await feed.close()
    append('c', numbers(50, 60))
    const second = fakeSink()
    start(second.sink)
    await second.until(10)
    expect(second.seqs).toEqual(numbers(50, 60))
  })

  it('hands over what is there by then when it is closed', async () => {
    const { sink, seqs } = fakeSink()
    const { feed } = start(sink, () => true)
    append('c', numbers(0, 5))
    await feed.close()
    expect(seqs).toEqual(numbers(0, 5))
  })

  it('keeps what a sink does not take for the next start', async () => {
    append('c', numbers(0, 5))
    const down = fakeSink()
    down.failing.times = 1_000
    const { feed, failures } = start(down.sink)
    await feed.close()
    expect(failures).toHaveLength(1)
    const up = fakeSink()
    start(up.sink)
    await up.until(5)
    expect(up.seqs).toEqual(numbers(0, 5))
  })

  it('tells once that a sink is down and once that it is back, and waits longer each time, up to a minute', async () => {
    append('c', numbers(0, 5))
    const { sink, seqs, failing, until } = fakeSink()
    failing.times = 10
    const { failures, outages, delays } = start(sink)
    await until(5)
    append('c', numbers(5, 6))
    await until(6)
    expect(seqs).toEqual(numbers(0, 6))
    expect(failures).toEqual(['it answered 503'])
    expect(outages).toEqual([{ since: 1_000, tries: 10 }])
    expect(delays.slice(0, 10)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
  })

  it('begins again at the beginning when its cursor cannot be read: twice is better than never', async () => {
    append('c', numbers(0, 5))
    mkdirSync(join(directory, 'sinks'))
    for (const text of ['', '{', '[]', '{"chains":{"c":{"segment":1,"offset":"x"}}}']) {
      writeFileSync(cursorFile(), text)
      const { sink, seqs, until } = fakeSink()
      const { feed } = start(sink)
      await until(5)
      await feed.close()
      expect(seqs).toEqual(numbers(0, 5))
    }
  })

  it('leaves a line alone that is still being written', async () => {
    append('c', [0])
    const file = join(directory, 'c', '000000000000.jsonl')
    appendFileSync(file, '{"v":1,"seq":1,"time":"2026-11-22T00:00:00.000Z",')
    const { sink, seqs, until } = fakeSink()
    start(sink)
    await until(1)
    appendFileSync(file, '"event":"lifecycle.stopped"}\n')
    await until(2)
    expect(seqs).toEqual([0, 1])
  })

  it('goes on behind segments that were removed', async () => {
    append('c', numbers(0, 5), 0)
    const first = fakeSink()
    const { feed } = start(first.sink)
    await first.until(5)
    await feed.close()
    rmSync(join(directory, 'c', '000000000000.jsonl'))
    append('c', numbers(9, 12), 9)
    const second = fakeSink()
    start(second.sink)
    await second.until(3)
    expect(second.seqs).toEqual([9, 10, 11])
  })

  it('passes over a line that is no record', async () => {
    append('c', [0])
    appendFileSync(join(directory, 'c', '000000000000.jsonl'), `${'x'.repeat(2_000_000)}\nnot a record\n`)
    append('c', [1])
    const { sink, seqs, until } = fakeSink()
    start(sink)
    await until(2)
    expect(seqs).toEqual([0, 1])
  })

  it('writes its cursor for its owner alone', async () => {
    append('c', [0])
    const { sink, until } = fakeSink()
    const { feed } = start(sink)
    await until(1)
    await feed.close()
    expect(JSON.parse(readFileSync(cursorFile(), 'utf8'))).toEqual({
      v: 1,
      chains: { c: { segment: '000000000000.jsonl', offset: expect.any(Number) } },
    })
  })
})

describe('a feed to a real server', () => {
  it('loses nothing and keeps order while the server is down at first, goes away and comes back', async () => {
    const seqs: number[] = []
    let arrived = (): void => undefined
    let dropNext = false
    const serve = (port: number): Promise<Server> => {
      const server = createServer(async (request, response) => {
        const pieces: Buffer[] = []
        for await (const piece of request) pieces.push(piece)
        const lines = Buffer.concat(pieces).toString().split('\n').slice(0, -1)
        seqs.push(...lines.map((line) => (JSON.parse(line) as { seq: number }).seq))
        if (dropNext) {
          // It has taken the batch and dies before it can say so.
          dropNext = false
          request.socket.destroy()
        } else response.writeHead(204).end()
        arrived()
      })
      return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)))
    }
    const until = (seq: number): Promise<void> =>
      new Promise((resolve) => {
        arrived = () => seqs.includes(seq) && resolve()
        arrived()
      })
    const stop = (server: Server): Promise<unknown> => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    }
    const reserved = await serve(0)
    const { port } = reserved.address() as AddressInfo
    await stop(reserved)
    append('c', numbers(0, 150))
    const url = `http://127.0.0.1:${port}/`
    const format = ({ line }: TrailLine): string => line
    const sink = createHttpSink({ name: 'http', url, format, headers: {}, isCompressed: false, timeoutMs: 5_000 })
    let server: Promise<Server> | undefined
    const { failures, outages } = start({
      ...sink,
      send: async (...given) => {
        try {
          await sink.send(...given)
        } catch (thrown) {
          server ??= serve(port)
          await server
          throw thrown
        }
      },
    })
    await until(149)
    dropNext = true
    append('c', numbers(150, 160))
    await until(159)
    append('c', numbers(160, 165))
    await until(164)
    if (server !== undefined) await stop(await server)
    expect([...new Set(seqs)]).toEqual(numbers(0, 165))
    expect(failures[0]).toBe('ECONNREFUSED')
    expect(outages.length).toBeGreaterThan(0)
    // Only what was under way when the answer got lost came twice.
    expect(seqs.filter((seq, at) => seqs.indexOf(seq) !== at).every((seq) => seq >= 150 && seq < 160)).toBe(true)
  })
})
