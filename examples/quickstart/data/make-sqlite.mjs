// Writes shop.db beside this file, unless it is there. Half a file never takes its name.

import { existsSync, renameSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import Database from 'libsql'
import { dataSet } from './data-set.mjs'

const SCHEMA = `
  CREATE TABLE customers (
    id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL, name TEXT NOT NULL, email TEXT NOT NULL, country TEXT NOT NULL,
    created_on TEXT NOT NULL
  ) STRICT;
  CREATE TABLE orders (
    id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL, customer_id INTEGER NOT NULL REFERENCES customers, status TEXT NOT NULL,
    ordered_on TEXT NOT NULL, total REAL NOT NULL
  ) STRICT;
  CREATE TABLE invoices (
    id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL, order_id INTEGER NOT NULL REFERENCES orders, due_on TEXT NOT NULL,
    paid_on TEXT, amount REAL NOT NULL
  ) STRICT;
  CREATE INDEX customers_by_tenant ON customers (tenant_id, id);
  CREATE INDEX orders_by_tenant ON orders (tenant_id, ordered_on);
  CREATE INDEX orders_by_customer ON orders (customer_id);
  CREATE INDEX invoices_by_tenant ON invoices (tenant_id, due_on);
`

const file = fileURLToPath(new URL('./shop.db', import.meta.url))
if (!existsSync(file)) makeDatabase(file)

function makeDatabase(target) {
  const unfinished = `${target}.${process.pid}`
  rmSync(unfinished, { force: true })
  const database = new Database(unfinished)
  database.exec(SCHEMA)
  database.exec('BEGIN')
  for (const [table, rows] of Object.entries(dataSet())) {
    const insert = database.prepare(`INSERT INTO ${table} VALUES (${rows[0].map(() => '?').join(', ')})`)
    for (const row of rows) insert.run(...row)
  }
  database.exec('COMMIT')
  database.close()
  renameSync(unfinished, target)
}
