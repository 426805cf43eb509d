import { ToolgateError } from '../../errors.ts'

/** The driver. */
export type PgDriver = typeof import('pg')

/** Loads the driver, which is optional. Rejects with `CONNECTOR_FAILED` and the command that installs it. */
export async function loadPg(load: () => Promise<{ default: unknown }> = () => import('pg')): Promise<PgDriver> {
  try {
    const { default: pg } = await load()
    return pg as PgDriver
  } catch (cause) {
    throw new ToolgateError({
      code: 'CONNECTOR_FAILED',
      message: 'PostgreSQL needs the package pg, which is not installed.',
      hint: 'Install it: npm install pg@8',
      cause,
    })
  }
}
