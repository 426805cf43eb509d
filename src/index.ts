/** The public API: authoring, and running a Toolgate inside one's own process. */

export type { App, AppOptions, ReloadReport, UsageDimension, UsageQuery, UsageSum } from './app/app.ts'
export { createApp } from './app/create-app.ts'
export type { CallContext, Caller, ChangeNotifier } from './capabilities/call-context.ts'
export {
  type Completer,
  type Definition,
  type Described,
  definePrompt,
  defineResource,
  defineTool,
  isDefinition,
  type PromptDefinition,
  type PromptReturn,
  type ResourceDefinition,
  type ResourceReturn,
  type ResourceTemplateDefinition,
  type TaskSupport,
  type ToolDefinition,
  type ToolReturn,
} from './capabilities/definition.ts'
export {
  acceptedContent,
  type ElicitForm,
  type ElicitResult,
  type ElicitUrl,
  elicit,
  elicitUrl,
  type InputRequest,
  type InputRequired,
  type InputResponse,
  type InputResponses,
  inputRequired,
  isInputRequired,
  type ListRoots,
  listRoots,
  type RootsResult,
  type Sample,
  type SampleParams,
  type SampleResult,
  sample,
} from './capabilities/input-required.ts'
export { type Page, page } from './capabilities/page.ts'
export type {
  Annotations,
  AudioContent,
  CallToolResult,
  ClientCapabilities,
  CompleteResult,
  ContentBlock,
  EmbeddedResource,
  GetPromptResult,
  Icon,
  ImageContent,
  Implementation,
  JsonSchema,
  LogLevel,
  Meta,
  Progress,
  PromptMessage,
  ReadResourceResult,
  ResourceContents,
  ResourceLink,
  TextContent,
  ToolAnnotations,
} from './capabilities/protocol.ts'
export type { OutputOf, ReturnOf, Schema, StandardSchema } from './capabilities/schema.ts'
export type { Config } from './config/config.ts'
export { ConfigError } from './config/config-error.ts'
export type { ConfigIssue } from './config/config-issue.ts'
export { type ConfigInput, defineConfig } from './config/define-config.ts'
export { type LoadOptions, loadConfig } from './config/load-config.ts'
export type { Connector, Offered } from './connectors/connector.ts'
export { type MemoryClient, MemoryError, type MemoryPeer } from './edge/memory/connect-in-memory.ts'
export { type Audience, ERRORS, type ErrorCode, type ErrorRow } from './error-table.ts'
export { ToolgateError, UserError } from './errors.ts'
export type { Principal } from './identity/principal.ts'
