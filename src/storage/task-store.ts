/** A task at rest. What it is about is in `data`, which the store does not look into. */
export interface StoredTask {
  /** Unguessable. */
  readonly id: string
  readonly principalId: string
  /** Milliseconds since 1970; from then on it may be removed. */
  readonly expiresAt: number
  /** Grows by one with every change. */
  readonly revision: number
  readonly data: string
}

/** How many tasks may be kept, and what time it is. */
export interface TaskLimits {
  readonly max: number
  readonly maxPerPrincipal: number
  readonly now: number
}

/** Where tasks are kept. What a function did is durable when it returns. */
export interface TaskStore {
  /** Adds a task, after removing the expired ones; `false` when there is no room for one more. */
  add(task: StoredTask, limits: TaskLimits): boolean
  find(id: string): StoredTask | undefined
  /** The ids of what the principal has and what has not expired by `now`, in the order of their characters. */
  ids(principalId: string, now: number): readonly string[]
  /** Puts the task in the place of the revision before it; `false` when that is not the one that is kept. */
  replace(task: StoredTask): boolean
  remove(id: string): void
  /** Removes every task that has expired by `now`. */
  removeExpired(now: number): void
}
