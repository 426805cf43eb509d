import type { ElicitForm, ElicitUrl, InputRequest, Sample } from '../../capabilities/input-required.ts'
import type { ClientCapabilities } from '../../capabilities/protocol.ts'
import type { ForwardedCall } from './forwarded-call.ts'
import type { Message } from './sdk-server.ts'

/** What becomes of a request of the server to the client. */
export type Asked =
  | { readonly request: InputRequest; readonly refusal?: undefined }
  | { readonly request?: InputRequest | undefined; readonly refusal: Refusal }

/** The JSON-RPC error that the server gets instead of an answer. */
export interface Refusal {
  readonly code: number
  readonly message: string
}

const METHOD_NOT_FOUND = -32601
const INVALID_REQUEST = -32600
const CAPABILITY_REQUIRED = -32021

/** Turns the server's request into a question to the caller of `call`, or says why it is not asked. */
export function toInputRequest(message: Message, call: ForwardedCall | undefined): Asked {
  const required = requiredCapability(message)
  if (required === undefined) {
    return { refusal: { code: METHOD_NOT_FOUND, message: `Toolgate does not answer ${message.method}.` } }
  }
  if (call === undefined) {
    const why = `${message.method} was sent outside of a call, so it is not known whom to ask. Send it while the handler runs.`
    return { refusal: { code: INVALID_REQUEST, message: why } }
  }
  const request = toRequest(message)
  if (isDeclared(call.clientCapabilities, required)) return { request }
  const why = `The client of this call does not support ${Object.keys(required).join(', ')}.`
  return { request, refusal: { code: CAPABILITY_REQUIRED, message: why } }
}

/** The client capability that a request of the server needs, as it is declared on the wire. */
function requiredCapability({ method, params = {} }: Message): ClientCapabilities | undefined {
  switch (method) {
    case 'elicitation/create':
      return { elicitation: params.mode === 'url' ? { url: {} } : { form: {} } }
    case 'sampling/createMessage':
      return { sampling: params.tools === undefined ? {} : { tools: {} } }
    case 'roots/list':
      return { roots: {} }
    default:
      return undefined
  }
}

function isDeclared(declared: ClientCapabilities, required: ClientCapabilities): boolean {
  return Object.entries(required).every(([name, modes]) => {
    const found = declared[name] as Record<string, unknown> | undefined
    if (found === undefined) return false
    // An empty elicitation capability means forms (specification, Elicitation).
    const isImplied = (mode: string): boolean => mode === 'form' && Object.keys(found).length === 0
    return Object.keys(modes as object).every((mode) => found[mode] !== undefined || isImplied(mode))
  })
}

function toRequest({ method, params = {} }: Message): InputRequest {
  // These are between the SDK and its client of that revision.
  const { _meta, task, elicitationId, ...rest } = params
  if (method === 'roots/list') return { method }
  if (method === 'sampling/createMessage') return { method, params: rest as unknown as Sample['params'] }
  return { method: 'elicitation/create', params: rest as unknown as (ElicitForm | ElicitUrl)['params'] } as InputRequest
}
