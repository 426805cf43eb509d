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
      hint: `${writeHint(remedy)}\nOr, for development, write allowPrivileged: true.`,
    })
  }
  return findings.map(
    (finding, index) =>
      new ToolgateError({
        code: 'CONNECTOR_FAILED',
        message: `The login ${login} of "${connector}" may do more than it needs: ${describeFinding(finding)}`,
        // Once is enough for all of them.
        hint: index === 0 && remedy.length > 0 ? writeHint(remedy) : 'Make a login of its own, with fewer rights.',
      }),
  )
}

function writeHint(remedy: readonly string[]): string {
  return ['Make a login of its own:', ...remedy].join('\n')
}

function describeFinding({ message, tables = [] }: PrivilegeFinding): string {
  return tables.length === 0 ? message : `${message} (${tables.join(', ')})`
}
