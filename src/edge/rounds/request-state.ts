import { ToolgateError } from '../../errors.ts'
import type { Call } from '../../pipeline/call.ts'
import type { Engine } from '../engine.ts'
import { isObject } from '../protocol/envelope.ts'
import { digestOf } from '../seal.ts'

/**
 * Seals what a handler wants to find again in the next round. The client carries it, so it is attacker input when it
 * comes back: it opens only for the same principal, method and parameters, and only until it expires.
 */
export function sealState(engine: Engine, call: Call, state: unknown): string {
  const expiresAt = engine.guards.clock() + engine.options.stateTtlMs
  return engine.sealer.seal({ expiresAt, state }, contextOf(call))
}

/** Opens `params.requestState`. Throws `INVALID_PARAMS` when it was not sealed for this very call, or has expired. */
export function openState(engine: Engine, call: Call, sealed: unknown): unknown {
  if (sealed === undefined) return undefined
  const opened = typeof sealed === 'string' ? engine.sealer.open(sealed, contextOf(call)) : undefined
  if (isObject(opened) && typeof opened.expiresAt === 'number' && opened.expiresAt > engine.guards.clock()) {
    return opened.state
  }
  throw new ToolgateError({
    code: 'INVALID_PARAMS',
    message: '`requestState` is not valid for this request, or has expired.',
    hint: 'Call again without it.',
  })
}

function contextOf(call: Call): string {
  return `state ${call.principal.id} ${call.method} ${digestOf([call.name, call.input])}`
}
