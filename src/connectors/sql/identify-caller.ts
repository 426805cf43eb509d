import type { Caller } from '../../capabilities/call-context.ts'
import { UserError } from '../../errors.ts'
import type { SqlIdentity } from './database.ts'
import { callerValue } from './view-table.ts'

/** What of a caller a session is told: `{tenant}`, `{id}` and `{claims.<name>}` in the role, the same names as settings. */
export interface IdentityRules {
  readonly role?: string
  readonly settings: Readonly<Record<string, string>>
}

/** What a session is told of a caller. Throws `UserError` when something of it is missing: nobody runs as nobody. */
export function identifyCaller({ role, settings }: IdentityRules, caller: Caller): SqlIdentity {
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
