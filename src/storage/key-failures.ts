import { ToolgateError } from '../errors.ts'

/** The failure of adding a key whose name or id another one has. */
export function nameTaken(what: 'name' | 'id', value: string): ToolgateError {
  return new ToolgateError({
    code: 'NAME_COLLISION',
    message: `There is already a key with the ${what} "${value}".`,
    hint:
      what === 'name'
        ? 'Choose another name, so that the log and the audit trail can tell them apart, or `toolgate keys rotate` that one.'
        : 'Make a new key.',
  })
}

/** The failure of giving a client one key more than may be valid at once. */
export function tooManyLiveKeys(name: string): ToolgateError {
  return new ToolgateError({
    code: 'NAME_COLLISION',
    message: `"${name}" has two valid keys already.`,
    hint: 'Revoke the one that is not in use any more, or end both at once with --overlap 0.',
  })
}

/** The failure of replacing the key of a client that has none left. */
export function allRevoked(name: string): ToolgateError {
  return new ToolgateError({
    code: 'NOT_CONFIGURED',
    message: `Every key of "${name}" is revoked.`,
    hint: 'Make a new one with `toolgate keys new`.',
  })
}
