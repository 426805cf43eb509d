import {
  CallToolResultSchema,
  ContentBlockSchema,
  ElicitResultSchema,
  GetPromptResultSchema,
  ReadResourceResultSchema,
  type ToolAnnotationsSchema,
} from '@modelcontextprotocol/core'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { z } from 'zod'
import type { ElicitResult } from './input-required.ts'
import type {
  CallToolResult,
  ContentBlock,
  GetPromptResult,
  LogLevel,
  ReadResourceResult,
  ToolAnnotations,
} from './protocol.ts'

/** Everything an author may write, once. */
const CONTENT: ContentBlock[] = [
  {
    type: 'text',
    text: 'a',
    annotations: { audience: ['user'], priority: 1, lastModified: '2026-01-01T00:00:00Z' },
    _meta: { 'a/b': 1 },
  },
  { type: 'image', data: 'aGk=', mimeType: 'image/png' },
  { type: 'audio', data: 'aGk=', mimeType: 'audio/wav' },
  { type: 'resource', resource: { uri: 'db://a', text: 'a', mimeType: 'text/plain' } },
  { type: 'resource', resource: { uri: 'db://a', blob: 'aGk=' } },
  {
    type: 'resource_link',
    uri: 'db://a',
    name: 'a',
    title: 'A',
    description: 'a',
    mimeType: 'text/plain',
    size: 1,
    icons: [{ src: 'https://example.com/a.png', mimeType: 'image/png', sizes: ['48x48'], theme: 'light' }],
  },
]

describe('our types of the protocol', () => {
  it('allow nothing that the official schemas refuse', () => {
    for (const block of CONTENT) expect(ContentBlockSchema.safeParse(block).error).toBeUndefined()
    const result: Required<CallToolResult> = {
      content: CONTENT,
      structuredContent: { a: 1 },
      isError: false,
      _meta: {},
    }
    expect(CallToolResultSchema.safeParse(result).error).toBeUndefined()
    const read: ReadResourceResult = { contents: [{ uri: 'db://a', text: 'a' }] }
    expect(ReadResourceResultSchema.safeParse(read).error).toBeUndefined()
    const prompt: GetPromptResult = {
      description: 'd',
      messages: CONTENT.map((content) => ({ role: 'user', content })),
    }
    expect(GetPromptResultSchema.safeParse(prompt).error).toBeUndefined()
    const elicited: ElicitResult = { action: 'accept', content: { a: 'b', n: 1, ok: true, many: ['x'] } }
    expect(ElicitResultSchema.safeParse(elicited).error).toBeUndefined()
  })

  it('have the official names', () => {
    expectTypeOf<z.infer<typeof ContentBlockSchema>['type']>().toEqualTypeOf<ContentBlock['type']>()
    expectTypeOf<keyof ToolAnnotations>().toEqualTypeOf<keyof z.infer<typeof ToolAnnotationsSchema>>()
    expectTypeOf<LogLevel>().toEqualTypeOf<
      'debug' | 'info' | 'notice' | 'warning' | 'error' | 'critical' | 'alert' | 'emergency'
    >()
  })
})
