import { describe, expect, it } from 'vitest'
import { fixtureFunctions } from '../../../../test/sql-safety/fixture.ts'
import { readFunctionCatalog } from '../../../../test/sql-safety/function-catalog.ts'
import { allowFunctions } from './allow-functions.ts'

const catalog = readFunctionCatalog()
const { builtIn, shadowed, refusedOfOne, othersOfOne, exposed } = fixtureFunctions(catalog)

describe('the functions of PostgreSQL 18', () => {
  it('that only compute may be called', () => {
    const needed =
      'lower count sum max min date_trunc to_char now random jsonb_agg jsonb_path_query to_tsvector ts_rank age '
    const names = `${needed}regexp_replace string_agg percentile_cont generate_series unnest array_agg extract range_agg`
    expect(names.split(' ').filter((name) => !builtIn.has(name))).toEqual([])
  })

  it('that write, wait, read files, settings or the catalogue may not', () => {
    const refused = [...builtIn].filter((name) =>
      /^(?:pg_(?!typeof|size_)|lo_|has_|to_reg|txid|dblink|inet_(?:client|server)|current_|set_config|nextval|setval|.*xml|ts_stat|ts_rewrite|version$|system_user)/.test(
        name,
      ),
    )
    expect(refused).toEqual([])
  })

  it('that are refused and take one argument are known, for x.name calls them', () => {
    for (const name of ['pg_sleep', 'pg_read_file', 'current_setting', 'nextval', 'lo_import'])
      expect(refusedOfOne.has(name)).toBe(true)
    expect(refusedOfOne.has('name')).toBe(false)
    expect(othersOfOne.has('log_effect')).toBe(true)
  })
})

describe('functions of others', () => {
  it('are allowed by name alone, and those of the same name are told', () => {
    expect([...exposed]).toEqual([['with_tax', ['public']]])
    expect(shadowed.has('lower')).toBe(true)
  })

  // A superuser can put functions there, as some extensions do.
  it('are not allowed for being in pg_catalog', () => {
    const planted = catalog.map((entry) => (entry.name === 'upper' ? { ...entry, isBuiltIn: false } : entry))
    expect(allowFunctions(planted).builtIn.has('upper')).toBe(false)
  })

  it('take the name with them when one overload is volatile', () => {
    const [first] = catalog.filter(({ name }) => name === 'initcap')
    if (first === undefined) throw new Error('initcap is gone')
    expect(allowFunctions([...catalog, { ...first, volatility: 'v' }]).builtIn.has('initcap')).toBe(false)
  })
})
