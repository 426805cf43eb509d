import { ToolgateError } from '../errors.ts'
import type { Capability, CapabilityBase, Prompt, Resource, ResourceTemplate, Tool } from './capability.ts'
import { compileSchema, NO_INPUT } from './compile-schema.ts'
import type {
  Definition,
  Described,
  PromptDefinition,
  ResourceDefinition,
  ResourceTemplateDefinition,
  ToolDefinition,
} from './definition.ts'
import { findParamHeaders } from './param-headers.ts'
import type { JsonSchema } from './protocol.ts'
import type { Schema } from './schema.ts'
import { compileUriTemplate } from './uri-template.ts'

/** Where a definition comes from. */
export interface Origin {
  readonly connector: string
  readonly source: string
}

const NAME = /^[A-Za-z0-9_-]{1,64}$/

/** Compiles one definition: checks its name, compiles its schemas, builds what lists show. Throws `DEFINITION_INVALID`. */
export function compileCapability(definition: Definition, origin: Origin): Capability {
  const owner = `${origin.connector} (${origin.source})`
  try {
    checkName(definition.name)
    switch (definition.kind) {
      case 'tool':
        return compileTool(definition, baseOf(definition, origin, owner))
      case 'resource':
        return compileResource(definition, baseOf(definition, origin, owner))
      case 'resourceTemplate':
        return compileTemplate(definition, baseOf(definition, origin, owner))
      case 'prompt':
        return compilePrompt(definition, baseOf(definition, origin, owner))
    }
  } catch (thrown) {
    if (!(thrown instanceof ToolgateError)) throw thrown
    const message = `${describeKind(definition.kind)} ${JSON.stringify(definition.name)} of ${owner}: ${thrown.message}`
    throw new ToolgateError({
      code: thrown.code,
      message,
      ...(thrown.hint ? { hint: thrown.hint } : {}),
      cause: thrown,
    })
  }
}

/** The kind as a person says it. */
export function describeKind(kind: Capability['kind']): string {
  return kind === 'resourceTemplate' ? 'Resource template' : `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`
}

function checkName(name: unknown): asserts name is string {
  const isInherited = typeof name === 'string' && name in Object.prototype
  if (typeof name === 'string' && NAME.test(name) && !isInherited) return
  throw new ToolgateError({
    code: 'DEFINITION_INVALID',
    message: isInherited ? 'the name is one that every JavaScript object has.' : 'the name is not allowed.',
    hint: 'Use 1 to 64 letters, digits, _ or -.',
  })
}

type Base = Omit<CapabilityBase, 'isReadOnly' | 'credentialScopes' | 'listing'>

function baseOf(definition: Described & { name: string }, origin: Origin, owner: string): Base {
  return {
    name: definition.name,
    connector: origin.connector,
    owner,
    tags: definition.tags ?? [],
    roles: definition.roles,
    scopes: definition.scopes ?? [],
    timeoutMs: definition.timeoutMs,
  }
}

/** A definition without scopes of its own has the one of its connector. */
function access(
  { scopes, connector }: Base,
  isReadOnly: boolean,
): Pick<CapabilityBase, 'isReadOnly' | 'credentialScopes'> {
  const own = `${connector}:${isReadOnly ? 'read' : 'write'}`
  return { isReadOnly, credentialScopes: scopes.length > 0 ? scopes : [own] }
}

/** The members that every list item has, without those that are absent. */
function listingOf(definition: Described & { name: string }, more: Record<string, unknown>): Record<string, unknown> {
  const { name, title, description, icons, meta } = definition
  const listing = { name, title, description, ...more, icons, _meta: meta }
  return Object.freeze(Object.fromEntries(Object.entries(listing).filter(([, value]) => value !== undefined)))
}

function compileTool(definition: ToolDefinition, base: Base): Tool {
  const input = compileSchema(definition.input ?? NO_INPUT, 'input')
  if (input.json.type !== 'object') {
    throw new ToolgateError({
      code: 'DEFINITION_INVALID',
      message: 'the input schema must be of type "object".',
      hint: 'Tool arguments are named: wrap the value in an object.',
    })
  }
  if (definition.task !== undefined && !['optional', 'required'].includes(definition.task)) {
    throw new ToolgateError({
      code: 'DEFINITION_INVALID',
      message: '`task` is neither "optional" nor "required".',
      hint: 'Leave it out for a tool that answers soon.',
    })
  }
  checkLimits(definition)
  const output = definition.output === undefined ? undefined : compileSchema(definition.output, 'output')
  return {
    ...base,
    kind: 'tool',
    ...access(base, definition.annotations?.readOnlyHint === true),
    input,
    output,
    paramHeaders: findParamHeaders(input.json),
    definition,
    listing: listingOf(definition, {
      inputSchema: input.json,
      outputSchema: output?.json,
      annotations: definition.annotations,
    }),
  }
}

function checkLimits({ cost, concurrency }: ToolDefinition): void {
  const isCost = cost === undefined || (Number.isFinite(cost) && cost >= 1)
  const isCount = concurrency === undefined || (Number.isSafeInteger(concurrency) && concurrency >= 1)
  if (isCost && isCount) return
  throw new ToolgateError({
    code: 'DEFINITION_INVALID',
    message: isCost ? '`concurrency` is not a whole number from 1 on.' : '`cost` is not a number from 1 on.',
    hint: 'Leave it out for the default.',
  })
}

function compileResource(definition: ResourceDefinition, base: Base): Resource {
  if (!URL.canParse(definition.uri)) {
    throw new ToolgateError({
      code: 'DEFINITION_INVALID',
      message: `the URI ${JSON.stringify(definition.uri)} is not a URI.`,
      hint: 'Write it with a scheme: db://customers.',
    })
  }
  const { uri, mimeType, size, annotations } = definition
  const listing = listingOf(definition, { uri, mimeType, size, annotations })
  return { ...base, kind: 'resource', ...access(base, true), uri, definition, listing }
}

function compileTemplate(definition: ResourceTemplateDefinition, base: Base): ResourceTemplate {
  const template = compileUriTemplate(definition.uriTemplate)
  const unknown = Object.keys(definition.complete ?? {}).find((name) => !template.variables.includes(name))
  if (unknown !== undefined) throw unknownCompletion(unknown, template.variables)
  const { uriTemplate, mimeType, annotations } = definition
  const listing = listingOf(definition, { uriTemplate, mimeType, annotations })
  return { ...base, kind: 'resourceTemplate', ...access(base, true), template, definition, listing }
}

function compilePrompt(definition: PromptDefinition, base: Base): Prompt {
  const input = compileSchema((definition.input ?? NO_INPUT) as Schema, 'input')
  const properties = Object.entries((input.json.properties ?? {}) as Record<string, JsonSchema>)
  const required = (input.json.required ?? []) as readonly string[]
  const names = properties.map(([name]) => name)
  const unknown = Object.keys(definition.complete ?? {}).find((name) => !names.includes(name))
  if (unknown !== undefined) throw unknownCompletion(unknown, names)
  const promptArguments = properties.map(([name, { title, description }]) => ({
    name,
    ...(typeof title === 'string' ? { title } : {}),
    ...(typeof description === 'string' ? { description } : {}),
    required: required.includes(name),
  }))
  const listing = listingOf(definition, { arguments: promptArguments.length > 0 ? promptArguments : undefined })
  return { ...base, kind: 'prompt', ...access(base, true), input, definition, listing }
}

function unknownCompletion(name: string, known: readonly string[]): ToolgateError {
  return new ToolgateError({
    code: 'DEFINITION_INVALID',
    message: `it completes ${JSON.stringify(name)}, which is not one of its arguments (${known.join(', ') || 'it has none'}).`,
    hint: 'Name the completer after an argument.',
  })
}
