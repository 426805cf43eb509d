import { Buffer } from 'node:buffer'
import type { Readable } from 'node:stream'

/** What comes out of a stream of lines. */
export interface LineListener {
  onLine(line: string): void
  /** A line was longer than allowed; it is skipped. */
  onTooLong(): void
  onEnd(): void
}

const NEWLINE = 0x0a

/** Splits a stream into lines of at most `maxBytes`, whatever the chunks. */
export function readLines(input: Readable, maxBytes: number, listener: LineListener): void {
  let chunks: Buffer[] = []
  let bytes = 0
  let isSkipping = false
  const add = (part: Buffer): void => {
    bytes += part.length
    if (bytes > maxBytes && !isSkipping) {
      isSkipping = true
      chunks = []
      listener.onTooLong()
    }
    if (!isSkipping) chunks.push(part)
  }
  const flush = (): void => {
    const line = isSkipping ? '' : Buffer.concat(chunks).toString('utf8').trim()
    chunks = []
    bytes = 0
    isSkipping = false
    if (line !== '') listener.onLine(line)
  }
  input.on('data', (chunk: Buffer) => {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, end))
      flush()
      start = end + 1
    }
    if (start < chunk.length) add(chunk.subarray(start))
  })
  input.once('end', () => {
    flush()
    listener.onEnd()
  })
  input.once('error', () => listener.onEnd())
}
