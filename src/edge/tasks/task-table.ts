import { randomUUID } from 'node:crypto'
import { ERRORS } from '../../error-table.ts'
import { ToolgateError } from '../../errors.ts'
import type { Observer } from '../../observe/observation.ts'
import type { Cancellation } from '../../pipeline/call.ts'
import type { StoredTask, TaskStore } from '../../storage/task-store.ts'
import type { TaskOptions } from '../options.ts'
import { isFinal, type Task } from './task.ts'

/** What a task table needs. */
export interface TaskTableParts {
  readonly store: TaskStore
  readonly options: TaskOptions
  readonly clock: () => number
  readonly observe: Observer
  /** Told of every change. */
  readonly publish: (task: Task) => void
}

/** What a new task is about. */
export type NewTask = Pick<Task, 'principalId' | 'callId' | 'tool' | 'input' | 'meta'> & {
  /** What its client asked for; it gets no more than the options allow. */
  readonly ttlMs?: number | undefined
}

interface Running {
  readonly principalId: string
  readonly cancellation: Cancellation
  statusMessage: string | undefined
}

/** How long a process that works on a task is taken to be alive without saying so again. */
const LEASE_MS = 15_000
const SWEEP_MS = 5_000

/**
 * The tasks: those that are kept, and which of them run in this process. Several processes may share one store. A task
 * whose process has died is found to have failed when its lease is over.
 */
export class TaskTable {
  readonly #parts: TaskTableParts
  readonly #owner: string = randomUUID()
  readonly #running = new Map<string, Running>()
  readonly #watchers = new Map<string, Set<() => void>>()
  readonly #asked = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #whenIdle: (() => void) | undefined
  #isClosed = false

  constructor(parts: TaskTableParts) {
    this.#parts = parts
  }

  /** Tasks whose handler runs in this process. */
  get running(): number {
    return this.#running.size
  }

  /** Makes a task and stores it. Throws `TOO_MANY_TASKS`, `RATE_LIMITED`, `OVERLOADED` or `STORAGE_FAILED`. */
  create(about: NewTask): Task {
    this.#requireRoom(about.principalId)
    const { store, options, clock } = this.#parts
    const { pollIntervalMs, max, maxPerPrincipal } = options
    const ttlMs = Math.min(about.ttlMs ?? options.ttlMs, options.ttlMs)
    const now = clock()
    const task: Task = {
      ...about,
      ...{ id: randomUUID(), status: 'working', createdAt: now, updatedAt: now, ttlMs, pollIntervalMs, revision: 0 },
      ...{ ...this.#claim(), round: 1, pending: {}, answers: {} },
    }
    this.#lookAfter()
    if (store.add(toStored(task), { max, maxPerPrincipal, now })) return task
    throw new ToolgateError({
      code: 'TOO_MANY_TASKS',
      message: 'Too many tasks are kept.',
      hint: 'Tasks are forgotten some time after their start; try again later.',
    })
  }

  /** The task, for its own principal alone; what is unknown, expired or somebody else's is `undefined` alike. */
  find(id: string, principalId: string): Task | undefined {
    const task = this.#read(id)
    if (task?.principalId !== principalId) return undefined
    const statusMessage = task.status === 'working' ? this.#running.get(id)?.statusMessage : undefined
    return statusMessage === undefined ? task : { ...task, statusMessage }
  }

  /** The ids of the principal's tasks, in a fixed order. */
  idsOf(principalId: string): readonly string[] {
    const { store, clock } = this.#parts
    return store.ids(principalId, clock())
  }

  /**
   * Calls the listener when the task may have changed: at every change in this process, and every few seconds for those
   * of others and for its expiry. Returns how to stop.
   */
  watch(id: string, listener: () => void): () => void {
    const listeners = this.#watchers.get(id) ?? new Set()
    this.#watchers.set(id, listeners.add(listener))
    this.#lookAfter()
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#watchers.get(id) === listeners) this.#watchers.delete(id)
    }
  }

  /** Takes the turn to ask a client what the task asks, so that one user is asked once; `undefined` while another has it. */
  takeTurn(id: string): (() => void) | undefined {
    if (this.#asked.has(id)) return undefined
    this.#asked.add(id)
    return () => {
      this.#asked.delete(id)
      this.#tell(id)
    }
  }

  /** Stores the task with the changes and publishes it; `undefined` when it has changed meanwhile. */
  change(task: Task, changes: Partial<Task>): Task | undefined {
    const next = { ...task, ...changes, updatedAt: this.#parts.clock(), revision: task.revision + 1 }
    if (!this.#parts.store.replace(toStored(next))) return undefined
    this.#parts.publish(next)
    this.#tell(task.id)
    return next
  }

  /** The changes by which this process takes up a task that waited. Throws `RATE_LIMITED` or `OVERLOADED`. */
  resumed({ principalId, round }: Task): Partial<Task> {
    this.#requireRoom(principalId)
    return { ...this.#claim(), status: 'working', round: round + 1, pending: {}, answers: {} }
  }

  discard({ id }: Task): void {
    this.#parts.store.remove(id)
  }

  /** The handler of the task runs. */
  hold({ id, principalId }: Task, cancellation: Cancellation): void {
    this.#running.set(id, { principalId, cancellation, statusMessage: undefined })
    this.#lookAfter()
  }

  /** What the handler says of its work; it is kept for those who look while it runs. */
  describe(id: string, statusMessage: string): void {
    const running = this.#running.get(id)
    if (running !== undefined) running.statusMessage = statusMessage
  }

  /** The handler has ended. Changes the task as the end demands, unless it was cancelled or forgotten meanwhile. */
  release({ id, round }: Task, end: (task: Task) => Partial<Task>): void {
    this.#running.delete(id)
    try {
      const task = this.#read(id)
      if (task?.status === 'working' && task.round === round) this.change(task, end(task))
    } catch (cause) {
      this.#parts.observe({ type: 'fault', message: `The end of task ${id} could not be stored.`, cause })
    }
    if (this.#running.size === 0) this.#whenIdle?.()
  }

  /** Cancels a task that has not ended; its handler is told. */
  cancel(task: Task): void {
    const current = this.#read(task.id)
    if (current === undefined || isFinal(current)) return
    if (this.change(current, { status: 'cancelled', pending: {} }) === undefined) this.cancel(task)
    else this.#running.get(task.id)?.cancellation.cancel()
  }

  /** Says that what runs here is alive, stops what was cancelled elsewhere or has expired, and forgets what has. */
  sweep(): void {
    const { store, clock, observe } = this.#parts
    try {
      for (const [id, { cancellation }] of this.#running) {
        const task = this.#read(id)
        if (task?.status === 'working')
          store.replace(toStored({ ...task, ...this.#claim(), revision: task.revision + 1 }))
        else cancellation.cancel()
      }
      store.removeExpired(clock())
    } catch (cause) {
      observe({ type: 'fault', message: 'The tasks could not be looked after.', cause })
    }
    for (const id of [...this.#watchers.keys()]) this.#tell(id)
  }

  /** Stops what runs; it is found to have failed. Resolves when every handler has been left. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    const idle = new Promise<void>((resolve) => {
      this.#whenIdle = resolve
    })
    for (const [id, { cancellation }] of [...this.#running]) {
      this.#interrupt(id)
      cancellation.cancel()
    }
    if (this.#running.size > 0) await idle
  }

  /** Asked when a handler is about to run; it is held before anything else may ask. */
  #requireRoom(principalId: string): void {
    const { maxRunning, maxRunningPerPrincipal, pollIntervalMs } = this.#parts.options
    const retryAfter = Math.max(1, Math.ceil(pollIntervalMs / 1000))
    const data = { retryAfter }
    let own = 0
    for (const running of this.#running.values()) if (running.principalId === principalId) own += 1
    if (own >= maxRunningPerPrincipal) {
      const message = `Too many of your tasks run at once. Try again in ${retryAfter} s.`
      throw new ToolgateError({ code: 'RATE_LIMITED', message, data })
    }
    if (this.#running.size < maxRunning) return
    throw new ToolgateError({ code: 'OVERLOADED', message: `Too many tasks run. Try again in ${retryAfter} s.`, data })
  }

  #interrupt(id: string): void {
    try {
      const task = this.#read(id)
      if (task?.status === 'working')
        this.change(task, interrupted(task, 'The server was stopped before the task ended.'))
    } catch (cause) {
      this.#parts.observe({ type: 'fault', message: `The end of task ${id} could not be stored.`, cause })
    }
  }

  #tell(id: string): void {
    for (const listener of [...(this.#watchers.get(id) ?? [])]) listener()
  }

  #claim(): Pick<Task, 'owner' | 'leaseUntil'> {
    return { owner: this.#owner, leaseUntil: this.#parts.clock() + LEASE_MS }
  }

  #read(id: string): Task | undefined {
    const stored = this.#parts.store.find(id)
    const now = this.#parts.clock()
    if (stored === undefined || stored.expiresAt <= now) return undefined
    const task = JSON.parse(stored.data) as Task
    const isOurs = task.owner === this.#owner && this.#running.has(id)
    if (task.status !== 'working' || task.leaseUntil > now || isOurs) return task
    const failed = interrupted(task, 'The server ended before the task did.')
    return this.change(task, failed) ?? this.#read(id)
  }

  /** From the first task on. */
  #lookAfter(): void {
    if (this.#timer !== undefined || this.#isClosed) return
    this.#timer = setInterval(() => this.sweep(), SWEEP_MS).unref()
  }
}

function interrupted({ callId }: Task, happened: string): Partial<Task> {
  const code = ERRORS.INTERNAL.jsonRpc ?? -32603
  const message = `${happened} Call the tool again.`
  return { status: 'failed', error: { code, message, data: { code: 'INTERNAL', callId } } }
}

function toStored(task: Task): StoredTask {
  const { id, principalId, createdAt, ttlMs, revision } = task
  return { id, principalId, expiresAt: createdAt + ttlMs, revision, data: JSON.stringify(task) }
}
