CREATE TABLE customers (
  id integer PRIMARY KEY, tenant_id text NOT NULL, name text NOT NULL, email text, tax_number text
);
CREATE TABLE orders (
  id integer PRIMARY KEY, tenant_id text NOT NULL, customer_id integer NOT NULL REFERENCES customers,
  status text NOT NULL, total numeric(12, 2) NOT NULL
);
CREATE TABLE salaries (id integer PRIMARY KEY, amount numeric(12, 2) NOT NULL);

INSERT INTO customers VALUES
  (1, 'acme', 'Ada', 'ada@example.com', 'DE1'), (2, 'globex', 'Eve', 'eve@example.com', 'DE2');
INSERT INTO orders VALUES
  (10, 'acme', 1, 'open', 19.90), (11, 'acme', 1, 'paid', 5.00), (12, 'globex', 2, 'open', 7.50);
INSERT INTO salaries VALUES (1, 100000.00);

-- Without a setting the comparison is with NULL, and no row is seen.
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON customers USING (tenant_id = current_setting('app.tenant', true));
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON orders USING (tenant_id = current_setting('app.tenant', true));
