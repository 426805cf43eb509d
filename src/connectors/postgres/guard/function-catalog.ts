/** One function of the database, as the catalogue says. One row for each overload. */
export interface CatalogFunction {
  readonly schema: string
  readonly name: string
  /** `pg_proc.prokind`: f function, a aggregate, w window function, p procedure. */
  readonly kind: string
  /** `pg_proc.provolatile`: i immutable, s stable, v volatile. */
  readonly volatility: string
  readonly language: string
  /** Came with the server, not with an extension or by a superuser's hand: its oid is below 16384. */
  readonly isBuiltIn: boolean
  readonly isVariadic: boolean
  /** How many of the last arguments may be left out. */
  readonly defaultCount: number
  /** Names of the argument types, arrays with a leading underscore; those of pg_catalog without their schema. */
  readonly argumentTypes: readonly string[]
  readonly returnType: string
}

/** The functions of the database at one moment; functions made later are unknown, and so refused. */
export type FunctionCatalog = readonly CatalogFunction[]

/** Reads a `FunctionCatalog`, one row an entry, in the fields' own names. PostgreSQL 11 or newer; any login may run it. */
export const FUNCTION_CATALOG_SQL = `
SELECT n.nspname::text AS "schema",
       p.proname::text AS "name",
       p.prokind::text AS "kind",
       p.provolatile::text AS "volatility",
       l.lanname::text AS "language",
       p.oid < 16384 AS "isBuiltIn",
       p.provariadic <> 0 AS "isVariadic",
       p.pronargdefaults::int AS "defaultCount",
       ARRAY(SELECT CASE WHEN tn.nspname = 'pg_catalog' THEN t.typname::text ELSE tn.nspname || '.' || t.typname END
             FROM pg_catalog.unnest(p.proargtypes) WITH ORDINALITY AS a(type, place)
             JOIN pg_catalog.pg_type t ON t.oid = a.type
             JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
             ORDER BY a.place) AS "argumentTypes",
       (SELECT CASE WHEN tn.nspname = 'pg_catalog' THEN t.typname::text ELSE tn.nspname || '.' || t.typname END
        FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
        WHERE t.oid = p.prorettype) AS "returnType"
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang`
