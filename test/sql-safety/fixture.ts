import { allowFunctions, type FunctionRules } from '../../src/connectors/postgres/guard/allow-functions.ts'
import type { FunctionCatalog } from '../../src/connectors/postgres/guard/function-catalog.ts'
import { exposeRelations, type GuardRules, type RelationRule } from '../../src/connectors/postgres/guard/guard-rules.ts'

/**
 * The database that the statements of this folder are about: three tenants, a column that nobody may see, a table that
 * is not exposed, and functions and an operator that write into `effects` when something calls them. Empty database in,
 * as its owner; every statement may run on PostgreSQL 14 to 18.
 */
export const FIXTURE_SQL = `
CREATE SCHEMA sales;
CREATE TYPE public.order_status AS ENUM ('open', 'paid', 'shipped', 'cancelled');
CREATE DOMAIN public.percentage AS numeric CHECK (VALUE BETWEEN 0 AND 100);
CREATE TABLE public.customers (
  id int PRIMARY KEY, tenant_id int NOT NULL, name varchar(80) NOT NULL, email text NOT NULL, ssn text NOT NULL,
  country char(2) NOT NULL, tags text[] NOT NULL, profile jsonb NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE public.orders (
  id int PRIMARY KEY, tenant_id int NOT NULL, customer_id int NOT NULL REFERENCES public.customers,
  status public.order_status NOT NULL, total numeric(12,2) NOT NULL, discount public.percentage NOT NULL,
  placed_at timestamptz NOT NULL, delivery tstzrange NOT NULL, items jsonb NOT NULL);
CREATE TABLE public.invoices (
  id int PRIMARY KEY, tenant_id int NOT NULL, order_id int NOT NULL REFERENCES public.orders,
  amount numeric(12,2) NOT NULL, due date NOT NULL, paid_on date);
CREATE TABLE public.categories (id int PRIMARY KEY, parent_id int REFERENCES public.categories, name text NOT NULL);
CREATE TABLE public.products (
  id int PRIMARY KEY, category_id int NOT NULL REFERENCES public.categories, name text NOT NULL, price numeric(10,2) NOT NULL,
  "Größe" text, attributes jsonb NOT NULL, search tsvector NOT NULL, valid daterange NOT NULL);
CREATE TABLE sales.targets (month date PRIMARY KEY, amount numeric NOT NULL, region text NOT NULL);
CREATE TABLE public.secret (id int PRIMARY KEY, token text NOT NULL);
CREATE TABLE public.effects (id serial PRIMARY KEY, what text NOT NULL);
CREATE VIEW public.order_totals AS
  SELECT tenant_id, customer_id, count(*) AS orders, sum(total) AS total FROM public.orders GROUP BY tenant_id, customer_id;
CREATE SEQUENCE public.counter;

INSERT INTO public.customers
  SELECT i, 1 + i % 3, 'Customer ' || i, 'c' || i || '@example.com', '000-00-' || lpad(i::text, 4, '0'),
    (ARRAY['DE','FR','US'])[1 + i % 3 * 2 % 3], ARRAY['tag' || i % 4, 'all'],
    jsonb_build_object('age', 20 + i, 'langs', jsonb_build_array('de', 'en'), 'vip', i % 5 = 0),
    '2025-01-01T00:00:00Z'::timestamptz + i * interval '7 days' FROM generate_series(1, 30) AS i;
INSERT INTO public.orders
  SELECT i, 1 + (1 + i % 30) % 3, 1 + i % 30, (ARRAY['open','paid','shipped','cancelled'])[1 + i % 4]::public.order_status,
    10 + i * 3.5, i % 20, '2025-02-01T08:00:00Z'::timestamptz + i * interval '31 hours',
    tstzrange('2025-02-01T08:00:00Z'::timestamptz + i * interval '31 hours', '2025-02-04T08:00:00Z'::timestamptz + i * interval '31 hours'),
    jsonb_build_array(jsonb_build_object('product', 1 + i % 12, 'quantity', 1 + i % 3)) FROM generate_series(1, 120) AS i;
INSERT INTO public.invoices
  SELECT i, (SELECT tenant_id FROM public.orders WHERE id = i), i, 10 + i * 3.5, '2025-03-01'::date + i,
    CASE WHEN i % 3 = 0 THEN '2025-03-05'::date + i END FROM generate_series(1, 100) AS i;
INSERT INTO public.categories VALUES (1, NULL, 'All'), (2, 1, 'Tools'), (3, 1, 'Garden'), (4, 2, 'Drills'), (5, 3, 'Seeds');
INSERT INTO public.products
  SELECT i, 2 + i % 4, 'Product ' || i || CASE i % 3 WHEN 0 THEN ' with blue steel' ELSE ' of red wood' END, 5 + i * 1.25, 'Größe ' || i % 3,
    jsonb_build_object('color', CASE i % 3 WHEN 0 THEN 'blue' ELSE 'red' END, 'weight', i * 10),
    to_tsvector('english', 'Product ' || i || CASE i % 3 WHEN 0 THEN ' with blue steel' ELSE ' of red wood' END),
    daterange('2025-01-01'::date, '2025-06-01'::date + i) FROM generate_series(1, 12) AS i;
INSERT INTO sales.targets SELECT '2025-01-01'::date + i * interval '1 month', 1000 + i * 100, (ARRAY['north','south'])[1 + i % 2]
  FROM generate_series(0, 11) AS i;
INSERT INTO public.secret VALUES (1, 'SECRET-TOKEN-1'), (2, 'SECRET-TOKEN-2');

CREATE FUNCTION public.log_effect(what text) RETURNS int LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
  AS $$ INSERT INTO public.effects (what) VALUES (what) RETURNING id $$;
CREATE FUNCTION public.quiet_effect(what text) RETURNS int LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
  AS $$ BEGIN RETURN public.log_effect(what); END $$;
CREATE FUNCTION public.with_tax(amount numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT amount * 1.19 $$;
CREATE FUNCTION public.lower(value varchar) RETURNS text LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
  AS $$ SELECT CASE WHEN public.log_effect('lower') > 0 THEN pg_catalog.lower(value::text) END $$;
CREATE FUNCTION public.join_names(a varchar, b varchar) RETURNS text LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
  AS $$ SELECT CASE WHEN public.log_effect('operator') > 0 THEN a::text || b::text END $$;
CREATE OPERATOR public.|| (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.join_names);
CREATE FUNCTION public.read_secret() RETURNS SETOF public.secret LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
  AS $$ SELECT * FROM public.secret $$;
`

/** What must appear in no answer, whoever asks. */
export const FORBIDDEN_TEXT: readonly RegExp[] = [/000-00-\d{4}/, /SECRET-TOKEN/, /c\d+@example\.com/]

const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  'public.customers': ['id', 'tenant_id', 'name', 'email', 'ssn', 'country', 'tags', 'profile', 'created_at'],
  'public.orders': [
    ...['id', 'tenant_id', 'customer_id', 'status', 'total', 'discount', 'placed_at', 'delivery', 'items'],
  ],
  'public.invoices': ['id', 'tenant_id', 'order_id', 'amount', 'due', 'paid_on'],
  'public.categories': ['id', 'parent_id', 'name'],
  'public.products': ['id', 'category_id', 'name', 'price', 'Größe', 'attributes', 'search', 'valid'],
  'public.order_totals': ['tenant_id', 'customer_id', 'orders', 'total'],
  'sales.targets': ['month', 'amount', 'region'],
}

/** The rules of somebody of tenant 1: no `ssn`, `email` masked, rows of the tenant alone. */
export function tenantRules(functions: FunctionRules): GuardRules {
  const scoped = new Set(['public.customers', 'public.orders', 'public.invoices', 'public.order_totals'])
  const rules = Object.entries(COLUMNS).map(([key, columns]): RelationRule => {
    const visible = columns.filter((name) => name !== 'ssn')
    return {
      ...splitName(key),
      columns: visible.map((name) => ({ name, ...(name === 'email' && { mask: `left(email, 1) || '***'` }) })),
      isWhole: visible.length === columns.length,
      ...(scoped.has(key) && { where: 'tenant_id = 1' }),
    }
  })
  return fixtureRules(rules, functions)
}

/** The same relations with nothing hidden: read as they are, or each through a subselect of all its columns. */
export function openRules(functions: FunctionRules, reads: 'as they are' | 'through subselects'): GuardRules {
  const rules = Object.entries(COLUMNS).map(
    ([key, columns]): RelationRule => ({
      ...splitName(key),
      columns: columns.map((name) => ({ name })),
      isWhole: reads === 'as they are',
    }),
  )
  return fixtureRules(rules, functions)
}

/** The functions of the fixture's database that the rules allow. */
export function fixtureFunctions(catalog: FunctionCatalog): FunctionRules {
  return allowFunctions(catalog, [{ schema: 'public', name: 'with_tax' }])
}

function fixtureRules(rules: readonly RelationRule[], functions: FunctionRules): GuardRules {
  return {
    relations: exposeRelations(rules, ['public', 'sales']),
    functions,
    types: [
      { schema: 'public', name: 'order_status' },
      { schema: 'public', name: 'percentage' },
    ],
  }
}

function splitName(key: string): { readonly schema: string; readonly name: string } {
  const [schema = '', name = ''] = key.split('.')
  return { schema, name }
}
