import { ToolgateError } from '../../errors.ts'
import type { SqliteDatabase } from './open-database.ts'

/** How each version of the schema is made from the one before. Only ever appended to: files of every age are in use. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE api_keys (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL,
    roles TEXT NOT NULL,
    tenant TEXT,
    created_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE tasks (
    id TEXT PRIMARY KEY NOT NULL,
    principal_id TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    data TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tasks_by_principal ON tasks (principal_id);
  CREATE INDEX tasks_by_expiry ON tasks (expires_at)`,
  'ALTER TABLE api_keys ADD COLUMN expires_at TEXT',
  `CREATE TABLE audit_subjects (
    subject TEXT PRIMARY KEY NOT NULL,
    principal_id TEXT NOT NULL UNIQUE,
    wrapped_key TEXT NOT NULL,
    created_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE usage (
    step_ms INTEGER NOT NULL,
    start INTEGER NOT NULL,
    tool TEXT NOT NULL,
    client TEXT NOT NULL,
    status TEXT NOT NULL,
    sketch TEXT NOT NULL,
    PRIMARY KEY (step_ms, start, tool, client, status)
  ) STRICT, WITHOUT ROWID`,
  // A client has several keys under one name. That of its first key is its id, so principals are who they were before.
  `CREATE TABLE api_keys_of_clients (
    id TEXT PRIMARY KEY NOT NULL,
    client_id TEXT NOT NULL,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    roles TEXT NOT NULL,
    tenant TEXT,
    more TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT,
    revoked_for TEXT,
    used_at TEXT
  ) STRICT, WITHOUT ROWID;
  INSERT INTO api_keys_of_clients (id, client_id, name, hash, roles, tenant, more, created_at, expires_at)
    SELECT id, id, name, hash, roles, tenant, '{}', created_at, expires_at FROM api_keys;
  DROP TABLE api_keys;
  ALTER TABLE api_keys_of_clients RENAME TO api_keys;
  CREATE INDEX api_keys_by_client ON api_keys (client_id);
  CREATE INDEX api_keys_by_name ON api_keys (name)`,
  `CREATE TABLE oauth_records (
    model TEXT NOT NULL,
    id TEXT NOT NULL,
    grant_id TEXT,
    account_id TEXT,
    uid TEXT,
    expires_at INTEGER NOT NULL,
    consumed_at INTEGER,
    data TEXT NOT NULL,
    PRIMARY KEY (model, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX oauth_records_by_grant ON oauth_records (grant_id);
  CREATE INDEX oauth_records_by_account ON oauth_records (account_id, model);
  CREATE INDEX oauth_records_by_uid ON oauth_records (uid);
  CREATE INDEX oauth_records_by_expiry ON oauth_records (expires_at);
  CREATE INDEX oauth_records_by_model ON oauth_records (model, expires_at);
  CREATE TABLE oauth_keys (
    id TEXT PRIMARY KEY NOT NULL,
    wrapped TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    retires_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE users (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    roles TEXT NOT NULL,
    tenant TEXT,
    password_hash TEXT,
    is_locked INTEGER NOT NULL,
    invitation TEXT UNIQUE,
    invitation_expires_at INTEGER,
    created_at INTEGER NOT NULL,
    password_changed_at INTEGER,
    last_sign_in_at INTEGER
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE used_proofs (
    key TEXT PRIMARY KEY NOT NULL,
    owner TEXT NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX used_proofs_by_owner ON used_proofs (owner);
  CREATE INDEX used_proofs_by_expiry ON used_proofs (expires_at)`,
]

/** Brings the schema up to date, whichever release made it. Two processes may do so at once. */
export function migrate(database: SqliteDatabase): void {
  if (versionOf(database) === MIGRATIONS.length) return
  database.exec('BEGIN IMMEDIATE')
  try {
    const version = versionOf(database)
    if (version > MIGRATIONS.length) throw newer()
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration)
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`)
    database.exec('COMMIT')
  } catch (cause) {
    database.exec('ROLLBACK')
    throw cause
  }
}

function versionOf(database: SqliteDatabase): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version)
}

function newer(): ToolgateError {
  return new ToolgateError({
    code: 'STORAGE_FAILED',
    message: 'The storage was made by a newer Toolgate.',
    hint: 'Run that release or a later one; nothing was changed.',
  })
}
