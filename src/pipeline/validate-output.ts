import { Buffer } from 'node:buffer'
import type { Capability, Prompt, Tool } from '../capabilities/capability.ts'
import { type Checked, describeIssues } from '../capabilities/compile-schema.ts'
import { isInputRequired } from '../capabilities/input-required.ts'
import type {
  CallToolResult,
  ContentBlock,
  GetPromptResult,
  PromptMessage,
  ReadResourceResult,
  ResourceContents,
} from '../capabilities/protocol.ts'
import { ToolgateError } from '../errors.ts'
import type { Call } from './call.ts'

/**
 * Turns what a handler returned into a result of the protocol and holds it against the output schema. A question
 * (`inputRequired`) passes as it is. Throws `INVALID_OUTPUT`.
 */
export function validateOutput(capability: Capability, call: Call, returned: unknown): unknown {
  if (isInputRequired(returned)) return returned
  if (call.kind === 'completion' || call.kind === 'task') return returned
  switch (capability.kind) {
    case 'tool':
      return toCallToolResult(capability, returned)
    case 'prompt':
      return toGetPromptResult(capability, returned)
    default:
      return toReadResourceResult(call.name, capability.definition.mimeType, returned)
  }
}

function toCallToolResult(tool: Tool, returned: unknown): CallToolResult | Promise<CallToolResult> {
  if (isResult(returned)) return checkResult(tool, returned)
  if (tool.output === undefined) return { content: toContent(returned) }
  const checked = tool.output.check(returned)
  return checked instanceof Promise ? checked.then(structured) : structured(checked)
}

/** An author's own result: its content must be content, and a success must fit the output schema. */
function checkResult(tool: Tool, result: CallToolResult): CallToolResult | Promise<CallToolResult> {
  if (!result.content.every(isContentBlock)) throw invalidOutput('its content has an unknown shape')
  if (tool.output === undefined || result.isError === true) return result
  if (!('structuredContent' in result))
    throw invalidOutput('it declares an output schema but gave no structuredContent')
  const merge = (checked: Checked): CallToolResult => ({ ...result, structuredContent: accepted(checked) })
  const checked = tool.output.check(result.structuredContent)
  return checked instanceof Promise ? checked.then(merge) : merge(checked)
}

function structured(checked: Checked): CallToolResult {
  const value = accepted(checked)
  return { content: [{ type: 'text', text: toText(value) }], structuredContent: value }
}

function accepted(checked: Checked): unknown {
  if (checked.issues !== undefined) throw invalidOutput(describeIssues(checked.issues))
  return checked.value
}

function isResult(returned: unknown): returned is CallToolResult {
  return typeof returned === 'object' && returned !== null && 'content' in returned && Array.isArray(returned.content)
}

function toContent(returned: unknown): ContentBlock[] {
  if (returned === undefined || returned === null) return []
  if (Array.isArray(returned) && returned.length > 0 && returned.every(isContentBlock)) return returned
  if (isContentBlock(returned)) return [returned]
  return [{ type: 'text', text: toText(returned) }]
}

const PAYLOAD: Readonly<Record<ContentBlock['type'], string>> = {
  text: 'text',
  image: 'data',
  audio: 'data',
  resource: 'resource',
  resource_link: 'uri',
}

function isContentBlock(value: unknown): value is ContentBlock {
  if (typeof value !== 'object' || value === null) return false
  const { type } = value as { type?: unknown }
  if (typeof type !== 'string' || !Object.hasOwn(PAYLOAD, type)) return false
  const payload = (value as Record<string, unknown>)[PAYLOAD[type as ContentBlock['type']]]
  return type === 'resource' ? isResourceContents(payload) : typeof payload === 'string'
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value
  const text = tryStringify(value)
  if (text === undefined) throw invalidOutput(`a ${typeof value} cannot be written as JSON`)
  return text
}

function tryStringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch (cause) {
    throw invalidOutput('it cannot be written as JSON', cause)
  }
}

function toReadResourceResult(uri: string, mimeType: string | undefined, returned: unknown): ReadResourceResult {
  const type = mimeType === undefined ? {} : { mimeType }
  if (typeof returned === 'string') return { contents: [{ uri, ...type, text: returned }] }
  if (returned instanceof Uint8Array) {
    return { contents: [{ uri, ...type, blob: Buffer.from(returned).toString('base64') }] }
  }
  if (typeof returned !== 'object' || returned === null) throw invalidOutput('a resource is text, bytes or an object')
  const contents: unknown = 'contents' in returned ? returned.contents : returned
  if (Array.isArray(contents) && contents.length > 0 && contents.every(isResourceContents)) {
    return 'contents' in returned ? (returned as ReadResourceResult) : { contents }
  }
  if ('contents' in returned) throw invalidOutput('its contents have an unknown shape')
  return { contents: [{ uri, mimeType: mimeType ?? 'application/json', text: toText(returned) }] }
}

function isResourceContents(value: unknown): value is ResourceContents {
  if (typeof value !== 'object' || value === null) return false
  const { uri, text, blob } = value as Record<string, unknown>
  return typeof uri === 'string' && (typeof text === 'string' || typeof blob === 'string')
}

function toGetPromptResult(prompt: Prompt, returned: unknown): GetPromptResult {
  const { description } = prompt.definition
  const about = description === undefined ? {} : { description }
  if (typeof returned === 'string') {
    return { ...about, messages: [{ role: 'user', content: { type: 'text', text: returned } }] }
  }
  const messages = Array.isArray(returned) ? returned : (returned as Partial<GetPromptResult> | undefined)?.messages
  if (!Array.isArray(messages) || !messages.every(isPromptMessage)) {
    throw invalidOutput('a prompt is text, messages, or a result with messages')
  }
  return Array.isArray(returned) ? { ...about, messages } : { ...about, ...(returned as GetPromptResult) }
}

function isPromptMessage(value: unknown): value is PromptMessage {
  if (typeof value !== 'object' || value === null) return false
  const { role, content } = value as Record<string, unknown>
  return (role === 'user' || role === 'assistant') && isContentBlock(content)
}

function invalidOutput(why: string, cause?: unknown): ToolgateError {
  // The reason may quote data; the caller gets only the sentence of the code.
  return new ToolgateError({
    code: 'INVALID_OUTPUT',
    message: 'The handler returned something that cannot be sent.',
    cause: new Error(`Invalid output: ${why}`, { cause }),
  })
}
