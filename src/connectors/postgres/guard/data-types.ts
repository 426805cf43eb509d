/** Types of pg_catalog that hold a caller's data. Types that look into the catalogue (`regclass`, `oid`) are none. */
export function isDataType(name: string): boolean {
  return DATA_TYPES.has(name.startsWith('_') ? name.slice(1) : name)
}

/** Types an argument or a result of a built-in function may have, beside those that hold data. */
export function isArgumentType(name: string): boolean {
  return isDataType(name) || POLYMORPHIC_TYPES.has(name) || TEXT_SEARCH_TYPES.has(name)
}

const RANGES = ['int4', 'int8', 'num', 'ts', 'tstz', 'date'].flatMap((of) => [`${of}range`, `${of}multirange`])

const DATA_TYPES: ReadonlySet<string> = new Set([
  ...['bool', 'int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'money'],
  ...['text', 'varchar', 'bpchar', 'char', 'bytea', 'uuid', 'bit', 'varbit'],
  ...['date', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval'],
  ...['json', 'jsonb', 'jsonpath', 'tsvector', 'tsquery'],
  ...['inet', 'cidr', 'macaddr', 'macaddr8'],
  ...['point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle'],
  ...RANGES,
])

const POLYMORPHIC_TYPES: ReadonlySet<string> = new Set([
  'any',
  'anyelement',
  'anyarray',
  'anynonarray',
  'anyenum',
  'anyrange',
  'anymultirange',
  'anycompatible',
  'anycompatiblearray',
  'anycompatiblenonarray',
  'anycompatiblerange',
  'anycompatiblemultirange',
  'record',
])

/** Given as a plain literal: `to_tsvector('english', body)`. */
const TEXT_SEARCH_TYPES: ReadonlySet<string> = new Set(['regconfig', 'regdictionary'])
