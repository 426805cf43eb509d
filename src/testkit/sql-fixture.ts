/** Statements that every engine understands; they make what `sqlConnectorSuite` asks for. */
export const SQL_FIXTURE: readonly string[] = [
  `CREATE TABLE customers (
    id INTEGER NOT NULL PRIMARY KEY, tenant_id VARCHAR(20) NOT NULL, name VARCHAR(100), email VARCHAR(100),
    phone VARCHAR(40), note VARCHAR(100), ssn VARCHAR(20), balance DECIMAL(14,2), points BIGINT
  )`,
  `CREATE TABLE orders (
    id INTEGER NOT NULL PRIMARY KEY, tenant_id VARCHAR(20) NOT NULL,
    customer_id INTEGER NOT NULL REFERENCES customers (id), status VARCHAR(20) NOT NULL
  )`,
  'CREATE TABLE salaries (id INTEGER NOT NULL PRIMARY KEY, tenant_id VARCHAR(20) NOT NULL, amount DECIMAL(14,2))',
  'CREATE TABLE secrets (id INTEGER NOT NULL PRIMARY KEY, word VARCHAR(40))',
  `INSERT INTO customers VALUES
    (1, 'acme', 'Ada', 'ada@example.com', '+49 30 1', 'vip', '078-05-1120', 1234567.25, 9007199254740993),
    (2, 'acme', 'Zoë O''Neil 🙂', 'zoe@example.com', '+49 30 1', 'x', '078-05-1121', 10.5, 2),
    (3, 'acme', 'Bob', 'bob@example.com', '+49 30 2', NULL, '078-05-1122', 0, 3),
    (4, 'globex', 'a_b%c', 'eve@example.com', '+49 30 3', 'y', '078-05-1123', -1.25, 4),
    (5, 'globex', 'axbyc', 'mal@example.com', NULL, 'z', '078-05-1124', NULL, 5)`,
  `INSERT INTO orders VALUES
    (10, 'acme', 1, 'open'), (11, 'acme', 2, 'paid'), (12, 'globex', 4, 'paid'), (13, 'globex', 5, 'open')`,
  "INSERT INTO salaries VALUES (1, 'acme', 100000), (2, 'globex', 90000)",
  "INSERT INTO secrets VALUES (1, 'swordfish')",
]

const byTenant = { where: { tenant_id: { caller: 'tenant' } } }

/** What the suite configures over it; `secrets` is not exposed. */
export const SQL_CONFIGURATION: object = {
  tables: {
    customers: {
      description: 'Who buys.',
      columns: {
        ssn: 'hide',
        email: { show: 'partial', except: ['finance'] },
        phone: 'hash',
        note: 'null',
      },
      rows: [byTenant, { roles: ['auditor'], where: 'all' }],
    },
    orders: { rows: [byTenant, { roles: ['auditor'], where: 'all' }] },
    salaries: { roles: ['finance'], rows: [byTenant] },
  },
  queries: {
    orders_by_status: {
      description: 'Orders of a status.',
      sql: 'SELECT id, status FROM orders WHERE tenant_id = :caller.tenant AND status = :status ORDER BY id',
      input: { status: { type: 'string' } },
      output: { id: { type: 'integer' }, status: { type: 'string' } },
      lane: 'cheap',
    },
    close_order: {
      description: 'Closes an order.',
      sql: "UPDATE orders SET status = 'closed' WHERE tenant_id = :caller.tenant AND id = :id",
      input: { id: { type: 'integer' } },
      write: true,
      idempotent: true,
    },
    not_marked_as_writing: { description: 'Lies.', sql: "UPDATE orders SET status = 'stolen'" },
    many: {
      description: 'More rows than are allowed.',
      sql: 'SELECT a.id FROM customers a, customers b, customers c',
    },
  },
  budget: { maxRows: 20 },
  schemaRefreshMs: 50,
  allowPrivileged: true,
}
