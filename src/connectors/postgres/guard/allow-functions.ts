import { isArgumentType } from './data-types.ts'
import type { CatalogFunction, FunctionCatalog } from './function-catalog.ts'
import type { QualifiedName } from './guard-rules.ts'

/** Which functions may be called. Made once from a catalogue by `allowFunctions`. */
export interface FunctionRules {
  /** Names of pg_catalog whose every overload is harmless. */
  readonly builtIn: ReadonlySet<string>
  /** Functions of other schemas that are allowed by configuration, by name; each with the schemas it may come from. */
  readonly exposed: ReadonlyMap<string, readonly string[]>
  /** Names that also exist outside pg_catalog: they are written with their schema, so that nothing can take their place. */
  readonly shadowed: ReadonlySet<string>
  /** Refused names of pg_catalog that take one argument: `x.name` calls them as `name(x)` does. */
  readonly refusedOfOne: ReadonlySet<string>
  /** The same of other schemas; they may be names of columns too. */
  readonly othersOfOne: ReadonlySet<string>
}

/**
 * Decides from the catalogue which functions may be called: those of pg_catalog that came with the server, neither
 * write nor look at anything but their arguments, and those exposed by name.
 */
export function allowFunctions(catalog: FunctionCatalog, exposed: readonly QualifiedName[] = []): FunctionRules {
  const overloads = new Map<string, CatalogFunction[]>()
  const others = catalog.filter(({ schema }) => schema !== 'pg_catalog' && schema !== 'information_schema')
  for (const entry of catalog) {
    if (entry.schema !== 'pg_catalog') continue
    const known = overloads.get(entry.name)
    if (known === undefined) overloads.set(entry.name, [entry])
    else known.push(entry)
  }
  const builtIn = new Set<string>()
  for (const [name, entries] of overloads) if (isHarmless(name, entries)) builtIn.add(name)
  const bySchema = new Map<string, readonly string[]>()
  for (const { schema, name } of exposed) bySchema.set(name, [...(bySchema.get(name) ?? []), schema])
  return {
    builtIn,
    exposed: bySchema,
    shadowed: new Set(others.map(({ name }) => name)),
    refusedOfOne: namesOfOne(overloads, builtIn),
    othersOfOne: new Set(others.filter(takesOne).map(({ name }) => name)),
  }
}

/** A name stands for all its overloads, for which of them is called only the server knows. */
function isHarmless(name: string, overloads: readonly CatalogFunction[]): boolean {
  if (REFUSED_FAMILIES.test(name) && !SPARED.has(name)) return false
  return overloads.every((entry) => isPure(name, entry)) && overloads.some(takesData)
}

function isPure(name: string, { kind, volatility, language, isBuiltIn }: CatalogFunction): boolean {
  if (!isBuiltIn || !(language === 'internal' || language === 'sql')) return false
  if (!(kind === 'f' || kind === 'a' || kind === 'w')) return false
  return volatility === 'i' || volatility === 's' || HARMLESS_VOLATILE.has(name)
}

function takesData({ name, argumentTypes, returnType }: CatalogFunction): boolean {
  return SPARED.has(name) || (argumentTypes.every(isArgumentType) && isArgumentType(returnType))
}

function namesOfOne(
  overloads: ReadonlyMap<string, readonly CatalogFunction[]>,
  builtIn: ReadonlySet<string>,
): ReadonlySet<string> {
  const names = new Set<string>()
  for (const [name, entries] of overloads) {
    if (!builtIn.has(name) && entries.some(takesOne) && !isConversion(name, entries)) names.add(name)
  }
  return names
}

/** `name(text)`, which is a cast to the type `name` and does no harm; columns are often called so. */
function isConversion(name: string, overloads: readonly CatalogFunction[]): boolean {
  return !REFUSED_FAMILIES.test(name) && overloads.every((entry) => entry.returnType === name && isPure(name, entry))
}

function takesOne({ argumentTypes, defaultCount, isVariadic }: CatalogFunction): boolean {
  const fewest = argumentTypes.length - defaultCount - (isVariadic ? 1 : 0)
  return fewest <= 1 && argumentTypes.length >= 1
}

/**
 * Families that are stable or immutable and yet none of a caller's business: they read settings, the catalogue, other
 * sessions or tables named by text, or make XML of a query's text.
 */
const REFUSED_FAMILIES: RegExp = new RegExp(
  `^(?:${[
    'pg_.*|gs_.*|binary_upgrade_.*|information_schema.*',
    'has_.*|row_security_active|acl.*|makeaclitem',
    'current_.*|session_.*|system_user|getpgusername|getdatabaseencoding|get_current_.*|set_config|version|icu_.*',
    'inet_(?:client|server)_.*',
    '(?:tx|mx)?id_.*|txid.*|lo_.*|loread|lowrite|lastval|currval|nextval|setval',
    '.*_to_xml.*|.*_to_xmlschema|xml.*|xpath.*|cursor_.*|query_.*',
    'ts_stat|ts_rewrite|ts_debug|dblink.*',
    'reg.*class|to_reg.*|reg(?:class|type|proc|procedure|oper|operator|role|namespace|config|dictionary|collation)',
    '.*_(?:send|recv|in|out|typmodin|typmodout|support|accum|combine|transfn|finalfn)|.*_validator',
  ].join('|')})$`,
)

/** What these rules would refuse, and which only looks at its arguments. */
const SPARED: ReadonlySet<string> = new Set([
  'pg_typeof',
  'pg_size_pretty',
  'pg_size_bytes',
  'convert',
  'convert_from',
  'convert_to',
])

/** Volatile, because they answer something else each time; they change nothing. */
const HARMLESS_VOLATILE: ReadonlySet<string> = new Set([
  'random',
  'random_normal',
  'clock_timestamp',
  'timeofday',
  'gen_random_uuid',
  'uuidv4',
  'uuidv7',
])
