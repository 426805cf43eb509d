import pg from 'pg'
import { FIXTURE_SQL } from './fixture.ts'

/** Where the server is; one that anybody may reach on this machine, unless the environment names another. */
const SERVER_URL: string = process.env.TOOLGATE_TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres'

/** What starts one, for the name of a test that is skipped. */
export const HOW_TO_START =
  'docker run --rm -p 5432:5432 -e POSTGRES_HOST_AUTH_METHOD=trust postgres:18, or TOOLGATE_TEST_POSTGRES_URL'

/** A database of its own with the fixture in it. */
export interface ScratchDatabase {
  readonly url: string
  /** Of the server, such as 18. */
  readonly major: number
  readonly drop: () => Promise<void>
}

/** Makes one, or answers undefined where no server is. */
export async function createScratchDatabase(): Promise<ScratchDatabase | undefined> {
  const server = new pg.Client({ connectionString: SERVER_URL, connectionTimeoutMillis: 2_000 })
  try {
    await server.connect()
  } catch {
    return undefined
  }
  const name = `toolgate_sql_safety_${process.pid}_${Date.now()}`
  await server.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'`)
  const url = new URL(SERVER_URL)
  url.pathname = `/${name}`
  const database = new pg.Client({ connectionString: url.href })
  await database.connect()
  await database.query(FIXTURE_SQL)
  const { rows } = await database.query<{ server_version_num: string }>('SHOW server_version_num')
  await database.end()
  return {
    url: url.href,
    major: Math.floor(Number(rows[0]?.server_version_num) / 10_000),
    drop: async () => {
      await server.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await server.end()
    },
  }
}
