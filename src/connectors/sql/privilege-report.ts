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
