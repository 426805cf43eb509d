import type { CallContext } from '../../capabilities/call-context.ts'
import { type InputRequest, type InputRequired, inputRequired } from '../../capabilities/input-required.ts'
import { UserError } from '../../errors.ts'
import type { ForwardedCall, Target } from './forwarded-call.ts'
import type { Parked, ParkedCalls } from './parked-calls.ts'
import { InputNeeded, readResponse } from './read-response.ts'
import type { ServerLink } from './server-link.ts'

/** Sends a request to the server, or takes up the one that waits for its user. */
export type Forward = (target: Target, context: CallContext) => Promise<unknown>

/** What an earlier round left with the caller. */
type State = { readonly parked: string } | { readonly pages: true } | undefined

/**
 * Makes the way to a server. When the server asks the user in the midst of a call, the call is parked and the question
 * is returned; the answer comes with another round, which goes on where the server stopped.
 */
export function createForward(link: ServerLink, parked: ParkedCalls): Forward {
  return async (target, context) => {
    const state = context.state as State
    if (state !== undefined && 'parked' in state) return resume(parked, target, context, state.parked)
    if (state !== undefined && 'pages' in state) assertVisited(context)
    return playRound({ call: link.start(target, context), link }, parked, context)
  }
}

async function resume(parked: ParkedCalls, target: Target, context: CallContext, key: string): Promise<unknown> {
  const found = parked.take(key, context.caller.id)
  if (found !== undefined && found.call.target.name !== target.name) found.link.cancel(found.call, 'It was given up.')
  if (found === undefined || found.call.target.name !== target.name) {
    throw new UserError('The answer came too late: the call is not waiting for it any more. Call again from the start.')
  }
  const { call, link } = found
  call.attend(context)
  for (const [name, question] of [...call.questions]) {
    const answer = Object.hasOwn(context.inputs, name) ? context.inputs[name] : undefined
    if (answer === undefined) continue
    call.questions.delete(name)
    link.answer(question.requestId, answer)
  }
  return playRound(found, parked, context)
}

async function playRound(running: Parked, parked: ParkedCalls, context: CallContext): Promise<unknown> {
  const { call, link } = running
  const { signal } = context
  try {
    await call.next(signal)
  } finally {
    call.leave()
  }
  if (call.response !== undefined) return readOrAsk(call, call.response)
  if (signal.aborted) {
    link.cancel(call, 'The caller does not wait any more.')
    throw signal.reason
  }
  if (parked.park(running)) return askQuestions(call)
  link.cancel(call, 'Too many calls wait for an answer.')
  throw new UserError('Too many calls wait for the answers of their users. Try again later.')
}

function askQuestions(call: ForwardedCall): InputRequired {
  const requests: Record<string, InputRequest> = {}
  for (const [name, { request }] of call.questions) requests[name] = request
  return inputRequired({ requests, state: { parked: call.key } satisfies State })
}

function readOrAsk(call: ForwardedCall, response: NonNullable<ForwardedCall['response']>): unknown {
  try {
    return readResponse(call, response)
  } catch (thrown) {
    if (thrown instanceof InputNeeded) return thrown.asked
    throw thrown
  }
}

function assertVisited(context: CallContext): void {
  for (const answer of Object.values(context.inputs)) {
    if (answer !== undefined && 'action' in answer && answer.action !== 'accept') {
      throw new UserError('It was not done, because the page was not opened.')
    }
  }
}
