import type { CompiledSchema } from './compile-schema.ts'
import type { PromptDefinition, ResourceDefinition, ResourceTemplateDefinition, ToolDefinition } from './definition.ts'
import type { ParamHeader } from './param-headers.ts'
import type { UriTemplate } from './uri-template.ts'

/** What guards look at in every capability. */
export interface CapabilityBase {
  readonly name: string
  /** Name of the connector it comes from. */
  readonly connector: string
  /** Connector and source, for messages: `tools (date.ts)`. */
  readonly owner: string
  readonly tags: readonly string[]
  /** Of which a caller must have one; `undefined` when it takes none. */
  readonly roles: readonly string[] | undefined
  /** Those that its definition names: roles must grant them. */
  readonly scopes: readonly string[]
  /** What a credential that is limited to scopes must have: `scopes`, or else `<connector>:read` or `<connector>:write`. */
  readonly credentialScopes: readonly string[]
  readonly isReadOnly: boolean
  readonly timeoutMs: number | undefined
  /** The item of the list it stands in, as clients see it. */
  readonly listing: Readonly<Record<string, unknown>>
}

export interface Tool extends CapabilityBase {
  readonly kind: 'tool'
  readonly input: CompiledSchema
  readonly output: CompiledSchema | undefined
  /** Arguments that a modern HTTP client mirrors into headers (`x-mcp-header`, SEP-2243). */
  readonly paramHeaders: readonly ParamHeader[]
  readonly definition: ToolDefinition
}

export interface Resource extends CapabilityBase {
  readonly kind: 'resource'
  readonly uri: string
  readonly definition: ResourceDefinition
}

export interface ResourceTemplate extends CapabilityBase {
  readonly kind: 'resourceTemplate'
  readonly template: UriTemplate
  readonly definition: ResourceTemplateDefinition
}

export interface Prompt extends CapabilityBase {
  readonly kind: 'prompt'
  readonly input: CompiledSchema
  readonly definition: PromptDefinition
}

/** Anything that can be called. */
export type Capability = Tool | Resource | ResourceTemplate | Prompt
