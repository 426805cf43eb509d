import type { Capability } from '../../capabilities/capability.ts'
import type { Catalog } from '../../capabilities/catalog.ts'
import type { Principal } from '../../identity/principal.ts'
import type { Exchange } from '../exchange.ts'
import type { Task } from './task.ts'
import { offersTasks } from './tasks-extension.ts'

/** The one revision in which tasks were part of the protocol itself. */
const CORE_TASKS_VERSION = '2025-11-25'

/** The key in `_meta` that says which task a message is about (2025-11-25, Related Task Metadata). */
const RELATED_TASK = 'io.modelcontextprotocol/related-task'

/** Whether the client's revision is the one that has tasks in the protocol itself. */
export function knowsCoreTasks({ version }: Pick<Exchange, 'version'>): boolean {
  return version === CORE_TASKS_VERSION
}

/** Whether the tasks of this caller can be told from those of others: nobody lists what everybody might have made. */
export function mayListTasks({ kind }: Principal): boolean {
  return kind !== 'anonymous'
}

/** What `initialize` declares of tasks. */
export function coreTaskCapability(catalog: Catalog, version: string, principal: Principal): Record<string, object> {
  if (!knowsCoreTasks({ version }) || !offersTasks(catalog)) return {}
  const list = mayListTasks(principal) ? { list: {} } : {}
  return { tasks: { ...list, cancel: {}, requests: { tools: { call: {} } } } }
}

/** What the listing of a tool says; a tool without it must not be called as a task. */
export function executionOf(capability: Capability): Record<string, object> {
  const task = capability.kind === 'tool' ? capability.definition.task : undefined
  return task === undefined ? {} : { execution: { taskSupport: task } }
}

/** The task as 2025-11-25 shows it. A result with `isError` is a task that has failed there. */
export function toCoreTask(task: Task): Record<string, unknown> {
  const { id, createdAt, updatedAt, ttlMs, pollIntervalMs } = task
  const statusMessage = task.statusMessage ?? task.error?.message
  return {
    taskId: id,
    status: statusOf(task),
    ...(statusMessage === undefined ? {} : { statusMessage }),
    createdAt: new Date(createdAt).toISOString(),
    lastUpdatedAt: new Date(updatedAt).toISOString(),
    ttl: ttlMs,
    pollInterval: pollIntervalMs,
  }
}

function statusOf({ status, result }: Task): Task['status'] {
  const isError = (result as { readonly isError?: unknown } | undefined)?.isError === true
  return status === 'completed' && isError ? 'failed' : status
}

/** The parameters or the result with the task it belongs to in its `_meta`. */
export function relatedTo<T extends object>({ id }: Task, message: T): T & { readonly _meta: object } {
  const { _meta } = message as { readonly _meta?: object }
  return { ...message, _meta: { ..._meta, [RELATED_TASK]: { taskId: id } } }
}
