import { fileURLToPath } from 'node:url'
import { ERRORS, type ErrorCode } from '../../src/error-table.ts'
import type { RawAnswer } from './raw-connection.ts'
import { SECRETS } from './subject.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const INTERNALS: readonly RegExp[] = [/node_modules/, /\bnode:[a-z]/, /\n\s+at \S/, /\\n\s+at \S/, /\bsrc\/[a-z]+\//]

/** What an answer, or a line, must never hold; `undefined` when all is well. */
export function findLeak(text: string): string | undefined {
  const secret = [...SECRETS, ROOT].find((marker) => text.includes(marker))
  if (secret !== undefined) return `leaks ${secret}`
  const internal = INTERNALS.find((pattern) => pattern.test(text))
  return internal === undefined ? undefined : `leaks what matches ${internal}`
}

/** What is wrong with one message of the server; `undefined` when it is JSON-RPC 2.0 with documented codes. */
function findMessageFault(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return 'is no object'
  const { jsonrpc, id, method, result, error } = message as Record<string, unknown>
  if (jsonrpc !== '2.0') return 'is not JSON-RPC 2.0'
  if (id !== undefined && typeof id !== 'string' && !Number.isSafeInteger(id)) return 'has an id of a wrong type'
  if (method !== undefined) return typeof method === 'string' ? undefined : 'has a method of a wrong type'
  if ((result === undefined) === (error === undefined)) return 'has not exactly one of result and error'
  if (error !== undefined) return findErrorFault(error as { code: unknown; message: unknown; data: unknown })
  if (typeof result !== 'object' || result === null) return 'has a result that is no object'
  return id === undefined ? 'has a result and no id' : undefined
}

function findErrorFault({
  code,
  message,
  data,
}: {
  code: unknown
  message: unknown
  data: unknown
}): string | undefined {
  if (typeof message !== 'string' || message === '') return 'has an error without a message'
  const name = (data as { code?: ErrorCode } | undefined)?.code
  const row = name === undefined ? undefined : ERRORS[name]
  if (row === undefined) return `has an error of no documented code: ${name}`
  const isOldNotFound = name === 'CAPABILITY_NOT_FOUND' && code === -32002
  return code === row.jsonRpc || isOldNotFound ? undefined : `has the code ${code} for ${name}`
}

/** Statuses with which `node:http` itself refuses what is not HTTP, too long or too slow; they have no body. */
const BARE: ReadonlySet<number> = new Set([400, 408, 413, 417, 431])
const DOCUMENTED: ReadonlySet<number> = new Set(
  Object.values(ERRORS).flatMap(({ http }) => (http === undefined ? [] : [http])),
)

/** What is wrong with one HTTP answer to `method`; `undefined` when nothing is. */
export function findAnswerFault(answer: RawAnswer, method: string): string | undefined {
  const { status, head, body } = answer
  const leak = findLeak(`${head}\n${body}`)
  if (leak !== undefined) return leak
  const type = /\r\ncontent-type: ([^\r]*)/i.exec(head)?.[1]
  if (type === 'text/event-stream')
    return status === 200 ? findStreamFault(answer) : `is a stream with status ${status}`
  if (type === 'application/json') return method === 'HEAD' ? undefined : findJsonFault(answer)
  if (body !== '') return `has a body of type ${type}`
  return status === 202 || status === 204 || BARE.has(status) ? undefined : `has status ${status} and no body`
}

function findStreamFault({ body, isWhole }: RawAnswer): string | undefined {
  const events = body.split('\n\n')
  const rest = events.pop()
  if (isWhole && rest !== '') return 'is a stream that ends within an event'
  for (const event of events) {
    const data =
      event
        .split('\n')
        .find((line) => line.startsWith('data: '))
        ?.slice(6) ?? ''
    const fault = data === '' ? undefined : findTextFault(data)
    if (fault !== undefined) return `is a stream with a message that ${fault}`
  }
  return undefined
}

function findJsonFault({ status, body, isWhole }: RawAnswer): string | undefined {
  if (!isWhole) return 'ends too early'
  const fault = findTextFault(body)
  if (fault !== undefined) return fault
  const { error } = JSON.parse(body) as { error?: { data: { code: ErrorCode } } }
  if (error === undefined) return status === 200 ? undefined : `is a result with status ${status}`
  if (!DOCUMENTED.has(status)) return `has the undocumented status ${status}`
  const { http } = ERRORS[error.data.code]
  return status === http || status === 200 ? undefined : `has status ${status} for ${error.data.code}`
}

/** What is wrong with the text of one message. */
export function findTextFault(text: string): string | undefined {
  try {
    return findMessageFault(JSON.parse(text))
  } catch {
    return `is not JSON: ${text.slice(0, 100)}`
  }
}

/** The id that the answer to a body must carry, or nothing when the body is no request that has one. */
export function expectedId(body: string): string | number | undefined {
  try {
    const { id, method } = JSON.parse(body) ?? {}
    const isId = typeof id === 'string' || Number.isSafeInteger(id)
    return isId && typeof method === 'string' ? id : undefined
  } catch {
    return undefined
  }
}
