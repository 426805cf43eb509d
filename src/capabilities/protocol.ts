/**
 * The wire shapes of the Model Context Protocol that authors and connectors meet, revision 2026-07-28 (the older
 * revisions' shapes are subsets). A test holds them equal to the official schemas.
 */

/** JSON Schema 2020-12, as an object. */
export type JsonSchema = { readonly [keyword: string]: unknown }

/** `_meta` of any object on the wire. Keys have a reverse-DNS prefix. */
export type Meta = { readonly [key: string]: unknown }

/** Hints for the client on who content is for and how much it matters. */
export interface Annotations {
  audience?: ('user' | 'assistant')[]
  /** 0 (optional) to 1 (required). */
  priority?: number
  /** ISO 8601. */
  lastModified?: string
}

export interface TextContent {
  type: 'text'
  text: string
  annotations?: Annotations
  _meta?: Meta
}

export interface ImageContent {
  type: 'image'
  /** Base64. */
  data: string
  mimeType: string
  annotations?: Annotations
  _meta?: Meta
}

export interface AudioContent {
  type: 'audio'
  /** Base64. */
  data: string
  mimeType: string
  annotations?: Annotations
  _meta?: Meta
}

/** The content of a resource: `text`, or `blob` in Base64. */
export interface ResourceContents {
  uri: string
  mimeType?: string
  text?: string
  blob?: string
  _meta?: Meta
}

export interface EmbeddedResource {
  type: 'resource'
  resource: ResourceContents
  annotations?: Annotations
  _meta?: Meta
}

export interface ResourceLink {
  type: 'resource_link'
  uri: string
  name: string
  title?: string
  description?: string
  mimeType?: string
  size?: number
  annotations?: Annotations
  icons?: Icon[]
  _meta?: Meta
}

export type ContentBlock = TextContent | ImageContent | AudioContent | EmbeddedResource | ResourceLink

export interface Icon {
  src: string
  mimeType?: string
  sizes?: string[]
  theme?: 'light' | 'dark'
}

/** Hints on what a tool does; a client must not trust them from a server it does not trust. */
export interface ToolAnnotations {
  title?: string
  readOnlyHint?: boolean
  destructiveHint?: boolean
  idempotentHint?: boolean
  openWorldHint?: boolean
}

export interface CallToolResult {
  content: ContentBlock[]
  structuredContent?: unknown
  isError?: boolean
  _meta?: Meta
}

export interface ReadResourceResult {
  contents: ResourceContents[]
  _meta?: Meta
}

export interface PromptMessage {
  role: 'user' | 'assistant'
  content: ContentBlock
}

export interface GetPromptResult {
  description?: string
  messages: PromptMessage[]
  _meta?: Meta
}

export interface CompleteResult {
  completion: { values: string[]; total?: number; hasMore?: boolean }
  _meta?: Meta
}

/** Severity of a log message, RFC 5424. */
export type LogLevel = 'debug' | 'info' | 'notice' | 'warning' | 'error' | 'critical' | 'alert' | 'emergency'

export interface Progress {
  /** Must grow with every report. */
  progress: number
  total?: number
  message?: string
}

/** A client's or server's self-reported name; never used for a decision. */
export interface Implementation {
  name: string
  version: string
  title?: string
  description?: string
  websiteUrl?: string
  icons?: Icon[]
}

/** What a client says that it can do. */
export interface ClientCapabilities {
  elicitation?: { form?: object; url?: object }
  sampling?: { tools?: object; context?: object }
  roots?: { listChanged?: boolean }
  extensions?: { readonly [id: string]: object }
  experimental?: { readonly [id: string]: object }
  [other: string]: unknown
}
