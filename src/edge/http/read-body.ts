import { Buffer, isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { ToolgateError } from '../../errors.ts'

/** Bytes of a refused body that are still read and thrown away, so that the client gets to see the refusal. */
const MAX_DISCARDED_BYTES = 16 * 1024 * 1024

/**
 * Reads the body, once, up to `maxBytes`. Rejects with `PAYLOAD_TOO_LARGE` as soon as it is known, `PARSE_ERROR` when
 * it is not UTF-8, `CANCELLED` when the client leaves.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const declared = Number(request.headers['content-length'] ?? 0)
    if (declared > maxBytes) reject(tooLarge(maxBytes))
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= maxBytes && declared <= maxBytes) {
        chunks.push(chunk)
        return
      }
      chunks.length = 0
      reject(tooLarge(maxBytes))
      if (bytes > maxBytes + MAX_DISCARDED_BYTES) request.destroy()
    })
    request.on('end', () => {
      const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
      if (isUtf8(body)) resolve(body.toString('utf8'))
      else reject(new ToolgateError({ code: 'PARSE_ERROR', message: 'The body is not valid UTF-8.' }))
    })
    const onGone = (): void => {
      // Every request closes in the end; an error, with its stack, is made for those that were cut off alone.
      if (!request.readableEnded) reject(new ToolgateError({ code: 'CANCELLED', message: 'The client left.' }))
    }
    request.on('error', onGone)
    request.on('close', onGone)
  })
}

/**
 * Throws the body of a refused request away as it comes, so that the client gets to see the refusal and may send its next
 * request on the same connection. One that sends too much is cut off.
 */
export function discardBody(request: IncomingMessage): void {
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MAX_DISCARDED_BYTES) request.destroy()
  })
  request.on('error', () => {})
}

function tooLarge(maxBytes: number): ToolgateError {
  return new ToolgateError({
    code: 'PAYLOAD_TOO_LARGE',
    message: `The body is larger than ${maxBytes} bytes.`,
    hint: 'Send less, or in several calls.',
  })
}
