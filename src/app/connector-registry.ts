import type { ConnectorOptions } from '../config/config.ts'
import type { Connector } from '../connectors/connector.ts'

type Create = (options: never) => Connector

/** What ships, by `type`. Each is loaded when the configuration names it. */
const CONNECTORS: Readonly<Record<ConnectorOptions['type'], () => Promise<Create>>> = {
  typescript: async () =>
    (await import('../connectors/typescript/create-typescript-connector.ts')).createTypescriptConnector,
  sdk: async () => (await import('../connectors/sdk/create-sdk-connector.ts')).createSdkConnector,
  skills: async () => (await import('../connectors/skills/create-skills-connector.ts')).createSkillsConnector,
  sqlite: async () => (await import('../connectors/sqlite/create-sqlite-connector.ts')).createSqliteConnector,
  postgres: async () => (await import('../connectors/postgres/create-postgres-connector.ts')).createPostgresConnector,
  mysql: async () => (await import('../connectors/mysql/create-mysql-connector.ts')).createMysqlConnector,
  mssql: async () => (await import('../connectors/mssql/create-mssql-connector.ts')).createMssqlConnector,
}

/** Makes the connector of one entry of the configuration; it does no I/O yet. */
export async function createConnector(options: ConnectorOptions): Promise<Connector> {
  const create = await CONNECTORS[options.type]()
  return create(options as never)
}
