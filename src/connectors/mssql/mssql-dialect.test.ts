import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Column, TypeFamily } from '../sql/database-schema.ts'
import { mssqlDialect as dialect } from './mssql-dialect.ts'

const column = (type: string, family: TypeFamily): Column => ({ name: 'c', type, family, isNullable: true })

describe('a name', () => {
  it('is quoted whatever it holds', () => {
    expect(dialect.quote('a]; DROP TABLE x--[')).toBe('[a]]; DROP TABLE x--[]')
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter((name) => !name.includes('\0')),
        (name) => {
          const quoted = dialect.quote(name)
          // As the engine reads it: from the first bracket to the first closing one that is not doubled.
          const [whole, inside = ''] = /^\[((?:[^\]]|\]\])*)\]/s.exec(quoted) ?? []
          expect(whole).toBe(quoted)
          expect(inside.replaceAll(']]', ']')).toBe(name)
        },
      ),
    )
  })

  it('with NUL is refused', () => {
    expect(() => dialect.quote('a\0b')).toThrow()
  })
})

describe('a constant', () => {
  /** What the engine makes of constants that are joined by `+`: doubled quotes, and no line that is continued. */
  const read = (sql: string): string =>
    [...sql.matchAll(/N'((?:[^']|'')*)'/gs)]
      .map(([, inside = '']) => inside.replaceAll("''", "'").replaceAll(/\\\r?\n/g, ''))
      .join('')

  it('of text comes back as it was, also one with a backslash before the end of a line', () => {
    expect(dialect.literal("O'Brien")).toBe("N'O''Brien'")
    expect(dialect.literal('a\\\nb')).toBe("(N'a\\' + N'\nb')")
    const nasty = fc.string({ unit: fc.constantFrom('\\', '\r', '\n', "'", 'a', ']', '-', '/', '*') })
    fc.assert(
      fc.property(fc.oneof(nasty, fc.string()), (text) => {
        if (!text.includes('\0')) expect(read(dialect.literal(text))).toBe(text)
      }),
    )
  })

  it.each([
    [null, 'NULL'],
    [true, 'CAST(1 AS bit)'],
    [-5, '-5'],
    [0.1, 'CAST(1e-1 AS float)'],
    [2n ** 70n, 'CAST(1180591620717411303424 AS decimal(38,0))'],
    [new Uint8Array([1, 255]), '0x01ff'],
  ])('of %s is %s', (value, sql) => {
    expect(dialect.literal(value)).toBe(sql)
  })

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], ['a\0'], [[1]]])('of %s is refused', (value) => {
    expect(() => dialect.literal(value)).toThrow()
  })
})

describe('a placeholder', () => {
  it.each([
    ['decimal(12,2)', 'decimal', 'CAST(@p1 AS decimal(38,12))'],
    ['decimal(38,0)', 'decimal', 'CAST(@p1 AS decimal(38,0))'],
    ['money', 'decimal', 'CAST(@p1 AS decimal(38,14))'],
    ['bigint', 'bigint', 'CAST(@p1 AS bigint)'],
    ['datetimeoffset(7)', 'timestamp', 'CAST(@p1 AS datetimeoffset(7))'],
    ['datetime', 'timestamp', 'CAST(CAST(@p1 AS datetime2(7)) AS datetime)'],
    ['uniqueidentifier', 'uuid', 'CAST(@p1 AS uniqueidentifier)'],
    // A cast would turn "ā" into "a".
    ['varchar(40)', 'text', '@p1'],
  ] as const)('for %s becomes a value in the engine', (type, family, sql) => {
    expect(dialect.placeholder(0, column(type, family))).toBe(sql)
  })
})

it('takes a page, and has something to order by when nobody said', () => {
  expect(dialect.limit(10, 20)).toBe('OFFSET 20 ROWS FETCH NEXT 10 ROWS ONLY')
  expect(dialect.noOrder).toBe('(SELECT NULL)')
  expect(() => dialect.limit(-1, 0)).toThrow()
  expect(() => dialect.limit(1.5, 0)).toThrow()
})

it('puts NULL last going up and first going down', () => {
  const c = column('int', 'integer')
  expect(dialect.orderBy('[a]', 'asc', c)).toBe('CASE WHEN [a] IS NULL THEN 1 ELSE 0 END, [a] ASC')
  expect(dialect.orderBy('[a]', 'desc', c)).toBe('CASE WHEN [a] IS NULL THEN 0 ELSE 1 END, [a] DESC')
})

it('searches by a pattern, each character as it is', () => {
  expect(dialect.like('[name]', '@p1')).toBe("[name] COLLATE Latin1_General_100_BIN2 LIKE @p1 ESCAPE N'\\'")
})

it('masks a value, and NULL stays NULL', () => {
  const c = column('nvarchar(40)', 'text')
  const mask = (kind: 'hash' | 'partial' | 'null') => dialect.mask({ kind, key: "k'1" }, '[a]', c)
  expect(mask('hash')).toBe(
    "LOWER(LEFT(CONVERT(varchar(64), HASHBYTES('SHA2_256', N'k''1' + CONVERT(nvarchar(max), [a])), 2), 16))",
  )
  const text = 'CONVERT(nvarchar(max), [a])'
  expect(mask('partial')).toBe(
    `CASE WHEN ${text} IS NULL THEN NULL WHEN LEN(${text}) <= 6 THEN N'***' ELSE LEFT(${text}, 2) + N'***' + RIGHT(${text}, 2) END`,
  )
  expect(mask('null')).toBe('CAST(NULL AS nvarchar(1))')
})

it('has the engine make text of what the driver cannot read', () => {
  expect(dialect.select('[g]', column('geography', 'other'))).toBe('[g].ToString()')
  expect(dialect.select('[x]', column('xml', 'text'))).toBe('CAST([x] AS nvarchar(max))')
  expect(dialect.select('[d]', column('decimal(38,10)', 'decimal'))).toBe('[d]')
})
