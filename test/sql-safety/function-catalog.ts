import { readFileSync } from 'node:fs'
import type { FunctionCatalog } from '../../src/connectors/postgres/guard/function-catalog.ts'

/**
 * The functions of the fixture's database on PostgreSQL 18.4, as `FUNCTION_CATALOG_SQL` answers, one overload a line:
 * schema, name, kind and volatility and flags and count of defaults, language, argument types, result.
 */
export function readFunctionCatalog(): FunctionCatalog {
  const text = readFileSync(new URL('./functions-of-postgres-18.txt', import.meta.url), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [schema = '', name = '', traits = '', language = '', argumentTypes = '', returnType = ''] = line.split(' ')
      return {
        schema,
        name,
        kind: traits.charAt(0),
        volatility: traits.charAt(1),
        isBuiltIn: traits.charAt(2) === 'b',
        isVariadic: traits.charAt(3) === 'v',
        defaultCount: Number(traits.slice(4)),
        language,
        argumentTypes: argumentTypes === '' ? [] : argumentTypes.split(','),
        returnType,
      }
    })
}
