// Tables, policies, a login that may read, and the rows; all or nothing, and nothing the second time.

import { dataSet } from './data-set.mjs'

const SCHEMA = `
  CREATE TABLE customers (
    id integer PRIMARY KEY, tenant_id text NOT NULL, name text NOT NULL, email text NOT NULL, country text NOT NULL, created_on date NOT NULL
  );
  CREATE TABLE orders (
    id integer PRIMARY KEY, tenant_id text NOT NULL, customer_id integer NOT NULL REFERENCES customers, status text NOT NULL,
    ordered_on date NOT NULL, total numeric(12,2) NOT NULL
  );
  CREATE TABLE invoices (
    id integer PRIMARY KEY, tenant_id text NOT NULL, order_id integer NOT NULL REFERENCES orders, due_on date NOT NULL,
    paid_on date, amount numeric(12,2) NOT NULL
  );
  CREATE INDEX ON customers (tenant_id, id);
  CREATE INDEX ON orders (tenant_id, ordered_on);
  CREATE INDEX ON orders (customer_id);
  CREATE INDEX ON invoices (tenant_id, due_on);
`

/** Fills an empty database; `owner` is a connection that may do everything, `login` the one Toolgate is to have. */
export async function loadPostgres(owner, login) {
  const { rows } = await owner.query(`SELECT to_regclass('public.invoices') IS NOT NULL AS is_there`)
  if (rows[0].is_there) return
  await owner.query('BEGIN')
  await owner.query(SCHEMA)
  for (const [table, data] of Object.entries(dataSet())) {
    await owner.query(`INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, $1)`, [
      toRecords(table, data),
    ])
    await owner.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`)
    await owner.query(
      `CREATE POLICY own_tenant ON ${table} FOR SELECT USING (tenant_id = nullif(current_setting('app.tenant', true), ''))`,
    )
  }
  await owner.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC')
  await owner.query(`CREATE ROLE ${login.user} LOGIN NOINHERIT PASSWORD '${login.password}' CONNECTION LIMIT 20`)
  await owner.query(`ALTER ROLE ${login.user} SET statement_timeout = '30s'`)
  await owner.query(`GRANT USAGE ON SCHEMA public TO ${login.user}`)
  await owner.query(`GRANT SELECT ON customers, orders, invoices TO ${login.user}`)
  await owner.query('COMMIT')
  await owner.query('ANALYZE')
}

const COLUMNS = {
  customers: ['id', 'tenant_id', 'name', 'email', 'country', 'created_on'],
  orders: ['id', 'tenant_id', 'customer_id', 'status', 'ordered_on', 'total'],
  invoices: ['id', 'tenant_id', 'order_id', 'due_on', 'paid_on', 'amount'],
}

function toRecords(table, data) {
  const names = COLUMNS[table]
  return JSON.stringify(data.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index]]))))
}
