import type { Principal } from '../identity/principal.ts'
import { isVisible } from '../pipeline/authorize.ts'
import type { Guards } from '../pipeline/guards.ts'
import { canRead } from './can-read.ts'
import type { ChangeEvent } from './event-bus.ts'
import { maySeeTask } from './tasks/may-see-task.ts'

/** A change is told to those who may see something of what has changed, asked anew each time. */
export function mayHear(guards: Guards, principal: Principal, event: ChangeEvent): boolean {
  switch (event.kind) {
    case 'resource':
      return canRead(guards, principal, event.uri)
    case 'task':
      return maySeeTask(guards, principal, event.task)
    default: {
      const { changed } = event
      const isSeen = changed?.some((capability) => isVisible(guards.policy.decide(principal, capability)))
      return isSeen ?? true
    }
  }
}
