import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createTestEngine, holder, type TestEngineOptions } from '../../test/fixtures/engine.ts'
import type { CallContext } from '../capabilities/call-context.ts'
import { type Definition, definePrompt, defineResource, defineTool } from '../capabilities/definition.ts'
import { elicit, inputRequired } from '../capabilities/input-required.ts'
import { ToolgateError, UserError } from '../errors.ts'
import { type Call, type CallKind, Cancellation } from './call.ts'
import type { Outcome, Trace } from './outcome.ts'
import { sanitizeError, sanitizeResult } from './sanitize-result.ts'
import { serveCall } from './serve-call.ts'

const TOKEN = `ghp_${'a1B2'.repeat(9)}`
const MASK = '[masked]'

function callOf(name: string, kind: CallKind, sent: unknown[] = []): Call {
  return {
    id: 'call-1',
    kind,
    method: 'tools/call',
    name,
    input: {},
    principal: holder('ann', 'user'),
    era: 'modern',
    transport: 'http',
    meta: {},
    client: { capabilities: {} },
    inputs: {},
    state: undefined,
    completion: undefined,
    cancellation: new Cancellation(),
    channel: {
      report: (progress) => void sent.push(progress),
      log: (_level, data) => void sent.push(data),
      closeStream: () => {},
    },
    notify: { toolsChanged() {}, promptsChanged() {}, resourcesChanged() {}, resourceUpdated() {} },
  }
}

interface Wanted extends TestEngineOptions {
  readonly name?: string
  readonly kind?: CallKind
  readonly sent?: unknown[]
}

function call(definition: Definition, { name = 'it', kind = 'tool', sent, ...options }: Wanted = {}): Promise<Outcome> {
  return serveCall(createTestEngine([definition], options).engine.guards, callOf(name, kind, sent))
}

const tool = (run: (input: unknown, context: CallContext) => unknown, more: object = {}): Definition =>
  defineTool({ name: 'it', run: run as never, ...more })

describe('what a caller gets', () => {
  it('has no secret in any part of the result of a tool', async () => {
    const result = {
      content: [
        { type: 'text', text: `it is ${TOKEN}` },
        { type: 'resource', resource: { uri: 'a:b', mimeType: 'text/plain', blob: base64(`x ${TOKEN}`) } },
        { type: 'resource_link', uri: 'postgres://a:hunter2@b/c', name: TOKEN },
      ],
      structuredContent: { deep: [{ [TOKEN]: { note: `x ${TOKEN}` } }] },
      _meta: { x: TOKEN },
    }
    const outcome = await call(tool(() => result))
    expect(outcome).toEqual({
      status: 'ok',
      result: {
        content: [
          { type: 'text', text: `it is ${MASK}` },
          { type: 'resource', resource: { uri: 'a:b', mimeType: 'text/plain', blob: base64(`x ${MASK}`) } },
          { type: 'resource_link', uri: `postgres://a:${MASK}@b/c`, name: MASK },
        ],
        structuredContent: { deep: [{ [MASK]: { note: `x ${MASK}` } }] },
        _meta: { x: MASK },
      },
    })
  })

  it('has images as they are, bytes as they are, and what was asked for by its name', async () => {
    const image = { type: 'image', data: base64(TOKEN), mimeType: 'image/png' }
    const outcome = await call(tool(() => ({ content: [image] })))
    expect(outcome).toEqual({ status: 'ok', result: { content: [image] } })
    const uri = `note://${TOKEN}`
    const read = defineResource({ uri, name: 'note', read: () => Uint8Array.of(0, 255, 1) })
    expect(await call(read, { name: uri, kind: 'resource' })).toMatchObject({
      result: { contents: [{ uri, blob: base64(Uint8Array.of(0, 255, 1)) }] },
    })
  })

  it('has no secret in resources, prompts and questions', async () => {
    const note = defineResource({ uri: 'note://1', name: 'note', read: () => `x ${TOKEN}` })
    expect(await call(note, { name: 'note://1', kind: 'resource' })).toMatchObject({
      result: { contents: [{ uri: 'note://1', text: `x ${MASK}` }] },
    })
    const prompt = definePrompt({ name: 'it', run: () => `say ${TOKEN}` })
    expect(await call(prompt, { kind: 'prompt' })).toMatchObject({
      result: { messages: [{ role: 'user', content: { type: 'text', text: `say ${MASK}` } }] },
    })
    const ask = tool(() =>
      inputRequired({ requests: { a: elicit(`Use ${TOKEN}?`, { type: 'object' }) }, state: TOKEN }),
    )
    expect(await call(ask)).toMatchObject({
      status: 'input_required',
      asked: { requests: { a: { params: { message: `Use ${MASK}?` } } }, state: TOKEN },
    })
  })

  it('has no secret in errors, progress and log messages', async () => {
    const refuse = tool(() => {
      throw new UserError(`No access with ${TOKEN}.`)
    })
    expect(await call(refuse)).toMatchObject({ error: { code: 'USER_ERROR', message: `No access with ${MASK}.` } })
    const fail = tool(() => {
      throw new ToolgateError({ code: 'FORBIDDEN', message: TOKEN, hint: `try ${TOKEN}`, data: { a: [TOKEN] } })
    })
    expect(await call(fail)).toMatchObject({ error: { message: MASK, hint: `try ${MASK}`, data: { a: [MASK] } } })
    const sent: unknown[] = []
    const chatty = tool((_input, { report, log }) => {
      report({ progress: 1, message: `at ${TOKEN}` })
      log('info', { password: 'hunter22', a: [TOKEN] })
    })
    await call(chatty, { sent })
    expect(sent).toEqual([
      { progress: 1, message: `at ${MASK}` },
      { password: MASK, a: [MASK] },
    ])
  })

  it('has no configured value in any form', async () => {
    const sanitize = { values: ['our own secret'] }
    const text = `our own secret ${base64('user:our own secret')} our%20own%20secret`
    const outcome = await call(
      tool(() => text),
      { sanitize },
    )
    expect(JSON.stringify(outcome)).not.toMatch(/our.{1,3}own|b3duIH/)
  })

  it('has personal data masked for the tools that are selected, and for no others', async () => {
    const rule = (name: string) => ({
      sanitize: { personal: [{ select: { name }, kinds: ['email'] as const, action: 'mask' as const }] },
    })
    const mail = tool(() => 'ask ann@mail.example')
    expect(textOf(await call(mail, rule('i*')))).toBe('ask [masked email]')
    expect(textOf(await call(mail, rule('other')))).toBe('ask ann@mail.example')
  })

  it('is what the handler returned, itself, where there is nothing to mask', async () => {
    const result = { content: [{ type: 'text', text: 'fine' }], structuredContent: { a: [1, { b: 'c' }] } }
    expect((await call(tool(() => result))) as object).toHaveProperty('result', result)
    const off = { sanitize: { secrets: false } }
    expect(
      textOf(
        await call(
          tool(() => TOKEN),
          off,
        ),
      ),
    ).toBe(TOKEN)
  })
})

describe('structured output', () => {
  it('that is masked and still fits its schema is sent', async () => {
    const output = z.object({ note: z.string() })
    const outcome = await call(tool(() => ({ note: TOKEN }), { output }))
    expect(outcome).toMatchObject({ result: { structuredContent: { note: MASK } } })
    expect(textOf(outcome)).toBe(`{"note":"${MASK}"}`)
  })

  it('that fits no longer is not sent, and the log says what to do', async () => {
    const output = z.object({ note: z.string().regex(/^ghp_/) })
    const test = createTestEngine([tool(() => ({ note: TOKEN }), { output })])
    const outcome = await serveCall(test.engine.guards, callOf('it', 'tool'))
    expect(outcome).toMatchObject({ error: { code: 'INVALID_OUTPUT' } })
    const told = String((outcome as { error: { cause?: unknown } }).error.cause)
    expect(told).toMatch(/masked, and then no longer fits.*note.*change `sanitize`/)
    expect(told).not.toContain(TOKEN)
  })

  it('is not transformed again when it is checked again', async () => {
    const shout = z.string().overwrite((text) => `${text}!`)
    const outcome = await call(
      tool(() => ({ n: 'a', note: TOKEN }), { output: z.object({ n: shout, note: z.string() }) }),
    )
    expect(outcome).toMatchObject({ result: { structuredContent: { n: 'a!', note: MASK } } })
  })

  it('that contains itself is refused', async () => {
    const cyclic: Record<string, unknown> = { a: 'b' }
    cyclic.self = cyclic
    const outcome = await call(tool(() => ({ content: [], structuredContent: cyclic })))
    expect(outcome).toMatchObject({ error: { code: 'INVALID_OUTPUT' } })
  })
})

describe('the trace', () => {
  it('says which rules fired and how often', () => {
    const { engine } = createTestEngine([tool(() => 'x')])
    const subject = engine.guards.plan.subjects.of(holder('ann', 'user'))
    const trace: Trace = { startedAt: 0, startedMark: 0, subject }
    const result = { content: [{ type: 'text', text: `${TOKEN} ${TOKEN} postgres://a:b1@c` }] }
    sanitizeResult(engine.guards.maskerOf, callOf('it', 'tool'), trace, result)
    expect(trace.masked).toEqual([
      { rule: 'github-token', count: 2 },
      { rule: 'url-password', count: 1 },
    ])
    const failed: Trace = { startedAt: 0, startedMark: 0, subject }
    sanitizeError(engine.guards.maskerOf, failed, new ToolgateError({ code: 'USER_ERROR', message: TOKEN }))
    expect(failed.masked).toEqual([{ rule: 'github-token', count: 1 }])
  })
})

function base64(bytes: string | Uint8Array): string {
  return Buffer.from(bytes as Uint8Array).toString('base64')
}

function textOf(outcome: Outcome): unknown {
  return (outcome as { result?: { content?: { text?: string }[] } }).result?.content?.[0]?.text
}
