import type { InputResponse } from '../../capabilities/input-required.ts'
import { ToolgateError } from '../../errors.ts'
import type { Engine, Method } from '../engine.ts'
import type { Exchange } from '../exchange.ts'
import { requireString } from '../methods/to-call.ts'
import { isObject } from '../protocol/envelope.ts'
import type { Params } from '../protocol/json-rpc.ts'
import { requireInputResponse } from '../rounds/input-responses.ts'
import { resumeTask } from './run-task.ts'
import { serveTaskCall } from './serve-task-call.ts'
import { type Task, toDetailed } from './task.ts'
import { declaresTasks, offersTasks, tasksRequired } from './tasks-extension.ts'

/** `tasks/get`. */
export const getTask: Method = (engine, params, exchange) =>
  serveTaskCall(engine, params, exchange, {
    method: 'tasks/get',
    task: findTask(engine, params, exchange),
    operation: toDetailed,
  })

/** `tasks/cancel`. A task that has ended stays as it is. */
export const cancelTask: Method = (engine, params, exchange) => {
  const operation = (task: Task): object => {
    engine.tasks.cancel(task)
    return {}
  }
  return serveTaskCall(engine, params, exchange, {
    method: 'tasks/cancel',
    task: findTask(engine, params, exchange),
    operation,
  })
}

/**
 * `tasks/update`: takes answers to what a task has asked. With the last one its handler is called again, through every
 * guard. Answers under keys that nothing was asked under, or no more, are left aside.
 */
export const updateTask: Method = (engine, params, exchange) => {
  const task = findTask(engine, params, exchange)
  const { inputResponses } = params
  if (!isObject(inputResponses)) {
    throw new ToolgateError({ code: 'INVALID_PARAMS', message: '`params.inputResponses` must be an object.' })
  }
  const pending = Object.entries(task?.pending ?? {})
  const given = pending.filter(([key]) => Object.hasOwn(inputResponses, key))
  const answers = { ...task?.answers }
  for (const [key, { key: own }] of given) answers[own] = inputResponses[key] as InputResponse
  const check = (): void => {
    for (const [key] of given) requireInputResponse(key, inputResponses[key])
  }
  if (task !== undefined && given.length > 0 && given.length === pending.length) {
    return resumeTask(engine, task, exchange, { method: 'tasks/update', inputs: answers, check })
  }
  const operation = (asked: Task): object => {
    check()
    const left = pending.filter((entry) => !given.includes(entry))
    if (given.length > 0) engine.tasks.change(asked, { pending: Object.fromEntries(left), answers })
    return {}
  }
  return serveTaskCall(engine, params, exchange, { method: 'tasks/update', task, operation })
}

/** The task of the caller. Throws `CLIENT_CAPABILITY_REQUIRED` for clients that do not know tasks. */
function findTask(engine: Engine, params: Params, exchange: Exchange): Task | undefined {
  if (!offersTasks(engine.guards.catalog)) {
    throw new ToolgateError({ code: 'METHOD_NOT_FOUND', message: 'This server offers no tasks.' })
  }
  if (!declaresTasks(exchange)) throw tasksRequired(exchange)
  return engine.tasks.find(requireString(params, 'taskId'), exchange.principal.id)
}
