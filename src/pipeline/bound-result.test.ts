import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileCapability } from '../capabilities/compile-capability.ts'
import { type Definition, defineResource, defineTool } from '../capabilities/definition.ts'
import type { CallToolResult } from '../capabilities/protocol.ts'
import { boundResult, TRUNCATED } from './bound-result.ts'
import { exceeds } from './exceeds.ts'

const MAX = 2_000

function bound(definition: Definition, result: unknown): Promise<CallToolResult> {
  const capability = compileCapability(definition, { connector: 'test', source: 'test.ts' })
  return Promise.resolve(boundResult(capability, result, MAX)) as Promise<CallToolResult>
}

const plain = defineTool({ name: 'it', run: () => '' })
const text = (value: string): CallToolResult => ({ content: [{ type: 'text', text: value }] })
const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))
const textsOf = ({ content }: CallToolResult): string[] =>
  content.map((block) => (block.type === 'text' ? block.text : block.type))

/** A tool whose output is such a list of rows. */
function listTool(more: object): Definition {
  const rows = { type: 'array', items: { type: 'string' }, ...more }
  const output = { type: 'object', properties: { rows, name: { type: 'string' } }, required: ['rows'] }
  return defineTool({
    name: 'it',
    output: { ...output, additionalProperties: false },
    run: () => ({ rows: [] }) as never,
  })
}

function rowsResult(count: number): CallToolResult {
  const structuredContent = { rows: Array.from({ length: count }, (_, at) => `row ${at}`), name: 'all' }
  return { ...text(JSON.stringify(structuredContent)), structuredContent }
}

describe('a result', () => {
  it('that is short passes as it is', async () => {
    const result = text('ok')
    expect(await bound(plain, result)).toBe(result)
  })

  it('whose text is too long is cut, and says that it was and how much is left', async () => {
    const result = await bound(plain, text('x'.repeat(10_000)))
    const [cut, note] = textsOf(result)
    expect(cut).toMatch(/^x{1000,2000}$/)
    expect(note).toMatch(/^\[Shortened: \d+ of 10\d\d\d bytes are shown\. Ask for less, or for the next page\.\]$/)
    expect(result._meta?.[TRUNCATED]).toEqual({ bytes: bytesOf(text('x'.repeat(10_000))), shown: expect.any(Number) })
    expect(bytesOf(result)).toBeLessThanOrEqual(MAX)
  })

  it('is never longer than allowed nor cut within a character, whatever it says', async () => {
    const blocks = fc.array(fc.string({ unit: 'binary', minLength: 200, maxLength: 2_000 }), {
      minLength: 2,
      maxLength: 5,
    })
    await fc.assert(
      fc.asyncProperty(blocks, async (texts) => {
        const result = await bound(plain, { content: texts.map((each) => ({ type: 'text', text: each })) }).catch(
          () => undefined,
        )
        if (result?._meta === undefined) return
        expect(bytesOf(result)).toBeLessThanOrEqual(MAX)
        const shown = textsOf(result).slice(0, -1)
        for (const [at, each] of shown.entries()) {
          expect(texts[at]?.startsWith(each)).toBe(true)
          expect(each).not.toMatch(/[\ud800-\udbff]$/)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('with structure keeps fitting its schema: its longest list is shortened, and its text with it', async () => {
    const result = await bound(listTool({}), rowsResult(1_000))
    const { rows, name } = result.structuredContent as { rows: string[]; name: string }
    expect(name).toBe('all')
    expect(rows.length).toBeGreaterThan(20)
    expect(rows).toEqual(Array.from(rows, (_, at) => `row ${at}`))
    expect(textsOf(result)[0]).toBe(JSON.stringify(result.structuredContent))
    expect(bytesOf(result)).toBeLessThanOrEqual(MAX)
  })

  it('that its schema does not allow to be shortened is refused with what to do', async () => {
    const refused = { code: 'RESULT_TOO_LARGE', hint: expect.stringContaining('Ask for less') }
    await expect(bound(listTool({ minItems: 900 }), rowsResult(1_000))).rejects.toMatchObject(refused)
  })

  it('of which no part would be of use is refused: an image, a resource', async () => {
    const data = 'a'.repeat(10_000)
    const image = { content: [{ type: 'image', data, mimeType: 'image/png' }] }
    await expect(bound(plain, image)).rejects.toMatchObject({ code: 'RESULT_TOO_LARGE' })
    const resource = defineResource({ name: 'it', uri: 'x://it', read: () => '' })
    const read = async (): Promise<unknown> => bound(resource, { contents: [{ uri: 'x://it', text: data }] })
    await expect(read()).rejects.toMatchObject({ code: 'RESULT_TOO_LARGE' })
  })

  it('that holds itself ends, and is no result', async () => {
    const loop: Record<string, unknown> = {}
    loop.self = loop
    await expect(bound(plain, { ...text('x'), structuredContent: loop })).rejects.toMatchObject({
      code: 'INVALID_OUTPUT',
    })
  })
})

describe('the measure of a value', () => {
  it('is about its JSON: by a number of bytes, whatever is in it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const bytes = bytesOf(value)
        expect(exceeds(value, bytes * 16 + 16)).toBe(false)
        if (bytes >= 32) expect(exceeds(value, Math.floor(bytes / 16))).toBe(true)
      }),
    )
  })
})
