import { ToolgateError } from '../../errors.ts'
import type { MysqlDriver } from './session.ts'

/** The driver, which is installed by those who use this connector. Throws `CONNECTOR_FAILED` with the command. */
export async function loadDriver(load: () => Promise<MysqlDriver> = () => import('mysql2')): Promise<MysqlDriver> {
  try {
    return await load()
  } catch (cause) {
    throw new ToolgateError({
      code: 'CONNECTOR_FAILED',
      message: 'Connectors of type mysql need the package mysql2.',
      hint: 'npm install mysql2@^3.24.6',
      cause,
    })
  }
}
