import { describe, expect, it } from 'vitest'
import { defineTool } from '../capabilities/definition.ts'
import type { Connector, Offered } from '../connectors/connector.ts'
import { ToolgateError } from '../errors.ts'
import { type ConnectorUnderTest, connectorSuite } from './connector-suite.ts'

const failure = new ToolgateError({ code: 'CONNECTOR_FAILED', message: 'It cannot be read.', hint: 'Mend it.' })

/** A connector over a variable, which keeps the whole contract. */
function make(changes: Partial<Connector> = {}): ConnectorUnderTest {
  let tool = 'wait'
  let isSpoiled = false
  const read = async (signal: AbortSignal): Promise<readonly Offered[]> => {
    if (signal.aborted || isSpoiled) throw failure
    const run = (_: unknown, context: { signal: AbortSignal }): Promise<never> =>
      new Promise((_resolve, reject) => context.signal.addEventListener('abort', () => reject(context.signal.reason)))
    return [{ definition: defineTool({ name: tool, run }), source: 'variable' }]
  }
  return {
    connector: {
      name: 'variable',
      connect: read,
      reload: read,
      watched: () => ['/variable'],
      onChange: () => () => {},
      close: async () => {},
      ...changes,
    },
    change: () => {
      tool = 'other'
    },
    spoil: () => {
      isSpoiled = true
    },
    hangs: { tool: 'wait' },
  }
}

const createBroken = (): ConnectorUnderTest => make({ connect: async () => Promise.reject(failure) })

describe('a connector that keeps the contract', () => {
  for (const { name, run } of connectorSuite({ create: () => make(), createBroken })) it(name, run)
})

/** Names of the tests that fail for a connector. */
async function failing(
  create: () => ConnectorUnderTest,
  broken: () => ConnectorUnderTest = createBroken,
): Promise<string[]> {
  const names: string[] = []
  for (const { name, run } of connectorSuite({ create, createBroken: broken })) {
    await run().catch(() => names.push(name))
  }
  return names
}

const callAnyway: Connector['onChange'] = (listener) => {
  queueMicrotask(() => listener([]))
  return () => {}
}

describe('a connector that breaks the contract', () => {
  const offer = (...names: string[]): Partial<Connector> => ({
    connect: async (signal) => {
      if (signal.aborted) throw failure
      return names.map((name) => ({ definition: defineTool({ name, run: () => name }), source: 'x' }))
    },
  })

  it.each<[string, Partial<Connector>, string]>([
    ['offers nothing', offer(), 'offers definitions, each with the place it comes from'],
    ['offers a name with spaces', offer('a b'), 'offers definitions, each with the place it comes from'],
    ['offers a name every object has', offer('toString'), 'offers definitions, each with the place it comes from'],
    ['offers the same twice', offer('a', 'a'), 'offers nothing twice'],
    ['answers a cancelled call', offer('wait'), 'stops a call that nobody waits for any more'],
    ['watches a relative path', { watched: () => ['tools'] }, 'names absolute paths to watch'],
    ['cannot be closed', { close: async () => Promise.reject(failure) }, 'closes without ever having been connected'],
    ['does not see a change', { reload: offer('wait').connect as Connector['connect'] }, 'reads its source again'],
    [
      'calls back a listener that has left',
      { onChange: callAnyway },
      'calls back when its source changes, until it is told to stop',
    ],
    [
      'goes on connecting when it is told to stop',
      { connect: async () => offer('wait').connect?.(new AbortController().signal) ?? [] },
      'gives up connecting when it is told to',
    ],
  ])('is caught when it %s', async (_, changes, name) => {
    expect(await failing(() => make(changes))).toContain(name)
  })

  it('is caught when it fails without a code or a hint', async () => {
    const plain = (): ConnectorUnderTest => make({ connect: async () => Promise.reject(new Error('no')) })
    const terse = (): ConnectorUnderTest =>
      make({ connect: async () => Promise.reject(new ToolgateError({ code: 'CONNECTOR_FAILED', message: 'no' })) })
    const name = 'refuses a source that cannot be read with a code and a hint'
    expect(await failing(() => make(), plain)).toContain(name)
    expect(await failing(() => make(), terse)).toContain(name)
  })
})
