import { describe, expect, it } from 'vitest'
import { callerOf, shopSource } from '../../../test/fixtures/exposed-shop.ts'
import type { CallContext, Caller } from '../../capabilities/call-context.ts'
import type { ToolDefinition } from '../../capabilities/definition.ts'
import type { SqlResult } from './database.ts'
import { readSqlOptions } from './options.ts'
import { queryTools } from './query-tools.ts'

const RESULT: SqlResult = { columns: [{ name: 'id', type: 'int4', family: 'integer' }], rows: [[1]] }

function tool(query: object, result = RESULT) {
  const source = shopSource(result)
  const { queries } = readSqlOptions({ queries: { ask: { description: 'Asks.', ...query } } })
  const [made] = queryTools(queries, () => source)
  const run = (input: object, caller: Caller = callerOf()): unknown =>
    made?.run(input as never, { caller, signal: new AbortController().signal } as CallContext)
  return { made: made as ToolDefinition, run, asked: source.asked }
}

const text = { type: 'string' }

describe('a named query', () => {
  it('binds arguments and what is known of the caller, and changes nothing else of its text', async () => {
    const { run, asked } = tool({
      sql: 'SELECT id FROM t WHERE a = :a AND b = :caller.tenant AND c = :a',
      input: { a: text },
    })
    await run({ a: "' OR 1=1" })
    expect(asked).toEqual([
      { text: 'SELECT id FROM t WHERE a = $1 AND b = $2 AND c = $3', parameters: ["' OR 1=1", 'acme', "' OR 1=1"] },
    ])
  })

  it('is refused to a caller that lacks what it needs, and no argument stands in for it', async () => {
    const { tenant: _, ...unknown } = callerOf()
    const { run, asked } = tool({ sql: 'SELECT :caller.tenant' })
    await expect(async () => run({ 'caller.tenant': 'globex' }, unknown)).rejects.toThrow(/known without tenant/)
    expect(asked).toEqual([])
  })

  it('takes NULL for what was left out, lists as lists and objects as JSON', async () => {
    const { run, asked } = tool({
      sql: 'SELECT :a, :b, :c',
      input: { a: text, b: { type: 'array' }, c: { type: 'object' } },
      required: [],
    })
    await run({ b: [1, 'x'], c: { d: 1 } })
    expect(asked[0]?.parameters).toEqual([null, [1, 'x'], '{"d":1}'])
  })

  it('says what it does: reads, unless it is marked as writing', () => {
    expect(tool({ sql: 'SELECT 1' }).made.annotations).toEqual({ readOnlyHint: true, openWorldHint: false })
    expect(tool({ sql: 'DELETE FROM t', write: true }).made.annotations).toMatchObject({
      readOnlyHint: false,
      destructiveHint: true,
    })
  })

  it('answers objects where it says what its columns are', async () => {
    const { run } = tool({ sql: 'SELECT 1 AS id', output: { id: { type: 'integer' } } })
    expect(await run({})).toEqual({ rows: [{ id: 1 }], truncated: false })
  })

  it('whose parameters and input differ is told at the start', () => {
    expect(() => tool({ sql: 'SELECT :statsu', input: { status: text } })).toThrow(/uses :statsu/)
    expect(() => tool({ sql: 'SELECT 1', input: { status: text } })).toThrow(/never uses its input status/)
  })
})
