import { serveCall } from '../../pipeline/serve-call.ts'
import type { Engine } from '../engine.ts'
import type { Exchange } from '../exchange.ts'
import { toCall } from '../methods/to-call.ts'
import type { Params } from '../protocol/json-rpc.ts'
import { withCallId } from '../protocol/wire-error.ts'
import type { Task } from './task.ts'

/** What a method does with a task of its caller; `undefined` where there is none. */
export interface TaskCall<T extends object> {
  readonly method: string
  readonly task: Task | undefined
  readonly operation: (task: Task) => T
}

/**
 * Looks at a task or steers it, through every guard. Whoever may not use the tool any more may not see its tasks either;
 * an unknown task answers alike.
 */
export async function serveTaskCall<T extends object>(
  engine: Engine,
  params: Params,
  exchange: Exchange,
  { method, task, operation }: TaskCall<T>,
): Promise<T> {
  const name = task?.tool ?? String(params.taskId)
  const call = toCall(engine, { kind: 'task', method, name, input: undefined }, exchange, params)
  const doing = task === undefined ? call : { ...call, operation: () => operation(task) }
  const outcome = await serveCall(engine.guards, doing)
  if (outcome.status === 'ok') return outcome.result as T
  throw outcome.status === 'error' ? withCallId(outcome.error, call.id) : new Error('A look at a task asks nothing.')
}
