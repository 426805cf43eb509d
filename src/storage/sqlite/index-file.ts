import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { openDatabase, type SqliteDatabase, type SqliteDriver } from './open-database.ts'

/** Grows with every change of the tables; an index of another version is made anew. */
const VERSION = 1

const SCHEMA = `
  CREATE TABLE segments (
    id INTEGER PRIMARY KEY,
    chain TEXT NOT NULL,
    file TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    UNIQUE (chain, file)
  ) STRICT;
  CREATE TABLE words (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE records (
    segment INTEGER NOT NULL,
    start INTEGER NOT NULL,
    length INTEGER NOT NULL,
    time INTEGER NOT NULL,
    event INTEGER NOT NULL,
    call TEXT,
    subject INTEGER,
    target INTEGER,
    status INTEGER,
    code INTEGER,
    decision INTEGER,
    PRIMARY KEY (segment, start)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX records_by_time ON records (time);
  CREATE INDEX records_by_call ON records (call) WHERE call IS NOT NULL;
  CREATE INDEX records_by_subject ON records (subject, time) WHERE subject IS NOT NULL;
  CREATE INDEX records_by_target ON records (target, time) WHERE target IS NOT NULL;
  CREATE INDEX records_by_code ON records (code, time) WHERE code IS NOT NULL;
  PRAGMA user_version = ${VERSION}`

/** Removes the file of an index and its journals. */
export function removeIndex(file: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
}

/** Opens the file of an index; its tables are made where they are missing or of another version. */
export function openIndexFile(file: string, driver: SqliteDriver | undefined): SqliteDatabase {
  makePrivate(file)
  const database = openDatabase(file, driver)
  try {
    database.exec('PRAGMA busy_timeout = 10000')
    database.exec('PRAGMA journal_mode = WAL')
    // What a crash takes away is indexed again.
    database.exec('PRAGMA synchronous = NORMAL')
    // Records come in by time and go out to indexes by name: pages of these must not be read again for each of them.
    database.exec('PRAGMA cache_size = -65536')
    migrate(database)
    return database
  } catch (cause) {
    database.close()
    throw cause
  }
}

/** Made before SQLite does, which would let everybody read it. */
function makePrivate(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  }
}

function migrate(database: SqliteDatabase): void {
  const version = (): number => Number(database.prepare('PRAGMA user_version').get()?.user_version)
  if (version() === VERSION) return
  database.exec('BEGIN IMMEDIATE')
  try {
    if (version() !== VERSION) {
      for (const table of ['records', 'words', 'segments']) database.exec(`DROP TABLE IF EXISTS ${table}`)
      database.exec(SCHEMA)
    }
    database.exec('COMMIT')
  } catch (cause) {
    database.exec('ROLLBACK')
    throw cause
  }
}
