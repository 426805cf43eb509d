import { describe, expect, it } from 'vitest'
import { UserError } from '../errors.ts'
import { page } from './page.ts'

const items = Array.from({ length: 7 }, (_, at) => at)

describe('a page', () => {
  it('leads to the next until the last, and nothing is lost or twice', () => {
    const seen: number[] = []
    let cursor: string | undefined
    do {
      const part = page(items, cursor, 3)
      seen.push(...part.items)
      cursor = part.nextCursor
    } while (cursor !== undefined)
    expect(seen).toEqual(items)
  })

  it('holds everything where that is little', () => {
    expect(page(items, undefined)).toEqual({ items })
  })

  it('tells a model that invents a cursor what to do', () => {
    for (const cursor of ['', '3', 'YWZ0ZXI6', 'x'.repeat(1_000)]) expect(() => page(items, cursor)).toThrow(UserError)
  })
})
