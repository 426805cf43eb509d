import { Buffer } from 'node:buffer'
import type { Capability, Tool } from '../capabilities/capability.ts'
import { isInputRequired } from '../capabilities/input-required.ts'
import type { CallToolResult, ContentBlock, TextContent } from '../capabilities/protocol.ts'
import { ToolgateError } from '../errors.ts'
import { exceeds } from './exceeds.ts'

/** Where a result that was shortened says so: `{ bytes, shown }`, both of the result without this mark. */
export const TRUNCATED = 'dev.toolgate/truncated'

/** What the notes and marks of a shortened result may take beside what is left of it. */
const ROOM_FOR_NOTES = 512

/**
 * Lets a result pass that is not longer than `maxBytes`. Of a longer one of a tool, text is cut between two characters and
 * the longest list of structured content is shortened, if it still fits the output schema; a note and `_meta` say so.
 * Throws `RESULT_TOO_LARGE` where no part of it would be a valid result, which is so of resources and prompts.
 */
export function boundResult(capability: Capability, result: unknown, maxBytes: number): unknown {
  if (isInputRequired(result) || !exceeds(result, maxBytes)) return result
  if (capability.kind !== 'tool') throw tooLarge(maxBytes)
  // What is told of a task holds a result that was bounded when it came.
  if (!('content' in (result as object))) return result
  return shorten(capability, result as CallToolResult, maxBytes)
}

async function shorten(tool: Tool, result: CallToolResult, maxBytes: number): Promise<CallToolResult> {
  const bytes = bytesOf(result)
  if (bytes <= maxBytes) return result
  const room = maxBytes - ROOM_FOR_NOTES
  const short =
    result.structuredContent === undefined
      ? { ...result, content: cutContent(result.content, room - bytesOf({ ...result, content: [] })) }
      : await shortenStructure(tool, result, room)
  if (short?.content === undefined || bytesOf(short) > room) throw tooLarge(maxBytes)
  const shown = bytesOf(short)
  const text = `[Shortened: ${shown} of ${bytes} bytes are shown. Ask for less, or for the next page.]`
  return {
    ...short,
    content: [...short.content, { type: 'text', text }],
    _meta: { ...result._meta, [TRUNCATED]: { bytes, shown } },
  }
}

/** Blocks from the first one on, while there is room. The block that has none is cut if it is text. */
function cutContent(content: readonly ContentBlock[], room: number): ContentBlock[] | undefined {
  const kept: ContentBlock[] = []
  let rest = room
  for (const block of content) {
    const size = bytesOf(block) + 1
    if (size <= rest) {
      kept.push(block)
      rest -= size
      continue
    }
    if (block.type === 'text') {
      const text = cutText(block, rest)
      if (text !== '') kept.push({ ...block, text })
    }
    break
  }
  return kept.length === 0 ? undefined : kept
}

/** The most characters whose JSON has room beside the rest of the block; none is halved. */
function cutText(block: TextContent, room: number): string {
  const { text } = block
  const frame = bytesOf({ ...block, text: '' }) + 1
  const length = mostThat(text.length, (count) => frame + bytesOf(text.slice(0, count)) - 2 <= room)
  const isHalved = /[\ud800-\udbff]/.test(text.charAt(length - 1)) && /[\udc00-\udfff]/.test(text.charAt(length))
  return text.slice(0, isHalved ? length - 1 : length)
}

/** Shortens the longest list there is at the top; what then does not fit the output schema is no result. */
async function shortenStructure(tool: Tool, result: CallToolResult, room: number): Promise<CallToolResult | undefined> {
  const whole = result.structuredContent
  const found = longestList(whole)
  if (found === undefined) return undefined
  const isWritten = writesOnly(result.content, whole)
  const make = (count: number): CallToolResult => {
    const structuredContent = found.replace(found.list.slice(0, count))
    const content: ContentBlock[] = isWritten
      ? [{ type: 'text', text: JSON.stringify(structuredContent) }]
      : result.content
    return { ...result, content, structuredContent }
  }
  const count = mostThat(found.list.length, (length) => bytesOf(make(length)) <= room)
  const short = make(count)
  const checked = await tool.output?.check(short.structuredContent)
  return checked?.issues === undefined ? short : undefined
}

interface FoundList {
  readonly list: readonly unknown[]
  replace(list: readonly unknown[]): unknown
}

function longestList(value: unknown): FoundList | undefined {
  if (Array.isArray(value)) return { list: value, replace: (list) => list }
  if (typeof value !== 'object' || value === null) return undefined
  const lists = Object.entries(value).filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]))
  const sized = lists.map(([key, list]) => ({ key, list, bytes: bytesOf(list) }))
  const [longest] = sized.sort((a, b) => b.bytes - a.bytes)
  if (longest === undefined) return undefined
  return { list: longest.list, replace: (list) => ({ ...value, [longest.key]: list }) }
}

/** Whether the content is the structure written as JSON and nothing else. */
function writesOnly(content: readonly ContentBlock[], structure: unknown): boolean {
  const [block] = content
  return content.length === 1 && block?.type === 'text' && block.text === JSON.stringify(structure)
}

/** The greatest number up to `max` that fits, if smaller ones fit where greater ones do; 0 if none does. */
function mostThat(max: number, fits: (count: number) => boolean): number {
  let least = 0
  let most = max
  while (least < most) {
    const middle = Math.ceil((least + most) / 2)
    if (fits(middle)) least = middle
    else most = middle - 1
  }
  return least
}

function bytesOf(value: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(value) ?? '')
  } catch (cause) {
    // What refers to itself, for one, is not too long but no result.
    throw new ToolgateError({
      code: 'INVALID_OUTPUT',
      message: 'The handler returned something that cannot be sent.',
      cause,
    })
  }
}

function tooLarge(maxBytes: number): ToolgateError {
  return new ToolgateError({
    code: 'RESULT_TOO_LARGE',
    message: `The result is longer than the ${maxBytes} bytes that are allowed.`,
    hint: 'Ask for less: fewer items, a narrower filter, or a page at a time.',
  })
}
