import { describe, expect, it } from 'vitest'
import type { CallContext } from '../../capabilities/call-context.ts'
import { ForwardedCall, type Target } from './forwarded-call.ts'
import type { SdkServer } from './sdk-server.ts'
import { ThrowWatch } from './throw-watch.ts'

const target: Target = { method: 'tools/call', name: 'a', params: {} }
const caller: CallContext['caller'] = { id: 'key:ada', name: 'Ada', roles: [] }

/** A stand-in for an SDK server, as older and unknown versions cannot be installed beside the two that are. */
function serverWith(tools: unknown): SdkServer {
  const end = { connect: async () => {}, close: async () => {} }
  return { ...end, server: { ...end, _requestHandlers: new Map() }, _registeredTools: tools }
}

describe('a stand-in for a server of another version', () => {
  it.each(['callback', 'handler', 'executor'])('is watched where it keeps the tool in %s', async (slot) => {
    const call = new ForwardedCall({ id: 1, target, callerId: caller.id })
    const tools: Record<string, Record<string, () => unknown>> = {
      a: { [slot]: () => Promise.reject(new Error('secret')) },
    }
    expect(new ThrowWatch(serverWith(tools), () => call).prepare(target)).toBe('watched')
    await expect(tools.a?.[slot]?.()).rejects.toThrow('secret')
    expect(call.thrown?.value).toBeInstanceOf(Error)
  })

  it('forgets what one handler throws and another one catches', async () => {
    const call = new ForwardedCall({ id: 1, target, callerId: caller.id })
    const tools: Record<string, { handler: () => unknown }> = {
      b: { handler: () => Promise.reject(new Error('secret')) },
      a: { handler: async () => Promise.resolve(tools.b?.handler()).catch(() => 'instead') },
    }
    const watch = new ThrowWatch(serverWith(tools), () => call)
    watch.prepare({ ...target, name: 'b' })
    watch.prepare(target)
    expect(await tools.a?.handler()).toBe('instead')
    expect([call.thrown, call.returned]).toEqual([undefined, { value: 'instead' }])
  })

  it('wraps a handler once, and a new one that replaced it', () => {
    const tools = { a: { handler: async (): Promise<string> => 'first' } }
    const watch = new ThrowWatch(serverWith(tools), () => undefined)
    watch.prepare(target)
    const wrapped = tools.a.handler
    watch.prepare(target)
    expect(tools.a.handler).toBe(wrapped)
    tools.a.handler = async () => 'second'
    const replaced = tools.a.handler
    watch.prepare(target)
    expect(tools.a.handler).not.toBe(replaced)
  })

  it.each([
    ['has no list of tools', undefined],
    ['keeps a tool as something else', { a: 17 }],
    ['keeps a tool without anything that runs', { a: { title: 'x' } }],
    ['does not let its tools be changed', { a: Object.freeze({ handler: () => 'x' }) }],
  ])('is not trusted when it %s', (_, tools) => {
    expect(new ThrowWatch(serverWith(tools), () => undefined).prepare(target)).toBe('opaque')
  })

  it('does not take what every object has for a tool', () => {
    const watch = new ThrowWatch(serverWith({}), () => undefined)
    expect(watch.prepare({ ...target, name: 'constructor' })).toBe('open')
  })
})
