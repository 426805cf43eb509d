import { limitRate } from '../../pipeline/limit-rate.ts'
import type { Method } from '../engine.ts'

/** Makes the method count against its caller's rate, as `limits.listCost` says; calls count in the spine. */
export function metered(method: Method): Method {
  return async (engine, params, exchange, request) => {
    const { guards } = engine
    await limitRate(guards, exchange, guards.limits.listCost)
    return method(engine, params, exchange, request)
  }
}
