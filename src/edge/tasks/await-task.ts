import type { InputResponses } from '../../capabilities/input-required.ts'
import { ToolgateError, toToolgateError } from '../../errors.ts'
import type { Engine } from '../engine.ts'
import type { Exchange } from '../exchange.ts'
import { requireClientCapabilities } from '../rounds/client-capabilities.ts'
import { askAll } from '../rounds/serve-rounds.ts'
import { relatedTo } from './core-task.ts'
import { failTask } from './finish-task.ts'
import { maySeeTask } from './may-see-task.ts'
import { resumeTask } from './run-task.ts'
import { isFinal, type Task } from './task.ts'

/** How long a client may be away before nobody waits for it; it may ask again. */
const AWAY_MS = 30_000

/**
 * Waits until a task has ended, and resolves to it. A client that waits is asked what the task asks (2025-11-25, Input
 * Required Status), one of them at a time; its answers call the handler again. Waiting takes the place of one open
 * stream. Rejects when the request is cancelled, when its client has been away for too long, and when the task expires
 * or may not be seen any more: then as for one that never was. The task itself goes on.
 */
export function awaitTask(engine: Engine, task: Task, exchange: Exchange): Promise<Task> {
  if (isFinal(task)) return Promise.resolve(task)
  return new Promise<Task>((resolve, reject) => {
    const wait = new TaskWait(engine, task.id, exchange, { resolve, reject })
    const giveBack = engine.streams.open(exchange.principal, () => wait.leave())
    exchange.line?.open()
    wait.begin(giveBack)
  })
}

interface Settle {
  readonly resolve: (task: Task) => void
  readonly reject: (error: unknown) => void
}

class TaskWait {
  readonly #engine: Engine
  readonly #id: string
  readonly #exchange: Exchange
  readonly #settle: Settle
  #stop: (() => void) | undefined
  #giveBack: (() => void) | undefined
  #askedAt: number | undefined
  #awaySince: number | undefined
  #hasEnded = false

  constructor(engine: Engine, id: string, exchange: Exchange, settle: Settle) {
    this.#engine = engine
    this.#id = id
    this.#exchange = exchange
    this.#settle = settle
  }

  begin(giveBack: () => void): void {
    this.#giveBack = giveBack
    this.#stop = this.#engine.tasks.watch(this.#id, () => this.#look())
    this.#listen()
    this.#look()
  }

  /** The credential is not valid any more, or the server ends. */
  leave(): void {
    const message = 'Waiting for the task has ended; it goes on.'
    const hint = 'Ask for its result again.'
    this.#end(({ reject }) => reject(new ToolgateError({ code: 'SESSION_NOT_FOUND', message, hint })))
  }

  /** Asking and calling again use the one listener of the cancellation for themselves. */
  #listen(): void {
    this.#exchange.cancellation.onCancel(() => this.#look())
  }

  #look(): void {
    if (this.#hasEnded) return
    try {
      this.#requireClient()
      const task = this.#find()
      if (isFinal(task)) this.#end(({ resolve }) => resolve(task))
      else if (task.status === 'input_required' && task.revision !== this.#askedAt) this.#ask(task)
    } catch (thrown) {
      this.#end(({ reject }) => reject(thrown))
    }
  }

  #requireClient(): void {
    const { line, cancellation } = this.#exchange
    if (cancellation.isCancelled) throw cancelled()
    const now = this.#engine.guards.clock()
    this.#awaySince = line === undefined || line.isOpen ? undefined : (this.#awaySince ?? now)
    if (this.#awaySince === undefined || now - this.#awaySince < AWAY_MS) return
    cancellation.cancel()
    throw cancelled()
  }

  #find(): Task {
    const { guards, tasks } = this.#engine
    const { principal } = this.#exchange
    const task = tasks.find(this.#id, principal.id)
    if (task !== undefined && maySeeTask(guards, principal, task)) return task
    throw new ToolgateError({ code: 'CAPABILITY_NOT_FOUND', message: 'Unknown task.' })
  }

  #ask(task: Task): void {
    if (!mayAsk(task, this.#exchange)) return
    const giveTurn = this.#engine.tasks.takeTurn(this.#id)
    if (giveTurn === undefined) return
    this.#askedAt = task.revision
    askForTask(this.#engine, task, this.#exchange)
      .catch((thrown) => this.#onRefused(task, thrown))
      .finally(() => {
        if (!this.#hasEnded) this.#listen()
        giveTurn()
      })
  }

  /** What somebody else has answered or cancelled meanwhile is no failure. */
  #onRefused(asked: Task, thrown: unknown): void {
    if (this.#hasEnded) return
    const current = this.#engine.tasks.find(asked.id, asked.principalId)
    if (current?.revision === asked.revision) this.#end(({ reject }) => reject(thrown))
  }

  #end(how: (settle: Settle) => void): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#stop?.()
    this.#giveBack?.()
    how(this.#settle)
  }
}

function mayAsk(task: Task, exchange: Exchange): boolean {
  if (exchange.ask === undefined) return false
  try {
    requireClientCapabilities({ requests: questionsOf(task) }, exchange)
    return true
  } catch {
    return false
  }
}

/** Asks what is still to be answered and calls the handler again. A client that refuses has ended the call. */
async function askForTask(engine: Engine, task: Task, exchange: Exchange): Promise<void> {
  const { ask } = exchange
  if (ask === undefined) return
  const related: typeof ask = (method, params) => ask(method, relatedTo(task, params ?? {}))
  let answers: InputResponses
  try {
    answers = await askAll({ requests: questionsOf(task) }, related)
  } catch (thrown) {
    if (exchange.cancellation.isCancelled) throw thrown
    failTask(engine, task, exchange, toToolgateError(thrown))
    return
  }
  await resumeTask(engine, task, exchange, { method: 'tasks/result', inputs: { ...task.answers, ...answers } })
}

/** By the handler's own keys. */
function questionsOf({ pending }: Task): Record<string, Task['pending'][string]['request']> {
  return Object.fromEntries(Object.values(pending).map(({ key, request }) => [key, request]))
}

function cancelled(): ToolgateError {
  return new ToolgateError({ code: 'CANCELLED', message: 'Nobody waits for the task any more.' })
}
