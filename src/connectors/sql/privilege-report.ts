import { ToolgateError } from '../../errors.ts'

/** What the login of a connector can do that it should not, and how to make one that cannot. */
export interface PrivilegeReport {
  readonly login: string
  /** Server and version, for people. */
  readonly server: string
  readonly findings: readonly PrivilegeFinding[]
  /** Statements that make the right login, for a person to run. */
  readonly remedy: readonly string[]
}

/** One thing that a login can do. */
export interface PrivilegeFinding {
  /** `refuse`: the connector does not start unless `allowPrivileged` says so. `warn`: it says so at every start. */
  readonly severity: 'refuse' | 'warn'
  /** Stable: `superuser`, `owner`, `bypass-row-security`, `can-write`, `file-functions`, `dblink`, … */
  readonly code: string
  /** What it means, in a sentence. */
  readonly message: string
  /** The tables it is about, if it is about some. */
  readonly tables?: readonly string[]
}

/** A finding that does not stop the start. */
export type PrivilegeWarning = ToolgateError

/**
 * Holds the report against what is allowed. Throws `CONNECTOR_FAILED` for findings that refuse, unless `allowPrivileged`;
 * answers the others, to be told.
 */
export function checkPrivileges(
  connector: string,
  report: PrivilegeReport,
  allowPrivileged: boolean,
): readonly PrivilegeWarning[] {
  const { findings, login, remedy } = report
  const refused = allowPrivileged ? [] : findings.filter(({ severity }) => severity === 'refuse')
  if (refused.length > 0) {
    throw new ToolgateError({
      code: 'CONNECTOR_FAILED',
      message: `The login ${login} of "${connector}" may do what no login for AI clients should: ${refused.map(describeFinding).join(' ')}`,
      hint: `Make a login of its own${remedy.length === 0 ? '' : `:\n${remedy.join('\n')}`}\nOr, for development, write allowPrivileged: true.`,
    })
  }
  return findings.map(
    (finding) =>
      new ToolgateError({
        code: 'CONNECTOR_FAILED',
        message: `The login ${login} of "${connector}" may do more than it needs: ${describeFinding(finding)}`,
        hint: '`toolgate check` prints the statements that make a better one.',
      }),
  )
}

function describeFinding({ message, tables = [] }: PrivilegeFinding): string {
  return tables.length === 0 ? message : `${message} (${tables.join(', ')})`
}
