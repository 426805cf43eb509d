import type { HttpAnswer } from './http-connection.ts'
import { sumOf } from './mcp-request.ts'

/** What is wrong with an answer to the call `id`, or nothing. Every answer gets this look: status and sum. */
export function findFault(answer: HttpAnswer, id: number): string | undefined {
  if (answer.status !== 200) return `status ${answer.status}: ${answer.body.slice(0, 200)}`
  // The quotes are bare only in the structured content; in the text they are escaped.
  const at = answer.body.indexOf(`"sum":${sumOf(id)}`)
  if (at < 0 || /[\d.]/.test(answer.body.charAt(at + `"sum":${sumOf(id)}`.length))) {
    return `no sum ${sumOf(id)} in: ${answer.body.slice(0, 200)}`
  }
  return undefined
}

/** The same, with the message parsed in full: id, result, structured content, text. Done for one answer in twenty. */
export function findFaultInFull(answer: HttpAnswer, id: number): string | undefined {
  const fault = findFault(answer, id)
  if (fault) return fault
  const message = parseMessage(answer)
  const { structuredContent, content, isError } = message.result ?? {}
  const isWhole = message.id === id && !isError && structuredContent?.sum === sumOf(id) && content?.[0]?.type === 'text'
  return isWhole ? undefined : `not the answer to ${id}: ${answer.body.slice(0, 200)}`
}

interface CallAnswer {
  readonly id?: unknown
  readonly result?: {
    readonly structuredContent?: { readonly sum?: unknown }
    readonly content?: readonly { readonly type?: unknown }[]
    readonly isError?: boolean
  }
}

function parseMessage(answer: HttpAnswer): CallAnswer {
  if (!/\r\ncontent-type: *text\/event-stream/i.test(answer.head)) return JSON.parse(answer.body)
  const lines = answer.body.split('\n').filter((line) => line.startsWith('data:') && line.includes('"jsonrpc"'))
  return JSON.parse(lines.at(-1)?.slice('data:'.length) ?? '{}')
}
