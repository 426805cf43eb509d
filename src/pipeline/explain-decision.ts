import type { DecisionFields } from '../audit/audit-record.ts'
import type { PolicyReading } from './authorize.ts'

/** What of the roles stands between a principal and what it was denied, and what would change that. */
export function advisePermission(
  { scopesNeeded = [], missing: lacked = [], reason, rule: decidedBy }: DecisionFields,
  { roles, otherRoles }: PolicyReading,
): string[] {
  if (decidedBy.startsWith('rule ')) return [`let ${decidedBy} permit it`]
  if (reason === 'credential') return [`give the credential the scope ${lacked.join(' ')}`]
  const granted = roles.flatMap(({ scopes }) => scopes)
  const missing = scopesNeeded.filter((scope) => !granted.includes(scope))
  const denies = roles.flatMap(({ role, denies: rules }) =>
    rules.map((rule) => `take \`deny ${rule}\` out of role ${role}: it overrides whatever allows it`),
  )
  const isAllowed = roles.some(({ allows }) => allows.length > 0)
  const near = roles.flatMap(({ role, nearlyAllows }) =>
    nearlyAllows.map(({ rule, misses }) => `\`allow ${rule}\` of role ${role} would select it but for \`${misses}\``),
  )
  const unknown = roles.filter(({ isConfigured }) => !isConfigured)
  return [
    ...unknown.map(({ role }) => `configure the role ${role}: it is held, but there is none`),
    ...denies,
    ...(isAllowed ? [] : [...near, `let ${aRoleOf(roles)} allow it`]),
    ...(missing.length === 0 ? [] : [`let ${aRoleOf(roles)} grant the scope ${missing.join(' ')}`]),
    ...otherRoles.map((role) => `or give the role ${role} too, which is enough`),
  ]
}

function aRoleOf(roles: PolicyReading['roles']): string {
  const names = roles.filter(({ isConfigured }) => isConfigured).map(({ role }) => role)
  if (names.length === 0) return 'a role of the principal'
  return names.length === 1 ? `role ${names[0]}` : `one of the roles ${names.join(', ')}`
}
