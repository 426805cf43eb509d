import { describe, expect, it } from 'vitest'
import { createTestEngine, holder } from '../../../test/fixtures/engine.ts'
import { definePrompt, defineResource, defineTool } from '../../capabilities/definition.ts'
import { connectInMemory, type MemoryPeer } from '../memory/connect-in-memory.ts'

const tool = (name: string) => defineTool({ name, description: name, run: () => name })
const names = Array.from({ length: 25 }, (_, index) => `tool_${String(index).padStart(2, '0')}`)

const walk = async (peer: MemoryPeer, method = 'tools/list'): Promise<string[][]> => {
  const pages: string[][] = []
  let cursor: unknown
  do {
    const result = await peer.request(method, cursor === undefined ? {} : { cursor })
    pages.push((result.tools as { name: string }[]).map(({ name }) => name))
    cursor = result.nextCursor
  } while (cursor !== undefined)
  return pages
}

describe('a long list', () => {
  it('comes in pages, in order, in both eras', async () => {
    const { engine } = createTestEngine([...names].reverse().map(tool), { server: { pageSize: 10 } })
    for (const era of ['modern', 'legacy'] as const) {
      const pages = await walk(connectInMemory(engine, holder('ann', 'user'), { era }))
      expect(pages.map((page) => page.length)).toEqual([10, 10, 5])
      expect(pages.flat()).toEqual(names)
    }
  })

  it('has no empty last page', async () => {
    const { engine } = createTestEngine(names.slice(0, 20).map(tool), { server: { pageSize: 10 } })
    expect(await walk(connectInMemory(engine, holder('ann', 'user')))).toHaveLength(2)
  })

  it('loses nothing that stays when the catalog changes between two pages', async () => {
    const test = createTestEngine(names.map(tool), { server: { pageSize: 10 } })
    const peer = connectInMemory(test.engine, holder('ann', 'user'))
    const first = await peer.request('tools/list')
    test.use(names.slice(5).map(tool))
    const second = await peer.request('tools/list', { cursor: first.nextCursor })
    expect((second.tools as { name: string }[])[0]?.name).toBe('tool_10')
  })

  it('takes a cursor back only from whom it was given to, for the same list, unchanged', async () => {
    const { engine } = createTestEngine(
      [...names.map(tool), ...names.map((name) => definePrompt({ name, run: () => '' }))],
      {
        server: { pageSize: 10 },
      },
    )
    const ann = connectInMemory(engine, holder('ann', 'user'))
    const bob = connectInMemory(engine, holder('bob', 'user'))
    const cursor = (await ann.request('tools/list')).nextCursor as string
    const refused = { code: -32602 }
    await expect(bob.request('tools/list', { cursor })).rejects.toMatchObject(refused)
    await expect(ann.request('prompts/list', { cursor })).rejects.toMatchObject(refused)
    for (const bad of [`${cursor}A`, 'bogus', '', 10, null, cursor.toUpperCase()]) {
      await expect(ann.request('tools/list', { cursor: bad })).rejects.toMatchObject(refused)
    }
  })
})

describe('what a server declares', () => {
  it('is what its methods answer', async () => {
    const only = createTestEngine([tool('a')])
    const peer = connectInMemory(only.engine, holder('ann', 'user'))
    const { capabilities } = await peer.request('server/discover')
    expect(capabilities).toEqual({ logging: {}, tools: { listChanged: true } })
    await expect(peer.request('prompts/list')).rejects.toMatchObject({ code: -32601 })
    await expect(peer.request('resources/list')).rejects.toMatchObject({ code: -32601 })
    only.use([
      tool('a'),
      definePrompt({ name: 'p', run: () => '' }),
      defineResource({ name: 'r', uri: 'db://a', read: () => '' }),
    ])
    expect(Object.keys((await peer.request('server/discover')).capabilities as object).sort()).toEqual([
      'completions',
      'logging',
      'prompts',
      'resources',
      'tools',
    ])
    expect((await peer.request('prompts/list')).prompts).toHaveLength(1)
  })

  it('is no output schema that an older client could not hold its result against', async () => {
    const list = defineTool({ name: 'list', output: { type: 'array' }, run: () => [1, 2] })
    const { engine } = createTestEngine([list])
    const modern = connectInMemory(engine, holder('ann', 'user'))
    const legacy = connectInMemory(engine, holder('ann', 'user'), { era: 'legacy' })
    expect(await modern.request('tools/call', { name: 'list' })).toMatchObject({ structuredContent: [1, 2] })
    expect(await legacy.request('tools/call', { name: 'list' })).toEqual({ content: [{ type: 'text', text: '[1,2]' }] })
    expect((await legacy.request('tools/list')).tools).toEqual([{ name: 'list', inputSchema: expect.anything() }])
  })
})

describe('an in-memory client', () => {
  it('cancels with a signal, hears notifications and answers questions', async () => {
    const { inputRequired, elicit } = await import('../../capabilities/input-required.ts')
    const ask = defineTool({
      name: 'ask',
      run: (_input, { inputs, log }) => {
        log('info', 'asking')
        return inputs.a === undefined ? inputRequired({ requests: { a: elicit('?', { type: 'object' }) } }) : 'answered'
      },
    })
    const hang = defineTool({ name: 'hang', run: () => new Promise<string>(() => {}) })
    const { engine } = createTestEngine([ask, hang])
    const peer = connectInMemory(engine, holder('ann', 'user'), {
      era: 'legacy',
      capabilities: { elicitation: {} },
      onRequest: () => ({ action: 'accept' }),
    })
    const heard: string[] = []
    peer.onNotification((method) => heard.push(method))
    expect(await peer.request('tools/call', { name: 'ask' })).toMatchObject({ content: [{ text: 'answered' }] })
    expect(heard).toContain('notifications/message')
    const controller = new AbortController()
    const hanging = peer.request('tools/call', { name: 'hang' }, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(hanging).rejects.toThrow('enough')
    peer.close()
  })
})
