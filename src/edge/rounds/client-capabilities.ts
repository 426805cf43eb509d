import type { InputRequest, InputRequired } from '../../capabilities/input-required.ts'
import type { ClientCapabilities } from '../../capabilities/protocol.ts'
import { ToolgateError } from '../../errors.ts'
import type { Exchange } from '../exchange.ts'

/**
 * A client is asked only what it declared that it can answer. Throws `CLIENT_CAPABILITY_REQUIRED` with what it would
 * have to declare; in the legacy era, which has no such code, `USER_ERROR`.
 */
export function requireClientCapabilities(asked: InputRequired, exchange: Exchange): void {
  const missing: Record<string, object> = {}
  for (const request of Object.values(asked.requests)) {
    Object.assign(missing, missingFor(request, exchange.client.capabilities))
  }
  const names = Object.keys(missing)
  if (names.length === 0) return
  const message = `This needs a client that supports ${names.join(' and ')}.`
  throw exchange.era === 'modern'
    ? new ToolgateError({ code: 'CLIENT_CAPABILITY_REQUIRED', message, data: { requiredCapabilities: missing } })
    : new ToolgateError({ code: 'USER_ERROR', message })
}

function missingFor(request: InputRequest, declared: ClientCapabilities): Record<string, object> {
  switch (request.method) {
    case 'elicitation/create':
      return missingElicitation(request.params.mode ?? 'form', declared.elicitation)
    case 'sampling/createMessage': {
      if (declared.sampling === undefined) return { sampling: {} }
      const needsTools = request.params.tools !== undefined && declared.sampling.tools === undefined
      return needsTools ? { sampling: { tools: {} } } : {}
    }
    case 'roots/list':
      return declared.roots === undefined ? { roots: {} } : {}
  }
}

/** An empty declaration means forms (2025-11-25, Elicitation). */
function missingElicitation(mode: 'form' | 'url', declared: ClientCapabilities['elicitation']): Record<string, object> {
  if (declared === undefined) return { elicitation: { [mode]: {} } }
  const modes = Object.keys(declared).filter((name) => name === 'form' || name === 'url')
  const isDeclared = modes.length === 0 ? mode === 'form' : modes.includes(mode)
  return isDeclared ? {} : { elicitation: { [mode]: {} } }
}
