import type { CallContext } from './call-context.ts'
import type { InputRequired } from './input-required.ts'
import type {
  Annotations,
  CallToolResult,
  ContentBlock,
  GetPromptResult,
  Icon,
  Meta,
  PromptMessage,
  ReadResourceResult,
  ResourceContents,
  ToolAnnotations,
} from './protocol.ts'
import type { OutputOf, ReturnOf, Schema } from './schema.ts'
import type { Skill } from './skill.ts'

/** What every capability says of itself. */
export interface Described {
  /** For people; the name is for machines. */
  readonly title?: string
  readonly description?: string
  readonly icons?: readonly Icon[]
  /** Goes to clients as `_meta`. Keys need a reverse-DNS prefix. */
  readonly meta?: Meta
  /** For selecting by `tag` in roles. Never sent to clients. */
  readonly tags?: readonly string[]
  /** Roles of which a caller must have one, beside what its roles allow. To others it does not exist. */
  readonly roles?: readonly string[]
  /** Scopes a caller must hold, all of them. */
  readonly scopes?: readonly string[]
  /** Milliseconds until a call is cut; progress extends it up to the hard maximum. Default: `limits.deadlineMs`. */
  readonly timeoutMs?: number
}

/** What a tool handler may return: text, a plain object, content, a whole result, or a question. */
export type ToolReturn =
  | string
  | number
  | boolean
  | null
  | undefined
  | object
  | ContentBlock[]
  | CallToolResult
  | InputRequired

/** Completes one argument: the values that fit what was typed so far, best first. */
export type Completer = (
  typed: string,
  context: CallContext & { readonly arguments: Readonly<Record<string, string>> },
) => readonly string[] | Promise<readonly string[]>

/**
 * Whether calls run as tasks, which clients that know tasks look after while they run: `optional` runs the call to its
 * end for other clients, `required` refuses them. See docs/how-to/run-long-work-as-a-task.md.
 */
export type TaskSupport = 'optional' | 'required'

export interface ToolDefinition<I extends Schema = Schema, O extends Schema = Schema> extends Described {
  readonly kind: 'tool'
  readonly name: string
  readonly input?: I
  readonly output?: O
  readonly annotations?: ToolAnnotations
  readonly task?: TaskSupport
  /** Tokens of its caller's rate that a call takes, 1 or more. Default: 1. A rule under `limits.rules` overrides it. */
  readonly cost?: number
  /** Calls that may run at once, of all callers together; further ones wait for a while. Default: as many as there are. */
  readonly concurrency?: number
  readonly run: (input: never, context: CallContext) => unknown
}

export interface ResourceDefinition extends Described {
  readonly kind: 'resource'
  readonly name: string
  readonly uri: string
  readonly mimeType?: string
  /** Bytes, if known. */
  readonly size?: number
  readonly annotations?: Annotations
  /** For the SKILL.md of a skill: then `read` is asked for each of the skill's files, and roles select them as one. */
  readonly skill?: Skill
  readonly read: (uri: URL, context: CallContext) => unknown
}

export interface ResourceTemplateDefinition extends Described {
  readonly kind: 'resourceTemplate'
  readonly name: string
  /** RFC 6570; see docs/reference/authoring.md for the forms that are matched. */
  readonly uriTemplate: string
  readonly mimeType?: string
  readonly annotations?: Annotations
  readonly complete?: Readonly<Record<string, Completer>>
  readonly read: (uri: URL, variables: Readonly<Record<string, string>>, context: CallContext) => unknown
}

export interface PromptDefinition<I extends Schema = Schema> extends Described {
  readonly kind: 'prompt'
  readonly name: string
  /** An object schema of strings; clients send prompt arguments as strings. */
  readonly input?: I
  readonly complete?: Readonly<Record<string, Completer>>
  readonly run: (input: never, context: CallContext) => unknown
}

export type Definition = ToolDefinition | ResourceDefinition | ResourceTemplateDefinition | PromptDefinition

/** What a resource handler may return. A string is the text, bytes become a blob, an object becomes JSON. */
export type ResourceReturn = string | Uint8Array | object | ResourceContents[] | ReadResourceResult | InputRequired

/** What a prompt handler may return. A string is one message of the user. */
export type PromptReturn = string | PromptMessage[] | GetPromptResult | InputRequired

const DEFINITION = Symbol.for('toolgate.definition')

/** Whether a value was made by `defineTool`, `defineResource` or `definePrompt`, also of another copy of this package. */
export function isDefinition(value: unknown): value is Definition {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[DEFINITION] === true
}

function mark<D extends Definition>(definition: D): D {
  Object.defineProperty(definition, DEFINITION, { value: true })
  return Object.freeze(definition)
}

/**
 * Defines a tool.
 *
 * @example
 * export const greet = defineTool({
 *   name: 'greet',
 *   description: 'Greets somebody by name.',
 *   input: z.object({ name: z.string() }),
 *   run: ({ name }) => `Hello, ${name}!`,
 * })
 */
export function defineTool<
  I extends Schema = { type: 'object'; additionalProperties: false },
  O extends Schema = never,
>(
  options: Described & {
    readonly name: string
    readonly input?: I
    readonly output?: O
    readonly annotations?: ToolAnnotations
    readonly task?: TaskSupport
    readonly cost?: number
    readonly concurrency?: number
    readonly run: (
      input: OutputOf<I>,
      context: CallContext,
    ) => [O] extends [never]
      ? ToolReturn | Promise<ToolReturn>
      : ReturnOf<O> | CallToolResult | InputRequired | Promise<ReturnOf<O> | CallToolResult | InputRequired>
  },
): ToolDefinition<I, O> {
  return mark({ ...options, kind: 'tool' } as ToolDefinition<I, O>)
}

/**
 * Defines a resource: one with a fixed `uri`, or many with a `uriTemplate` (RFC 6570).
 *
 * @example
 * export const readme = defineResource({ name: 'readme', uri: 'docs://readme', mimeType: 'text/markdown', read: () => '# Hi' })
 */
export function defineResource(
  options: Omit<ResourceDefinition, 'kind' | 'read'> & {
    readonly read: (uri: URL, context: CallContext) => ResourceReturn | Promise<ResourceReturn>
  },
): ResourceDefinition
export function defineResource(
  options: Omit<ResourceTemplateDefinition, 'kind' | 'read'> & {
    readonly read: (
      uri: URL,
      variables: Readonly<Record<string, string>>,
      context: CallContext,
    ) => ResourceReturn | Promise<ResourceReturn>
  },
): ResourceTemplateDefinition
export function defineResource(
  options: Omit<ResourceDefinition, 'kind'> | Omit<ResourceTemplateDefinition, 'kind'>,
): ResourceDefinition | ResourceTemplateDefinition {
  return 'uriTemplate' in options
    ? mark({ ...options, kind: 'resourceTemplate' } as ResourceTemplateDefinition)
    : mark({ ...options, kind: 'resource' } as ResourceDefinition)
}

/**
 * Defines a prompt: a message, or several, that a user picks in the client.
 *
 * @example
 * export const review = definePrompt({
 *   name: 'review',
 *   description: 'Reviews a file.',
 *   input: z.object({ path: z.string() }),
 *   run: ({ path }) => `Review ${path} for mistakes.`,
 * })
 */
export function definePrompt<I extends Schema = { type: 'object'; additionalProperties: false }>(
  options: Described & {
    readonly name: string
    readonly input?: I
    readonly complete?: Readonly<Record<string, Completer>>
    readonly run: (input: OutputOf<I>, context: CallContext) => PromptReturn | Promise<PromptReturn>
  },
): PromptDefinition<I> {
  return mark({ ...options, kind: 'prompt' } as PromptDefinition<I>)
}
