import assert from 'node:assert/strict'
import type { CallContext, Caller } from '../capabilities/call-context.ts'
import type { ResourceTemplateDefinition } from '../capabilities/definition.ts'
import type { Offered } from '../connectors/connector.ts'
import { isUserError, ToolgateError } from '../errors.ts'

/** Rows as a tool answers them. */
export interface RowsOf {
  readonly columns: readonly { readonly name: string }[]
  readonly rows: readonly (readonly unknown[])[]
  readonly truncated: boolean
  readonly nextCursor?: string
}

/** Calls a tool as a caller; answers its structured content. */
export async function callTool(
  offered: readonly Offered[],
  name: string,
  { who, input }: { readonly who: Caller; readonly input: object },
): Promise<unknown> {
  const tool = offered.map(({ definition }) => definition).find((definition) => definition.name === name)
  assert.ok(tool?.kind === 'tool', `there is no tool ${name}`)
  const result = (await tool.run(input as never, contextOf(who))) as { structuredContent?: unknown }
  return result.structuredContent ?? result
}

/** Reads a resource of a template as a caller. */
export async function readTemplate(
  offered: readonly Offered[],
  name: string,
  { who, variables }: { readonly who: Caller; readonly variables: Readonly<Record<string, string>> | object },
): Promise<Record<string, unknown>> {
  const template = templateOf(offered, name)
  const uri = new URL(`db://shop/${Object.values(variables).join('/')}`)
  return (await template.read(uri, variables as Record<string, string>, contextOf(who))) as Record<string, unknown>
}

/** Completes an argument of a template as a caller, with nothing typed. */
export async function completeTemplate(
  offered: readonly Offered[],
  name: string,
  { who, argument, given }: { readonly who: Caller; readonly argument: string; readonly given: object },
): Promise<readonly string[]> {
  const completer = templateOf(offered, name).complete?.[argument]
  assert.ok(completer !== undefined, `${name} does not complete ${argument}`)
  return completer('', { ...contextOf(who), arguments: given as Record<string, string> })
}

function templateOf(offered: readonly Offered[], name: string): ResourceTemplateDefinition {
  const found = offered.map(({ definition }) => definition).find((definition) => definition.name === name)
  assert.ok(found?.kind === 'resourceTemplate', `there is no template ${name}`)
  return found
}

/** What a caller is told; fails when the call succeeds, or when a caller is not told anything. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  const thrown = await outcomeOf(call)
  assert.ok(isUserError(thrown), `it was refused with ${String(thrown)}, which tells a caller nothing`)
  return thrown.message
}

/** The code with which a call was refused. */
export async function reasonOf(call: Promise<unknown>): Promise<string> {
  const thrown = await outcomeOf(call)
  assert.ok(thrown instanceof ToolgateError, `it was refused with ${String(thrown)}`)
  return thrown.code
}

async function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => assert.fail('it was not refused'),
    (reason: unknown) => reason,
  )
}

/** A context as the pipeline makes it, for a call that nobody cancels. */
function contextOf(caller: Caller, signal: AbortSignal = new AbortController().signal): CallContext {
  const nothing = (): void => {}
  return {
    callId: 'sql-suite',
    caller,
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
