import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { type AuditTrail, toEntry } from '../audit/audit-trail.ts'
import { createSink } from '../audit/sinks/create-sink.ts'
import { type SinkOptions, sinkNameOf } from '../audit/sinks/options.ts'
import { SinkFeed } from '../audit/sinks/sink-feed.ts'
import type { Config } from '../config/config.ts'
import { RUNNING_PACKAGE_ROOT } from '../connectors/running-package.ts'
import { ToolgateError } from '../errors.ts'
import { isoTime } from '../observe/iso-time.ts'
import type { Observer } from '../observe/observation.ts'
import { takeLock } from '../storage/sqlite/take-lock.ts'
import { reserveStdout } from './reserve-stdout.ts'

/** The sinks of an app. */
export interface AuditSinks {
  /** Begins to send. Throws `CONFIG_INVALID` when a sink cannot be made, or would write between messages of the protocol. */
  start(serving: 'http' | 'stdio'): void
  /** Hands over what is there by now, as far as that is quick. Idempotent. */
  close(): Promise<void>
}

interface Parts {
  readonly audit: AuditTrail
  readonly observer: Observer
  readonly clock: () => number
}

const TRY_LOCK_MS = 5_000
const HTTP_BATCH = 500

/**
 * The sinks of the configuration. Several processes may share a directory: one of them feeds a sink, with the records of all of
 * them, and when it ends another one takes over.
 */
export function createAuditSinks({ audit: { sinks, directory } }: Config, parts: Parts): AuditSinks {
  const ending = new AbortController()
  let running: readonly Promise<void>[] = []
  return {
    start(serving) {
      if (running.length > 0) return
      checkSinks(sinks, serving)
      const surroundings = { version: readVersion(), environment: process.env, writeStdout }
      const feeds = sinks.map((options) =>
        createFeed(options, directory, { ...parts, sink: createSink(options, surroundings) }),
      )
      running = feeds.map((feed) => feed.run(ending.signal))
    },
    async close() {
      ending.abort()
      await Promise.all(running)
    },
  }
}

function checkSinks(sinks: readonly SinkOptions[], serving: 'http' | 'stdio'): void {
  if (serving === 'stdio' && sinks.some(({ type }) => type === 'stdout')) {
    throw mistake('audit.sinks has a sink on standard output, which belongs to the protocol while stdio is served.', {
      hint: 'Take the sink of type stdout out, or serve over HTTP.',
    })
  }
  const names = sinks.map(sinkNameOf)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice === undefined) return
  throw mistake(`audit.sinks has two sinks named ${twice}.`, {
    hint: 'Give each of them a name of its own: `name: NAME`.',
  })
}

function mistake(message: string, { hint }: { readonly hint: string }): ToolgateError {
  return new ToolgateError({ code: 'CONFIG_INVALID', message, hint })
}

interface Feed {
  run(signal: AbortSignal): Promise<void>
}

function createFeed(
  options: SinkOptions,
  directory: string,
  { sink, audit, observer, clock }: Parts & { readonly sink: ReturnType<typeof createSink> },
): Feed {
  const { name } = sink
  const feed = new SinkFeed({
    sink,
    directory,
    cursorFile: join(directory, 'sinks', `${name}.json`),
    maxBatch: options.type === 'http' ? options.maxBatch : HTTP_BATCH,
    onFailed: ({ message, cause }) => {
      audit.append(toEntry({ time: isoTime(clock()), event: 'sink.failed', sink: name, reason: message }))
      observer({ type: 'sink.failed', message: `The audit sink ${name} takes no records: ${message}.`, cause })
    },
    onRecovered: ({ since, tries }) => {
      const details = { since: isoTime(since), tries }
      observer({ type: 'sink.recovered', message: `The audit sink ${name} takes records again.`, details })
    },
    wait: pause,
    clock,
  })
  return {
    async run(signal) {
      const release = await lockWhenFree(join(directory, 'sinks', `${name}.lock`), { signal, observer })
      if (release === undefined) return sink.close()
      feed.start()
      await aborted(signal)
      await feed.close()
      release()
    },
  }
}

interface Waiting {
  readonly signal: AbortSignal
  readonly observer: Observer
}

/** Waits until no other process feeds the sink; `undefined` when the app ends before. */
async function lockWhenFree(file: string, { signal, observer }: Waiting): Promise<(() => void) | undefined> {
  let isTold = false
  while (!signal.aborted) {
    try {
      const release = takeLock(file)
      if (release !== undefined) return release
    } catch (cause) {
      if (!isTold) observer({ type: 'fault', message: `The lock ${file} of an audit sink cannot be taken.`, cause })
      isTold = true
    }
    await pause(TRY_LOCK_MS, signal)
  }
  return undefined
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return setTimeout(ms, undefined, { signal, ref: false }).catch(() => undefined)
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function writeStdout(text: string): Promise<void> {
  const write = reserveStdout()
  return new Promise((resolve) => {
    write(text)
    // A pipe that nobody reads must not make this process hold more and more.
    if (process.stdout.writableNeedDrain) process.stdout.once('drain', resolve)
    else resolve()
  })
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(`${RUNNING_PACKAGE_ROOT}package.json`, 'utf8')) as { version: string }
  return version
}
