import { ToolgateError } from '../../errors.ts'
import type { Engine, Method } from '../engine.ts'
import type { Exchange } from '../exchange.ts'
import { toLegacyResult } from '../legacy/to-legacy-result.ts'
import { metered } from '../methods/metered.ts'
import { takePage } from '../methods/take-page.ts'
import { requireString } from '../methods/to-call.ts'
import type { Params } from '../protocol/json-rpc.ts'
import { fromJsonRpcError } from '../protocol/wire-error.ts'
import { awaitTask } from './await-task.ts'
import { knowsCoreTasks, mayListTasks, relatedTo, toCoreTask } from './core-task.ts'
import { maySeeTask } from './may-see-task.ts'
import { serveTaskCall } from './serve-task-call.ts'
import { isFinal, type Task } from './task.ts'
import { offersTasks } from './tasks-extension.ts'

/** `tasks/get` of 2025-11-25. */
export const getCoreTask: Method = (engine, params, exchange) =>
  serveTaskCall(engine, params, exchange, {
    method: 'tasks/get',
    task: findTask(engine, params, exchange),
    operation: toCoreTask,
  })

/** `tasks/cancel` of 2025-11-25. Throws `INVALID_PARAMS` for a task that has ended. */
export const cancelCoreTask: Method = (engine, params, exchange) => {
  const operation = (task: Task): object => {
    if (!isFinal(task)) engine.tasks.cancel(task)
    const after = engine.tasks.find(task.id, task.principalId)
    if (!isFinal(task) && after?.status === 'cancelled') return toCoreTask(after)
    throw new ToolgateError({ code: 'INVALID_PARAMS', message: 'The task has ended and cannot be cancelled.' })
  }
  return serveTaskCall(engine, params, exchange, {
    method: 'tasks/cancel',
    task: findTask(engine, params, exchange),
    operation,
  })
}

/**
 * `tasks/result` of 2025-11-25: what the call would have answered, result or error, as soon as there is one. A task that
 * was cancelled has none; that is an error too.
 */
export const getTaskResult: Method = async (engine, params, exchange) => {
  const task = findTask(engine, params, exchange)
  const operation = (found: Task): Task => found
  const seen = await serveTaskCall(engine, params, exchange, { method: 'tasks/result', task, operation })
  const ended = await awaitTask(engine, seen, exchange)
  const { result, error } = ended
  if (result !== undefined) return relatedTo(ended, toLegacyResult(result))
  if (error === undefined) throw new ToolgateError({ code: 'CANCELLED', message: 'The task was cancelled.' })
  throw fromJsonRpcError(error)
}

/** `tasks/list` of 2025-11-25: the caller's own tasks, those whose tools it may use still. */
export const listCoreTasks: Method = metered((engine, params, exchange) => {
  requireTasks(engine, exchange)
  const { principal } = exchange
  if (!mayListTasks(principal)) {
    throw new ToolgateError({ code: 'METHOD_NOT_FOUND', message: 'Tasks are listed for callers with a credential.' })
  }
  const items = engine.tasks.idsOf(principal.id)
  const { page, next } = takePage(engine, exchange, { list: 'tasks', items, keyOf: (id) => id, params })
  const tasks = page.map((id) => engine.tasks.find(id, principal.id)).filter((task) => task !== undefined)
  return { tasks: tasks.filter((task) => maySeeTask(engine.guards, principal, task)).map(toCoreTask), ...next }
})

function findTask(engine: Engine, params: Params, exchange: Exchange): Task | undefined {
  requireTasks(engine, exchange)
  return engine.tasks.find(requireString(params, 'taskId'), exchange.principal.id)
}

/** Tasks of this form are there for one revision, and where a tool runs as a task. */
function requireTasks({ guards }: Engine, exchange: Exchange): void {
  if (knowsCoreTasks(exchange) && offersTasks(guards.catalog)) return
  throw new ToolgateError({ code: 'METHOD_NOT_FOUND', message: 'This server offers no tasks.' })
}
