import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { compileSchema, describeIssues } from './compile-schema.ts'

const issues = async (schema: Parameters<typeof compileSchema>[0], value: unknown): Promise<string> => {
  const checked = await compileSchema(schema, 'input').check(value)
  return describeIssues(checked.issues ?? [])
}

describe('an input schema', () => {
  it('names every wrong field at once', async () => {
    const schema = z.object({ a: z.number(), b: z.string(), c: z.enum(['x', 'y']) })
    const said = await issues(schema, { a: 'one', c: 'z', d: 1 })
    expect(said).toContain('`a` must be number')
    expect(said).toContain('`b` is required')
    expect(said).toContain('`c` must be one of ["x","y"]')
    expect(said).toContain('`d` is not known')
  })

  it('refuses null, which is not absent', async () => {
    expect(await issues(z.object({ a: z.string().optional() }), { a: null })).toContain('`a` must be string')
  })

  it('refuses unknown fields of nested objects too, unless the author says loose', async () => {
    expect(await issues(z.object({ in: z.object({}) }), { in: { extra: 1 } })).toContain('`in.extra` is not known')
    expect(await issues(z.object({ in: z.looseObject({}) }), { in: { extra: 1 } })).toBe('')
  })

  it('gives the handler what the author’s schema makes of the value', async () => {
    const schema = z.object({ n: z.number().default(5), s: z.string().transform((text) => text.length) })
    expect(await compileSchema(schema, 'input').check({ s: 'four' })).toEqual({ value: { n: 5, s: 4 } })
  })

  it('takes patterns as they are written in JavaScript, Unicode or not', async () => {
    expect(await issues(z.object({ a: z.string().regex(/^[_-]+$/) }), { a: '_-' })).toBe('')
    expect(await issues(z.object({ a: z.string().regex(/^\p{Lu}$/u) }), { a: 'Ä' })).toBe('')
    expect(await issues(z.object({ a: z.string().regex(/^\p{Lu}$/u) }), { a: 'ä' })).toContain('`a`')
  })

  it('applies rules that JSON Schema cannot say', async () => {
    const schema = z
      .object({ from: z.number(), to: z.number() })
      .refine(({ from, to }) => from < to, { message: 'ends before it begins' })
    expect(await issues(schema, { from: 2, to: 1 })).toBe('ends before it begins')
  })

  it('waits for asynchronous rules', async () => {
    const schema = z.object({ id: z.string().refine(async (id) => id === 'known', { message: 'is unknown' }) })
    expect(await issues(schema, { id: 'other' })).toBe('`id` is unknown')
  })

  it('takes plain JSON Schema of 2020-12 and draft-07', async () => {
    const plain = { type: 'object', properties: { id: { $ref: '#/$defs/id' } }, $defs: { id: { type: 'integer' } } }
    expect(await issues(plain, { id: 'x' })).toContain('`id` must be integer')
    const old = { ...plain, $schema: 'http://json-schema.org/draft-07/schema#' }
    expect(await issues(old, { id: 'x' })).toContain('`id` must be integer')
  })

  it('publishes plain JSON Schema verbatim', () => {
    const plain = { type: 'object', $comment: 'kept', 'x-own': [1] }
    expect(compileSchema(plain, 'input').json).toBe(plain)
  })

  it('never fetches a remote reference', () => {
    const remote = { type: 'object', properties: { a: { $ref: 'http://127.0.0.1:9/schema.json' } } }
    expect(() => compileSchema(remote, 'input')).toThrow(/not valid/)
  })

  it('refuses a hand-written schema that its dialect does not allow', () => {
    expect(() => compileSchema({ type: 'objekt' }, 'input')).toThrow(/not valid/)
    expect(() => compileSchema({ type: 'object', required: 'a' }, 'input')).toThrow(/not valid/)
  })

  it('refuses a dialect it does not know', () => {
    expect(() => compileSchema({ $schema: 'https://example.com/own' }, 'input')).toThrow(/dialect/)
  })

  it('says what to do about a type that JSON does not have', () => {
    expect(() => compileSchema(z.object({ at: z.date() }), 'input')).toThrow(/cannot be written as JSON Schema/)
  })

  it('takes any Standard Schema that has a JSON Schema form, and no other', async () => {
    const standard = {
      version: 1 as const,
      vendor: 'acme',
      validate: (value: unknown) => ({ value: { seen: value } }),
      jsonSchema: { input: () => ({ type: 'object' }), output: () => ({}) },
    }
    expect(await compileSchema({ '~standard': standard }, 'input').check({})).toEqual({ value: { seen: {} } })
    const { jsonSchema: _, ...without } = standard
    expect(() => compileSchema({ '~standard': without }, 'input')).toThrow(/acme/)
  })

  it('finds a value with prototype keys unknown, not inherited', async () => {
    const value = JSON.parse('{"constructor": 1, "__proto__": {"admin": true}}')
    expect(await issues(z.object({}), value)).toContain('`constructor` is not known')
  })
})

describe('an output schema', () => {
  it('strips what it does not declare', async () => {
    const schema = z.object({ id: z.number() })
    expect(await compileSchema(schema, 'output').check({ id: 1, passwordHash: 'x' })).toEqual({ value: { id: 1 } })
  })

  it('refuses what does not fit', async () => {
    expect((await compileSchema(z.object({ id: z.number() }), 'output').check({ id: 'x' })).issues).toHaveLength(1)
  })
})
