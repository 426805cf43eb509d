import { describe, expect, it } from 'vitest'
import type { SqlResult } from './database.ts'
import { toRowsAnswer, toToolResult } from './write-result.ts'

const columns = [{ name: 'id', type: 'int8', family: 'bigint' }] as const
const textOf = (result: SqlResult, cursor?: string): string => {
  const [content] = toToolResult(toRowsAnswer(result, cursor)).content
  return content?.type === 'text' ? content.text : ''
}

describe('the rows of an answer', () => {
  it('have their columns once, and say whether there are more', () => {
    expect(toRowsAnswer({ columns, rows: [['1']] })).toEqual({
      columns: [{ name: 'id', type: 'int8' }],
      rows: [['1']],
      truncated: false,
    })
    expect(toRowsAnswer({ columns, rows: [], truncated: 'bytes' })).toMatchObject({ truncated: true })
    expect(toRowsAnswer({ columns, rows: [] }, 'c')).toMatchObject({ truncated: true, nextCursor: 'c' })
  })

  it('are repeated as text, for clients that read nothing else', () => {
    expect(textOf({ columns, rows: [['1'], ['2']] })).toBe('["id"]\n["1"]\n["2"]')
    expect(textOf({ columns, rows: [['1']] }, 'abc')).toContain('cursor abc')
    expect(textOf({ columns, rows: [['1']], truncated: 'rows' })).toContain('There is more')
  })

  it('are repeated up to a bound, which is said, and are whole in the structured content', () => {
    const rows = Array.from({ length: 100 }, () => ['é'.repeat(500)])
    const text = textOf({ columns, rows })
    expect(Buffer.byteLength(text)).toBeLessThan(5 * 1024)
    expect(text).toMatch(/9\d more rows are in the structured content/)
    expect(toToolResult(toRowsAnswer({ columns, rows })).structuredContent).toMatchObject({ rows })
  })
})
