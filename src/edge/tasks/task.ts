import type { InputRequest, InputResponse } from '../../capabilities/input-required.ts'
import type { Meta } from '../../capabilities/protocol.ts'
import type { JsonRpcError } from '../protocol/json-rpc.ts'

/** Where a task stands (ext-tasks 2026-07-28, Task Status). The last three are final. */
export type TaskStatus = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled'

/** A question that waits for its answer. */
export interface PendingInput {
  /** The handler's own key; the one on the wire is never used twice. */
  readonly key: string
  readonly request: InputRequest
}

/** A call of a tool that goes on after its request was answered; kept as JSON. */
export interface Task {
  /** Unguessable. */
  readonly id: string
  readonly principalId: string
  /** The call that made it; the reference of errors that no other call has. */
  readonly callId: string
  readonly tool: string
  readonly status: TaskStatus
  readonly statusMessage?: string
  /** Times are milliseconds since 1970. */
  readonly createdAt: number
  readonly updatedAt: number
  readonly ttlMs: number
  readonly pollIntervalMs: number
  readonly revision: number
  /** The process that works on it, and until when that process can be taken to be alive without saying so again. */
  readonly owner: string
  readonly leaseUntil: number
  readonly input: unknown
  readonly meta: Meta
  /** How many times the handler was called. */
  readonly round: number
  /** By the key on the wire. */
  readonly pending: Readonly<Record<string, PendingInput>>
  /** Answers of this round, by the handler's key. */
  readonly answers: Readonly<Record<string, InputResponse>>
  readonly state?: unknown
  readonly result?: object
  readonly error?: JsonRpcError
}

export function isFinal({ status }: Task): boolean {
  return status !== 'working' && status !== 'input_required'
}

/** The result of the request that made the task. */
export function toHandle(task: Task): object {
  return { resultType: 'task', ...toBase(task) }
}

/** The task as `tasks/get` and `notifications/tasks` show it. */
export function toDetailed(task: Task): Record<string, unknown> {
  const { status, pending, result, error } = task
  return {
    ...toBase(task),
    ...(status === 'input_required' ? { inputRequests: requestsOf(pending) } : {}),
    ...(status === 'completed' ? { result: { resultType: 'complete', ...result } } : {}),
    ...(status === 'failed' ? { error } : {}),
  }
}

function toBase({ id, status, statusMessage, createdAt, updatedAt, ttlMs, pollIntervalMs }: Task): object {
  return {
    taskId: id,
    status,
    ...(statusMessage === undefined ? {} : { statusMessage }),
    createdAt: new Date(createdAt).toISOString(),
    lastUpdatedAt: new Date(updatedAt).toISOString(),
    ttlMs,
    pollIntervalMs,
  }
}

function requestsOf(pending: Task['pending']): Record<string, InputRequest> {
  return Object.fromEntries(Object.entries(pending).map(([key, { request }]) => [key, request]))
}
