import type { Caller } from '../../capabilities/call-context.ts'
import { UserError } from '../../errors.ts'
import type { SqlIdentity } from '../sql/database.ts'
import { callerValue } from '../sql/view-table.ts'
import type { IdentityOptions } from './options.ts'

/** What a session is told of a caller. Throws `UserError` when something of it is missing: nobody runs as nobody. */
export function identifyCaller({ role, settings }: IdentityOptions, caller: Caller): SqlIdentity {
  const told = Object.entries(settings).map(([name, path]) => [name, required(path, caller)] as const)
  return {
    ...(role !== undefined && { role: role.replaceAll(/\{([^{}]+)\}/g, (_, path: string) => required(path, caller)) }),
    settings: Object.fromEntries(told),
  }
}

function required(path: string, caller: Caller): string {
  const value = callerValue(path, caller)
  if (value !== undefined && value !== '') return String(value)
  throw new UserError(`You are known without ${path}, by which this database tells callers apart.`)
}
