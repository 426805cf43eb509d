import { z } from 'zod'
import type { Definition } from '../../src/capabilities/definition.ts'
import { definePrompt, defineResource, defineTool } from '../../src/capabilities/definition.ts'
import { elicit, inputRequired } from '../../src/capabilities/input-required.ts'
import type { RoleOptions } from '../../src/pipeline/options.ts'
import { createTestEngine, type TestEngine } from '../fixtures/engine.ts'

/** Text that must never come out: the reason of a failure, and what is another principal's. */
export const SECRETS: readonly string[] = ['hunter2', 'data-of-bob']

/** An engine whose handlers do what handlers do, and worse; it knows which of them ran. */
export interface Subject {
  readonly test: TestEngine
  /** How often the handlers of each call have run since `forget`. */
  readonly executed: Map<string, number>
  /** What is recorded and counted is let go of, so that only the server's own memory can grow. */
  forget(): void
}

/** Makes the subject; questions to legacy clients that are not answered end soon. */
export function createSubject(): Subject {
  const executed = new Map<string, number>()
  const ran: Ran = ({ callId }, value) => {
    executed.set(callId, (executed.get(callId) ?? 0) + 1)
    return value
  }
  const everything: RoleOptions = { scopes: [], allow: [{ name: '*' }], deny: [] }
  const test = createTestEngine([...toolsOf(ran), ...resourcesOf(ran), ...promptsOf(ran)], {
    roles: { user: { ...everything, deny: [{ name: 'db://bob' }, { name: 'skill://bobs/*' }] }, owner: everything },
    server: {
      pageSize: 3,
      maxBodyBytes: 20_000,
      askTimeoutMs: 50,
      maxStreamsPerPrincipal: 1000,
      compat: { sse: true },
      tasks: {
        ttlMs: 3_600_000,
        pollIntervalMs: 1000,
        max: 100,
        maxPerPrincipal: 50,
        maxRunning: 100,
        maxRunningPerPrincipal: 100,
      },
      sessions: { idleMs: 1_800_000, max: 300, maxPerPrincipal: 100 },
    },
    limits: { callsPerMinute: 10_000_000, burst: 10_000_000 },
  })
  const forget = (): void => {
    executed.clear()
    test.records.length = 0
    test.events.length = 0
    test.observed.length = 0
  }
  return { test, executed, forget }
}

/** Counts the run, and hands on what the handler returns. */
type Ran = <T>(context: { readonly callId: string }, value: T) => T

function toolsOf(ran: Ran): Definition[] {
  const anything = z.object({
    text: z.string().max(200).optional(),
    count: z.int().optional(),
    any: z.unknown().optional(),
  })
  return [
    defineTool({ name: 'echo', input: anything, run: ({ text }, context) => ran(context, text ?? 'nothing') }),
    defineTool({ name: 'work', task: 'optional', run: async (_input, context) => ran(context, 'worked') }),
    defineTool({ name: 'whoami', run: (_input, context) => ran(context, `I am ${context.caller.name}`) }),
    defineTool({
      name: 'fail',
      input: anything,
      run: (_input, context) => {
        ran(context, undefined)
        throw new Error('hunter2: cannot connect with the password hunter2', { cause: new Error('hunter2') })
      },
    }),
    defineTool({
      name: 'fail_oddly',
      run: async (_input, context) => {
        ran(context, undefined)
        throw { password: 'hunter2', toString: () => 'hunter2' }
      },
    }),
    defineTool({
      name: 'lie',
      output: z.object({ sum: z.number() }),
      run: (_input, context) => ran(context, { sum: 'hunter2' }) as never,
    }),
    defineTool({
      name: 'report',
      input: anything,
      run: (_input, context) => {
        ran(context, undefined)
        context.report({ progress: 1, total: 2 })
        context.log('warning', 'half of it')
        context.report({ progress: 2, total: 2 })
        return 'reported'
      },
    }),
    defineTool({
      name: 'ask',
      run: (_input, context) => {
        ran(context, undefined)
        const schema = { type: 'object' as const, properties: { name: { type: 'string' } } }
        if (context.inputs.who !== undefined) return `answered ${JSON.stringify(context.state)}`
        return inputRequired({ requests: { who: elicit('Who are you?', schema) }, state: { round: 1 } })
      },
    }),
  ]
}

function resourcesOf(ran: Ran): Definition[] {
  const open = ['a', 'b', 'c', 'd'].map((name) =>
    defineResource({ name, uri: `db://${name}`, read: (_uri, context) => ran(context, { name }) }),
  )
  return [
    ...open,
    skillOf('tidy', ran, 'Tidies up.'),
    skillOf('bobs', ran, 'data-of-bob'),
    defineResource({ name: 'of_bob', uri: 'db://bob', read: (_uri, context) => ran(context, 'data-of-bob') }),
    defineResource({
      name: 'customer',
      uriTemplate: 'db://customers/{id}',
      complete: { id: (typed) => [`${typed}1`, `${typed}2`] },
      read: (_uri, { id }, context) => ran(context, { id }),
    }),
  ]
}

/** A skill with one file beside its SKILL.md. */
function skillOf(name: string, ran: Ran, description: string): Definition {
  const [folder, uri, notes] = [`skill://${name}`, `skill://${name}/SKILL.md`, `skill://${name}/notes/a.md`]
  const digest = `sha256:${'0'.repeat(64)}`
  return defineResource({
    name,
    uri,
    skill: {
      entry: {
        uri,
        frontmatter: { name, description },
        resources: [uri, notes].map((each) => ({ uri: each, digest, size: 1 })),
      },
      directories: new Map([
        [folder, [{ uri: `${folder}/notes`, name: 'notes', mimeType: 'inode/directory' }]],
        [`${folder}/notes`, [{ uri: notes, name: 'a.md', mimeType: 'text/markdown', size: 1 }]],
      ]),
    },
    read: (_uri, context) => ran(context, description),
  })
}

function promptsOf(ran: Ran): Definition[] {
  return [
    definePrompt({
      name: 'greet',
      input: z.object({ name: z.string() }),
      complete: { name: (typed) => [`${typed}!`] },
      run: ({ name }, context) => ran(context, `Greet ${name}`),
    }),
    definePrompt({
      name: 'break',
      run: (_input, context) => {
        ran(context, undefined)
        throw new Error('hunter2')
      },
    }),
  ]
}

const RUN_CODES: ReadonlySet<unknown> = new Set(['INTERNAL', 'INVALID_OUTPUT', 'USER_ERROR', undefined])

/** What is recorded as done without a handler of ours: a look at a task, and completion where there is nothing to call. */
const RUNS_NO_HANDLER = /^(tasks\/|completion\/complete$)/

/** What was executed and not recorded, or recorded as done and not executed; nothing of it is to be found. */
export function findUnrecorded({ executed, test }: Subject): string[] {
  const recorded = new Map<string, { all: number; done: number }>()
  for (const { callId, status, code, method } of test.records) {
    const isDone = ['ok', 'input_required', 'error'].includes(status) && RUN_CODES.has(code)
    const { all, done } = recorded.get(callId) ?? { all: 0, done: 0 }
    recorded.set(callId, { all: all + 1, done: done + (isDone && !RUNS_NO_HANDLER.test(method) ? 1 : 0) })
  }
  const ids = new Set([...recorded.keys(), ...executed.keys()])
  return [...ids].filter((id) => {
    const { all, done } = recorded.get(id) ?? { all: 0, done: 0 }
    const times = executed.get(id) ?? 0
    return times > all || times < done
  })
}
