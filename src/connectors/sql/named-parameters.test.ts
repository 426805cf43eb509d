import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseNamedParameters } from './named-parameters.ts'

describe('the parameters of a named query', () => {
  it('are found by their colon', () => {
    expect(parseNamedParameters('select * from t where a = :a and b > :b and a <> :a')).toEqual({
      parts: ['select * from t where a = ', ' and b > ', ' and a <> ', ''],
      names: ['a', 'b', 'a'],
    })
  })

  it('may be what is known of the caller', () => {
    expect(
      parseNamedParameters('where t = :caller.tenant and r = :caller.claims.region and x = :caller').names,
    ).toEqual(['caller.tenant', 'caller.claims.region', 'caller'])
  })

  it.each([
    ["select ':a', 'it''s :b'"],
    ['select ":a"'],
    ['select `:a`'],
    ['select 1 -- :a\n'],
    ['select 1 /* :a */'],
    ['select $$ :a $$, $tag$ :b $$ :c $tag$'],
    ["select '1'::text, a::int[] from t"],
    ['select a[1:2]'],
    ["select 'never closed :a"],
    ['/* never closed :a'],
  ])('are not looked for in %s', (sql) => {
    expect(parseNamedParameters(sql)).toEqual({ parts: [sql], names: [] })
  })

  it('leave the text as it was', () => {
    const piece = fc.constantFrom(':a', '::', "'", '"', '$$', '--', '\n', '/*', '*/', ' ', 'x', ':', '1', ':caller.id')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const sql = pieces.join('')
        const { parts, names } = parseNamedParameters(sql)
        expect(parts).toHaveLength(names.length + 1)
        expect(parts.map((part, index) => (index === 0 ? part : `:${names[index - 1]}${part}`)).join('')).toBe(sql)
      }),
    )
  })
})
