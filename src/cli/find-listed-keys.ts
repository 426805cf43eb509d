import type { ListedKey } from '../app/keys/list-keys.ts'
import { suggest } from './suggest.ts'
import { UsageError } from './usage-error.ts'

const KEY_TEXT = /^tg_([^_]+)(_.*)?$/

/** The public id in what somebody types or pastes; a whole key means its public part. */
export function keyIdIn(word: string): string {
  return KEY_TEXT.exec(word)?.[1] ?? word
}

/** What was typed, as it may be shown again: a key that was pasted whole is not repeated. */
export function withoutSecret(word: string): string {
  return word.replace(/(tg_[^_]+_).*/, '$1…')
}

/** The one key with this public id, else all of this name, the newest last. Throws `UsageError` where there is none. */
export function findListedKeys(keys: readonly ListedKey[], word: string): readonly [ListedKey, ...ListedKey[]] {
  const id = keyIdIn(word)
  const byId = keys.filter((key) => key.id === id)
  const [first, ...more] = byId.length > 0 ? byId : keys.filter(({ name }) => name === word)
  if (first !== undefined) return [first, ...more]
  const known = keys.flatMap(({ name, id: each }) => [name, each])
  const otherwise = keys.length === 0 ? 'There are no keys.' : '`toolgate keys list` lists them.'
  throw new UsageError(`There is no key \`${withoutSecret(word)}\`.`, suggest(id, known, otherwise))
}
