import assert from 'node:assert/strict'
import type { CallContext } from '../capabilities/call-context.ts'
import { type Definition, isDefinition } from '../capabilities/definition.ts'
import type { Connector, Offered } from '../connectors/connector.ts'
import { ToolgateError } from '../errors.ts'
import type { ContractCase } from './contract-case.ts'

/** A connector and what can be done to its source. Made anew for every test. */
export interface ConnectorUnderTest {
  readonly connector: Connector
  /** Changes the source, so that other names are offered. Needed if the connector has `reload` or `onChange`. */
  readonly change?: () => void | Promise<void>
  /** Makes the source unreadable. Needed if the connector has `reload`. */
  readonly spoil?: () => void | Promise<void>
  /** A tool that runs until it is cancelled, if the source can have one. */
  readonly hangs?: { readonly tool: string; readonly input?: Readonly<Record<string, unknown>> }
  /** Removes what was made for the test. */
  readonly remove?: () => void | Promise<void>
}

/** What the suite is run with. */
export interface ConnectorSuiteOptions {
  /** Makes a connector over a source that works and offers something. */
  readonly create: () => ConnectorUnderTest | Promise<ConnectorUnderTest>
  /** Makes a connector over a source that cannot be read: a missing file, a port where nobody listens. */
  readonly createBroken: () => ConnectorUnderTest | Promise<ConnectorUnderTest>
}

type Story = (under: ConnectorUnderTest, connector: Connector) => Promise<void>

/**
 * The contract of `Connector`, as tests. Each makes its own connector, closes it and removes what was made for it.
 *
 * @example
 * for (const { name, run } of connectorSuite({ create, createBroken })) it(name, run)
 */
export function connectorSuite(options: ConnectorSuiteOptions): readonly ContractCase[] {
  const toCase = (create: ConnectorSuiteOptions['create']): ((story: [string, Story]) => ContractCase) => {
    return ([name, check]) => ({ name, run: () => runStory(create, check) })
  }
  return [
    ...Object.entries(STORIES).map(toCase(options.create)),
    ...Object.entries(BROKEN_STORIES).map(toCase(options.createBroken)),
  ]
}

async function runStory(create: ConnectorSuiteOptions['create'], check: Story): Promise<void> {
  const under = await create()
  try {
    await check(under, under.connector)
  } finally {
    await under.connector.close()
    await under.remove?.()
  }
}

const STORIES: Readonly<Record<string, Story>> = {
  'has a name and offers nothing before it is connected': async (_, connector) => {
    assert.equal(typeof connector.name, 'string')
    assert.notEqual(connector.name, '')
    assert.ok(Array.isArray(connector.watched?.() ?? []))
  },

  'offers definitions, each with the place it comes from': async (_, connector) => {
    const offered = await connector.connect(never())
    assert.ok(offered.length > 0, 'it offers nothing')
    for (const { definition, source } of offered) {
      assert.ok(isDefinition(definition), `${String(source)} offers something that is not a definition`)
      assert.notEqual(source, '', `${definition.name} has no source`)
      assert.match(definition.name, /^[A-Za-z0-9_-]{1,64}$/)
      assert.ok(!(definition.name in Object.prototype), `${definition.name} is a name every object has`)
    }
  },

  'offers nothing twice': async (_, connector) => {
    const keys = (await connector.connect(never())).map(({ definition }) => keyOf(definition))
    assert.deepEqual(keys, [...new Set(keys)])
  },

  'gives up connecting when it is told to': async (_, connector) => {
    await rejectsWithToolgateError(connector.connect(AbortSignal.abort(new Error('shutting down'))))
  },

  'closes as often as it is asked': async (_, connector) => {
    await connector.connect(never())
    await connector.close()
    await connector.close()
  },

  'closes without ever having been connected': async (_, connector) => {
    await connector.close()
  },

  'names absolute paths to watch': async (_, connector) => {
    await connector.connect(never())
    for (const path of connector.watched?.() ?? []) assert.match(path, /^([/\\]|[A-Za-z]:)/)
  },

  'reads its source again': async (under, connector) => {
    if (connector.reload === undefined) return
    const before = namesOf(await connector.connect(never()))
    assert.deepEqual(namesOf(await connector.reload(never())), before)
    await needed(under.change, 'change')()
    assert.notDeepEqual(namesOf(await connector.reload(never())), before)
  },

  'fails to reload a spoiled source, and what it offered goes on working': async (under, connector) => {
    if (connector.reload === undefined) return
    const [first] = await connector.connect(never())
    await needed(under.spoil, 'spoil')()
    await rejectsWithToolgateError(connector.reload(never()))
    assert.ok(first !== undefined && isDefinition(first.definition))
    if (under.hangs !== undefined) await assertObeysSignal(under, [first])
  },

  'calls back when its source changes, until it is told to stop': async (under, connector) => {
    if (connector.onChange === undefined) return
    await connector.connect(never())
    const heard: (readonly Offered[])[] = []
    const stop = connector.onChange((offered) => heard.push(offered))
    stop()
    stop()
    await under.change?.()
    assert.deepEqual(heard, [])
  },

  'stops a call that nobody waits for any more': async (under, connector) => {
    await assertObeysSignal(under, await connector.connect(never()))
  },
}

const BROKEN_STORIES: Readonly<Record<string, Story>> = {
  'refuses a source that cannot be read with a code and a hint': async (_, connector) => {
    const failure = await rejectsWithToolgateError(connector.connect(never()))
    assert.ok(['CONNECTOR_FAILED', 'DEFINITION_INVALID'].includes(failure.code), `its code is ${failure.code}`)
    assert.ok(failure.hint, 'it does not say what to do')
  },

  'closes after it failed to connect': async (_, connector) => {
    await rejectsWithToolgateError(connector.connect(never()))
    await connector.close()
    await connector.close()
  },
}

async function assertObeysSignal({ hangs }: ConnectorUnderTest, offered: readonly Offered[]): Promise<void> {
  if (hangs === undefined) return
  const tool = offered.map(({ definition }) => definition).find(({ name }) => name === hangs.tool)
  if (tool?.kind !== 'tool') return
  const controller = new AbortController()
  const reason = new Error('gone')
  const running = Promise.resolve(tool.run((hangs.input ?? {}) as never, contextWith(controller.signal)))
  setImmediate(() => controller.abort(reason))
  await assert.rejects(running, 'it answered although it was cancelled')
}

async function rejectsWithToolgateError(promise: Promise<unknown>): Promise<ToolgateError> {
  const thrown = await promise.then(
    () => assert.fail('it did not fail'),
    (reason: unknown) => reason,
  )
  assert.ok(thrown instanceof ToolgateError, `it failed with ${String(thrown)} instead of a ToolgateError`)
  return thrown
}

function keyOf(definition: Definition): string {
  if (definition.kind === 'resource') return `resource ${definition.uri}`
  return definition.kind === 'resourceTemplate'
    ? `template ${definition.uriTemplate}`
    : `${definition.kind} ${definition.name}`
}

function namesOf(offered: readonly Offered[]): string[] {
  return offered.map(({ definition }) => keyOf(definition)).sort()
}

function needed<T>(given: T | undefined, name: string): T {
  assert.ok(given !== undefined, `the suite needs \`${name}\` for a connector that reloads`)
  return given
}

function never(): AbortSignal {
  return new AbortController().signal
}

function contextWith(signal: AbortSignal): CallContext {
  const nothing = (): void => {}
  return {
    callId: 'connector-suite',
    caller: { id: 'local', name: 'connector suite', roles: [] },
    signal,
    client: { capabilities: {} },
    meta: {},
    inputs: {},
    state: undefined,
    report: nothing,
    log: nothing,
    notify: { toolsChanged: nothing, promptsChanged: nothing, resourcesChanged: nothing, resourceUpdated: nothing },
    closeStream: nothing,
  }
}
