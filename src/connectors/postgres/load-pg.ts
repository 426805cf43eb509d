import { ToolgateError } from '../../errors.ts'

/** The driver. */
export type PgDriver = typeof import('pg')

/** Loads the driver, which is optional. Rejects with `CONNECTOR_FAILED` and the command that installs it. */
export async function loadPg(): Promise<PgDriver> {
  try {
    const { default: pg } = await import('pg')
    return pg as unknown as PgDriver
  } catch (cause) {
    throw new ToolgateError({
      code: 'CONNECTOR_FAILED',
      message: 'PostgreSQL needs the package pg, which is not installed.',
      hint: 'Install it: npm install pg@8',
      cause,
    })
  }
}
