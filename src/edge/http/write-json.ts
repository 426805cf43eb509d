import { Buffer } from 'node:buffer'
import type { ServerResponse } from 'node:http'
import type { ToolgateError } from '../../errors.ts'
import type { RequestId } from '../protocol/json-rpc.ts'
import { httpStatusOf, idOf, toErrorResponse } from '../protocol/wire-error.ts'

/** A client that takes nothing for so long has gone. */
export const STALLED_MS: number = 30_000

/** Answers with one JSON body of known length. A client that takes nothing of it for `stalledMs` is cut off. */
export function writeJson(
  response: ServerResponse,
  status: number,
  body: object,
  stalledMs: number = STALLED_MS,
): void {
  if (response.headersSent || response.destroyed) return
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  if (finished.length === 0) setImmediate(sendFinished)
  finished.push({ response, text, stalledMs })
}

/** Answers that are made but not yet sent. */
let finished: { readonly response: ServerResponse; readonly text: string; readonly stalledMs: number }[] = []

/**
 * Sends the answers of one turn of the event loop one after the other. A client on this machine is woken once and not
 * for each of them, which the kernel charges to whoever writes.
 */
function sendFinished(): void {
  const answers = finished
  finished = []
  for (const { response, text, stalledMs } of answers) {
    response.end(text)
    cutOffStalled(response, stalledMs)
  }
}

/** Cuts off who takes nothing of an answer that has ended for so long. What the kernel has taken whole needs no watching. */
export function cutOffStalled(response: ServerResponse, stalledMs: number): void {
  if ((response.socket?.writableLength ?? 0) > 0) response.setTimeout(stalledMs, () => response.destroy())
}

/** Answers without a body. */
export function writeEmpty(response: ServerResponse, status: number): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, { 'content-length': 0 }).end()
}

/** Answers a request that was refused before it reached a method; with its id, if that could be read. */
export function writeError(
  response: ServerResponse,
  error: ToolgateError,
  id: RequestId | undefined = idOf(error),
): void {
  setRetryAfter(response, error)
  writeJson(response, httpStatusOf(error, 'modern'), toErrorResponse(error, 'modern', id))
}

/** RFC 9110 §10.2.3. */
export function setRetryAfter(response: ServerResponse, error: ToolgateError): void {
  const seconds = error.data?.retryAfter
  if (typeof seconds === 'number' && !response.headersSent) response.setHeader('retry-after', seconds)
}
