import { type Definition, isDefinition } from '../../capabilities/definition.ts'
import { ToolgateError } from '../../errors.ts'
import type { LoadedModule } from '../load-modules.ts'

/** How the file is called in messages, and whether it is all there is. */
export interface ModuleRole {
  readonly place: string
  /** The configuration names this file and not a folder, so one without definitions must be a mistake. */
  readonly isOnlyFile: boolean
}

/**
 * The definitions a module exports, each once, in the order of the export names. Throws `DEFINITION_INVALID` for an
 * export that was plainly meant to be one.
 */
export function collectDefinitions(module: LoadedModule, role: ModuleRole): readonly Definition[] {
  const definitions = new Set<Definition>()
  for (const name of Object.keys(module.exports)) {
    const exported = module.exports[name]
    const candidates = Array.isArray(exported) ? exported : [exported]
    const isList = Array.isArray(exported) && exported.some(isDefinition)
    for (const candidate of candidates) {
      if (isDefinition(candidate)) definitions.add(candidate)
      else if (isList || looksLikeDefinition(candidate)) throw notDefined(name, candidate, role)
    }
  }
  if (definitions.size === 0 && role.isOnlyFile) throw nothingExported(module, role)
  return [...definitions]
}

const RUNS = ['run', 'read', 'handler', 'execute', 'callback']
const DESCRIBES = ['description', 'input', 'inputSchema', 'parameters', 'uri', 'uriTemplate', 'kind']

/** A name, something that runs, and something that describes: nobody exports that by chance. */
function looksLikeDefinition(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const fields = value as Record<string, unknown>
  const has = (name: string): boolean => Object.hasOwn(fields, name)
  return (
    has('name') &&
    typeof fields.name === 'string' &&
    RUNS.some((name) => has(name) && typeof fields[name] === 'function') &&
    DESCRIBES.some(has)
  )
}

function notDefined(name: string, candidate: unknown, { place }: ModuleRole): ToolgateError {
  const isList = !looksLikeDefinition(candidate)
  return new ToolgateError({
    code: 'DEFINITION_INVALID',
    message: isList
      ? `${place} exports the list "${name}", in which not everything is a definition.`
      : `${place} exports "${name}", which looks like a definition but was not made by one of the define functions.`,
    hint: "Wrap it: defineTool({ … }), defineResource({ … }) or definePrompt({ … }), imported from 'toolgate'.",
  })
}

function nothingExported(module: LoadedModule, { place }: ModuleRole): ToolgateError {
  return new ToolgateError({
    code: 'DEFINITION_INVALID',
    message: `${place} exports no tool, resource or prompt.`,
    hint: looksLikeServer(module.exports.default)
      ? 'Its default export is a server object of the SDK: set the type of the connector to sdk.'
      : "Export what defineTool(), defineResource() or definePrompt() returns, imported from 'toolgate'.",
  })
}

function looksLikeServer(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { connect?: unknown }).connect === 'function'
}
