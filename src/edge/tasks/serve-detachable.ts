import { type Call, Cancellation, type Handoff } from '../../pipeline/call.ts'
import type { Outcome } from '../../pipeline/outcome.ts'
import { serveCall } from '../../pipeline/serve-call.ts'
import type { Engine } from '../engine.ts'
import type { Exchange } from '../exchange.ts'
import { finishTask } from './finish-task.ts'
import type { Task } from './task.ts'

/** What a call that may outlive its request does on its way. */
export interface Stages {
  /** The guards have let it pass. Throws to refuse it. */
  begin(): Task
  /** The handler works on: what to answer. */
  left(task: Task): object
  /** The call has ended with its request: what to answer, or `undefined` when it is a task all the same. */
  ended(outcome: Outcome, task: Task | undefined): object | undefined
}

/** Serves a call that becomes a task, or goes on as one, when its handler does not return at once. */
export function serveDetachable(engine: Engine, call: Call, exchange: Exchange, stages: Stages): Promise<object> {
  return new Promise((resolve, reject) => {
    // Until the task is under way, whoever asked may leave and cancels by it; afterwards only `tasks/cancel` does.
    const cancellation = new Cancellation()
    exchange.cancellation.onCancel(() => cancellation.cancel())
    let task: Task | undefined
    let hasLeft = false
    const handoff: Handoff = {
      begin: () => {
        task = stages.begin()
      },
      leave: () => {
        hasLeft = true
        exchange.cancellation.onCancel(undefined)
        engine.tasks.hold(task as Task, cancellation)
        resolve(stages.left(task as Task))
      },
    }
    const detached: Call = { ...call, cancellation, handoff, channel: channelOf(engine, () => task?.id) }
    const end = async (outcome: Outcome): Promise<void> => {
      if (!hasLeft) {
        const answer = stages.ended(outcome, task)
        if (answer !== undefined) return resolve(answer)
        // What was answered from memory has passed no begin.
        if (task === undefined) handoff.begin()
        handoff.leave()
      }
      await finishTask(engine, task as Task, { call: detached, exchange }, outcome)
    }
    serveCall(engine.guards, detached).then(end).catch(reject)
  })
}

/** Progress and log messages have no way to the client of a task; the message of the progress is its status message. */
function channelOf(engine: Engine, taskId: () => string | undefined): Call['channel'] {
  return {
    report({ message }) {
      const id = taskId()
      if (id !== undefined && message !== undefined) engine.tasks.describe(id, message)
    },
    log: () => {},
    closeStream: () => {},
  }
}
