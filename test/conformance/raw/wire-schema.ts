import {
  CallToolResultSchema,
  CompleteResultSchema,
  DiscoverResultSchema,
  EmptyResultSchema,
  GetPromptResultSchema,
  InitializeResultSchema,
  JSONRPCMessageSchema,
  ListPromptsResultSchema,
  ListResourcesResultSchema,
  ListResourceTemplatesResultSchema,
  ListToolsResultSchema,
  ReadResourceResultSchema,
} from '@modelcontextprotocol/core'
import type { Wire } from '../../fixtures/http-client.ts'

interface Schema {
  safeParse(value: unknown): { readonly success: boolean; readonly error?: { readonly message: string } }
}

/** The official schema of each result. Those of extensions are held to the official suite. */
const RESULTS: Readonly<Record<string, Schema>> = {
  initialize: InitializeResultSchema,
  'server/discover': DiscoverResultSchema,
  ping: EmptyResultSchema,
  'tools/list': ListToolsResultSchema,
  'tools/call': CallToolResultSchema,
  'resources/list': ListResourcesResultSchema,
  'resources/templates/list': ListResourceTemplatesResultSchema,
  'resources/read': ReadResourceResultSchema,
  'prompts/list': ListPromptsResultSchema,
  'prompts/get': GetPromptResultSchema,
  'completion/complete': CompleteResultSchema,
}

/** Results that say themselves that they are of another kind: a question, or the handle of a task. */
const OTHER_KINDS: readonly unknown[] = ['input_required', 'task']

/** The answer as it came, once it is what the official schemas say. Throws when it is not. */
export function requireWireSchema(method: string, answer: Wire): Wire {
  hold(JSONRPCMessageSchema, answer, `the answer to ${method}`)
  const result = (answer as { readonly result?: { readonly resultType?: unknown; readonly task?: unknown } }).result
  const schema = RESULTS[method]
  const isOther = OTHER_KINDS.includes(result?.resultType) || result?.task !== undefined
  if (result !== undefined && schema !== undefined && !isOther) hold(schema, result, `the result of ${method}`)
  return answer
}

function hold(schema: Schema, value: unknown, what: string): void {
  const { success, error } = schema.safeParse(value)
  if (!success) throw new Error(`By the official schema ${what} is wrong: ${error?.message}\n${JSON.stringify(value)}`)
}
