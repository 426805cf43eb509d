import { randomUUID } from 'node:crypto'
import type { CallContext } from '../../capabilities/call-context.ts'
import type { InputRequest } from '../../capabilities/input-required.ts'
import type { ClientCapabilities } from '../../capabilities/protocol.ts'
import type { Message } from './sdk-server.ts'

/** What is asked of the server: a JSON-RPC method and what it is about. */
export interface Target {
  readonly method: 'tools/call' | 'resources/read' | 'prompts/get' | 'completion/complete'
  /** Tool or prompt name, resource URI. */
  readonly name: string
  readonly params: Readonly<Record<string, unknown>>
}

/** A request of the server to the user that waits for its answer. */
export interface Question {
  /** The id of the server's own request. */
  readonly requestId: string | number
  readonly request: InputRequest
}

/** How far an isError result of this call can be told from a thrown error. */
export type Watch = 'watched' | 'open' | 'opaque'

/**
 * One request on its way through the server. It lives longer than one round of its caller: while the user is asked
 * nobody is connected to it, and the next round finds it again by its key.
 */
export class ForwardedCall {
  /** Unguessable. */
  readonly key: string = randomUUID()
  readonly id: number
  readonly target: Target
  readonly callerId: string
  readonly questions: Map<string, Question> = new Map()
  /** The response, once it has come. */
  response: Message | undefined
  /** What the handler threw, before the SDK made text of it. */
  thrown: { readonly value: unknown } | undefined
  /** What the handler of the tool returned; told apart from what the SDK makes of it. */
  returned: { readonly value: unknown } | undefined
  watch: Watch = 'open'
  /** What the client was not asked, because it never said that it can answer it. */
  unasked: InputRequest | undefined
  hasAsked = false
  #round: CallContext | undefined
  #capabilities: ClientCapabilities = {}
  #asked = 0
  #wake: (() => void) | undefined

  constructor(call: { readonly id: number; readonly target: Target; readonly callerId: string }) {
    this.id = call.id
    this.target = call.target
    this.callerId = call.callerId
  }

  /** Where reports and messages go; nowhere between two rounds. */
  get round(): CallContext | undefined {
    return this.#round
  }

  /** What the client of the latest round can do. */
  get clientCapabilities(): ClientCapabilities {
    return this.#capabilities
  }

  /** A round of the caller begins. */
  attend(round: CallContext): void {
    this.#round = round
    this.#capabilities = round.client.capabilities
  }

  /** The round is over. */
  leave(): void {
    this.#round = undefined
  }

  /** Takes the response. */
  settle(response: Message): void {
    this.response = response
    this.#wake?.()
  }

  /** Takes a question. What is asked at the same time goes to the user together. */
  ask(question: Question): void {
    this.#asked += 1
    this.hasAsked = true
    this.questions.set(`question${this.#asked}`, question)
    setImmediate(() => this.#wake?.())
  }

  /** Forgets a question that the server takes back. */
  withdraw(requestId: string | number): boolean {
    for (const [key, question] of this.questions) {
      if (question.requestId === requestId) return this.questions.delete(key)
    }
    return false
  }

  /** Resolves when there is a response or something to ask, or when `signal` fires. */
  async next(signal: AbortSignal): Promise<void> {
    if (this.response !== undefined || this.questions.size > 0 || signal.aborted) return
    await new Promise<void>((resolve) => {
      this.#wake = () => {
        if (this.response !== undefined || this.questions.size > 0 || signal.aborted) resolve()
      }
      signal.addEventListener('abort', this.#wake, { once: true })
    })
    if (this.#wake !== undefined) signal.removeEventListener('abort', this.#wake)
    this.#wake = undefined
  }
}
