import { readKeyOptions, type WrittenKeyOptions } from '../identity/options.ts'
import type { ConfigPath } from './config-issue.ts'
import { isPlainObject, valueAt } from './config-path.ts'
import type { CrossChecked } from './cross-check.ts'
import type { Mistake } from './mistake.ts'
import { showValue } from './show-value.ts'

const KEYS: ConfigPath = ['access', 'keys']

/** Finds keys of which there are two: the same id, however it is written, or one name for two callers. */
export function checkKeys(checked: CrossChecked): readonly Mistake[] {
  const list = valueAt(checked.value, KEYS)
  if (!Array.isArray(list)) return []
  const ids = new Set<string>()
  const callers = new Map<unknown, string>()
  return list.flatMap((written: unknown, index): Mistake[] => {
    if (!isPlainObject(written)) return []
    const id = idOf(written)
    const caller = typeof written.clientId === 'string' ? written.clientId : id
    const told: Mistake[] = []
    if (isAgain(callers, written.name, caller))
      told.push(again(checked, [...KEYS, index, 'name'], 'another name for each'))
    if (id !== '' && ids.has(id)) told.push(again(checked, [...KEYS, index, idField(written)], 'another id for each'))
    ids.add(id)
    return told
  })
}

/** Two keys of one caller may have its name. */
function isAgain(callers: Map<unknown, string>, name: unknown, caller: string): boolean {
  const known = callers.get(name)
  if (typeof name !== 'string') return false
  if (known === undefined) callers.set(name, caller)
  return known !== undefined && (caller === '' || known !== caller)
}

function idField(written: object): 'key' | 'id' {
  return 'key' in written ? 'key' : 'id'
}

/** Values that the schema refused are here, too. */
function idOf({ id, key }: Readonly<Record<string, unknown>>): string {
  const written = { name: '', roles: [], ...(typeof key === 'string' ? { key } : {}) } satisfies WrittenKeyOptions
  return typeof id === 'string' ? id : readKeyOptions(written).id
}

function again(checked: CrossChecked, path: ConfigPath, expected: string): Mistake {
  const problem = `is ${showValue(valueAt(checked.value, path), path, checked.origins)} again`
  return { path, at: 'value', problem, expected }
}
