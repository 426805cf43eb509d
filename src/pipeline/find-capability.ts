import type { Capability } from '../capabilities/capability.ts'
import type { Catalog } from '../capabilities/catalog.ts'
import { ToolgateError } from '../errors.ts'
import type { Call } from './call.ts'

/** By what something is looked up. */
type Named = Pick<Call, 'kind' | 'name' | 'operation' | 'completion'>

/** Looks up what is called. Throws `CAPABILITY_NOT_FOUND`. */
export function findCapability(catalog: Catalog, call: Named): Capability {
  const found = lookUp(catalog, call)
  if (found === undefined) throw notFound(call)
  return found
}

function lookUp(catalog: Catalog, call: Named): Capability | undefined {
  switch (call.kind) {
    case 'tool':
      return catalog.findTool(call.name)
    case 'task':
      return call.operation === undefined ? undefined : catalog.findTool(call.name)
    case 'prompt':
      return catalog.findPrompt(call.name)
    case 'resource':
      return catalog.findResource(call.name)
    case 'completion':
      return call.completion?.of === 'prompt'
        ? catalog.findPrompt(call.name)
        : (catalog.findResourceTemplate(call.name) ?? catalog.findResource(call.name))
  }
}

/** The answer for what does not exist, and just the same for what the caller may not know of. */
export function notFound(call: Pick<Call, 'kind' | 'name'>): ToolgateError {
  if (call.kind === 'task') return new ToolgateError({ code: 'CAPABILITY_NOT_FOUND', message: 'Unknown task.' })
  const isResource = call.kind === 'resource'
  return new ToolgateError({
    code: 'CAPABILITY_NOT_FOUND',
    message: `Unknown ${call.kind === 'completion' ? 'reference' : call.kind}: ${call.name}`,
    ...(isResource ? { data: { uri: call.name } } : {}),
  })
}
