import { ToolgateError } from '../../errors.ts'

/** The driver, and its cursor. */
export interface PgDriver {
  readonly pg: typeof import('pg')
  readonly Cursor: typeof import('pg-cursor')
}

/** Loads the driver, which is optional. Rejects with `CONNECTOR_FAILED` and the command that installs it. */
export async function loadPg(): Promise<PgDriver> {
  try {
    const [pg, cursor] = await Promise.all([import('pg'), import('pg-cursor')])
    return { pg: pg.default as unknown as PgDriver['pg'], Cursor: cursor.default }
  } catch (cause) {
    throw new ToolgateError({
      code: 'CONNECTOR_FAILED',
      message: 'PostgreSQL needs the packages pg and pg-cursor, which are not installed.',
      hint: 'Install them: npm install pg@8 pg-cursor@2',
      cause,
    })
  }
}
