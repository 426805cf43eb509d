import type { Principal } from '../../identity/principal.ts'
import type { Guards } from '../../pipeline/guards.ts'
import type { Task } from './task.ts'

/** Whether the principal may hear of the task: it made it, and may use its tool still. */
export function maySeeTask({ catalog, policy }: Guards, principal: Principal, task: Task): boolean {
  const tool = catalog.findTool(task.tool)
  const isOwn = task.principalId === principal.id
  return isOwn && tool !== undefined && policy.decide(principal, tool).effect === 'permit'
}
