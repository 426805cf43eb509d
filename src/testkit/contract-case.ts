/**
 * One promise of a contract, as a test for any runner.
 *
 * @example for (const { name, run } of keyStoreSuite(subject)) it(name, run)
 */
export interface ContractCase {
  /** What is promised, as a user would say it. */
  readonly name: string
  /** Rejects when the promise is broken. */
  readonly run: () => Promise<void>
}
