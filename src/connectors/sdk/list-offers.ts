import {
  type Completer,
  type Definition,
  definePrompt,
  defineResource,
  defineTool,
} from '../../capabilities/definition.ts'
import type { Annotations, Icon, JsonSchema, Meta, ToolAnnotations } from '../../capabilities/protocol.ts'
import { ToolgateError, UserError } from '../../errors.ts'
import type { Forward } from './forward.ts'
import type { ServerLink } from './server-link.ts'

/** What the server said at the handshake. */
export interface ServerCapabilities {
  readonly tools?: object
  readonly resources?: { readonly subscribe?: boolean }
  readonly prompts?: object
  readonly completions?: object
  readonly logging?: object
}

/** Where the lists come from and where the calls go. */
export interface Offer {
  readonly link: ServerLink
  readonly forward: Forward
  readonly capabilities: ServerCapabilities
  /** The resources whose changes the server was asked to announce. */
  readonly subscribed: Set<string>
}

/** One item of any of the lists. */
interface Listed {
  readonly name: string
  readonly title?: string
  readonly description?: string
  readonly icons?: readonly Icon[]
  readonly _meta?: Meta
}

interface ListedTool extends Listed {
  readonly inputSchema: JsonSchema
  readonly outputSchema?: JsonSchema
  readonly annotations?: ToolAnnotations
  readonly execution?: { readonly taskSupport?: string }
}

interface ListedResource extends Listed {
  readonly uri: string
  readonly mimeType?: string
  readonly size?: number
  readonly annotations?: Annotations
}

interface ListedTemplate extends Listed {
  readonly uriTemplate: string
  readonly mimeType?: string
  readonly annotations?: Annotations
}

interface ListedPrompt extends Listed {
  readonly arguments?: readonly {
    readonly name: string
    readonly title?: string
    readonly description?: string
    readonly required?: boolean
  }[]
}

/** A server whose pages never end must not hold up the start. */
const MAX_PAGES = 1_000

/** Lists everything the server offers, as definitions whose calls are forwarded to it. */
export async function listOffers(offer: Offer, signal: AbortSignal): Promise<readonly Definition[]> {
  const { capabilities } = offer
  const list = <T>(method: string, key: string): Promise<T[]> => walkPages(offer.link, { method, key }, signal)
  const tools = capabilities.tools === undefined ? [] : await list<ListedTool>('tools/list', 'tools')
  const hasResources = capabilities.resources !== undefined
  const resources = hasResources ? await list<ListedResource>('resources/list', 'resources') : []
  const templates = hasResources ? await list<ListedTemplate>('resources/templates/list', 'resourceTemplates') : []
  const prompts = capabilities.prompts === undefined ? [] : await list<ListedPrompt>('prompts/list', 'prompts')
  return [
    ...tools.map((tool) => toTool(tool, offer)),
    ...resources.map((resource) => toResource(resource, offer)),
    ...templates.map((template) => toTemplate(template, offer)),
    ...prompts.map((prompt) => toPrompt(prompt, offer)),
  ]
}

async function walkPages<T>(
  link: ServerLink,
  list: { method: string; key: string },
  signal: AbortSignal,
): Promise<T[]> {
  const items: T[] = []
  let cursor: unknown
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const params = cursor === undefined ? {} : { cursor }
    const answer = (await link.request(list.method, params, signal)) as Record<string, unknown>
    items.push(...((answer[list.key] ?? []) as T[]))
    cursor = answer.nextCursor
    if (cursor === undefined) return items
  }
  throw new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: `The server answers ${list.method} with more than ${MAX_PAGES} pages.`,
    hint: 'Its nextCursor probably never ends.',
  })
}

/** What all of them have in common; absent members stay absent. */
function describe({ name, title, description, icons, _meta }: Listed): Listed & { readonly meta?: Meta } {
  return {
    name,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(icons === undefined ? {} : { icons }),
    ...(_meta === undefined ? {} : { meta: _meta }),
  }
}

function toTool(tool: ListedTool, { forward }: Offer): Definition {
  const { name, inputSchema, outputSchema, annotations, execution } = tool
  return defineTool({
    ...describe(tool),
    input: inputSchema,
    ...(outputSchema === undefined ? {} : { output: outputSchema }),
    ...(annotations === undefined ? {} : { annotations }),
    run: async (input, context) => {
      if (execution?.taskSupport === 'required') {
        throw new UserError('This tool runs as a task only, and tasks of this kind are not served.')
      }
      return (await forward({ method: 'tools/call', name, params: { name, arguments: input } }, context)) as object
    },
  })
}

function toResource(resource: ListedResource, { forward }: Offer): Definition {
  const { uri, mimeType, size, annotations } = resource
  return defineResource({
    ...describe(resource),
    uri,
    ...(mimeType === undefined ? {} : { mimeType }),
    ...(size === undefined ? {} : { size }),
    ...(annotations === undefined ? {} : { annotations }),
    read: async (_uri: URL, context) =>
      (await forward({ method: 'resources/read', name: uri, params: { uri } }, context)) as object,
  })
}

function toTemplate(template: ListedTemplate, offer: Offer): Definition {
  const { uriTemplate, mimeType, annotations } = template
  const ref = { type: 'ref/resource', uri: uriTemplate }
  return defineResource({
    ...describe(template),
    uriTemplate,
    ...(mimeType === undefined ? {} : { mimeType }),
    ...(annotations === undefined ? {} : { annotations }),
    ...completersOf(variablesOf(uriTemplate), ref, offer),
    read: async (uri: URL, _variables: Readonly<Record<string, string>>, context) =>
      (await offer.forward({ method: 'resources/read', name: uri.href, params: { uri: uri.href } }, context)) as object,
  })
}

function toPrompt(prompt: ListedPrompt, offer: Offer): Definition {
  const { name } = prompt
  const prompts = prompt.arguments ?? []
  const names = prompts.map((argument) => argument.name)
  return definePrompt({
    ...describe(prompt),
    input: toInputSchema(prompts),
    ...completersOf(names, { type: 'ref/prompt', name }, offer),
    run: async (input, context) =>
      (await offer.forward({ method: 'prompts/get', name, params: { name, arguments: input } }, context)) as never,
  })
}

function toInputSchema(prompts: NonNullable<ListedPrompt['arguments']>): JsonSchema {
  const properties = prompts.map(({ name, title, description }) => [
    name,
    { type: 'string', ...(title ? { title } : {}), ...(description ? { description } : {}) },
  ])
  const required = prompts.filter((argument) => argument.required === true).map(({ name }) => name)
  return { type: 'object', properties: Object.fromEntries(properties), ...(required.length > 0 ? { required } : {}) }
}

/** The server does not list which arguments it completes, so it is asked for each. */
function completersOf(names: readonly string[], ref: object, offer: Offer): { complete?: Record<string, Completer> } {
  if (offer.capabilities.completions === undefined || names.length === 0) return {}
  const complete = (name: string): Completer => {
    return async (typed, context) => {
      const params = { ref, argument: { name, value: typed }, context: { arguments: context.arguments } }
      const result = await offer.forward({ method: 'completion/complete', name, params }, context)
      return (result as { completion?: { values?: string[] } }).completion?.values ?? []
    }
  }
  return { complete: Object.fromEntries(names.map((name) => [name, complete(name)])) }
}

/** The names in the expressions of a template (RFC 6570), without operators and modifiers. */
function variablesOf(template: string): string[] {
  return [...template.matchAll(/\{[+#./;?&]?([^{}]+)\}/g)].flatMap(([, names = '']) =>
    names.split(',').map((name) => name.replace(/(\*|:\d+)$/, '')),
  )
}
