import type { ExposedName } from '../sql/database.ts'
import { quoteIdentifier } from './postgres-dialect.ts'

/** Name of the login that the statements make. */
const LOGIN = 'toolgate_reader'

/** Statements that make a login which may read what is exposed, and nothing else. Run as the owner of the database. */
export function writeRemedy(exposed: readonly ExposedName[], database: string): readonly string[] {
  const schemas = [...new Set(exposed.map(({ schema }) => schema))].map(quoteIdentifier)
  const tables = exposed.map(({ schema, name }) => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`)
  return [
    '-- Give it a password with \\password; it is not written here.',
    `CREATE ROLE ${LOGIN} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT 20;`,
    `ALTER ROLE ${LOGIN} SET statement_timeout = '30s';`,
    `ALTER ROLE ${LOGIN} SET temp_file_limit = '256MB';`,
    `ALTER ROLE ${LOGIN} SET default_transaction_read_only = on;`,
    'REVOKE CREATE ON SCHEMA public FROM PUBLIC;',
    `GRANT CONNECT ON DATABASE ${quoteIdentifier(database)} TO ${LOGIN};`,
    ...schemas.map((schema) => `GRANT USAGE ON SCHEMA ${schema} TO ${LOGIN};`),
    ...(tables.length === 0 ? [] : [`GRANT SELECT ON ${tables.join(', ')} TO ${LOGIN};`]),
  ]
}
