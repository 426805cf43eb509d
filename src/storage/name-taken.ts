import { ToolgateError } from '../errors.ts'

/** The failure of adding a key whose name or id another one has. */
export function nameTaken(what: 'name' | 'id', value: string): ToolgateError {
  return new ToolgateError({
    code: 'NAME_COLLISION',
    message: `There is already a key with the ${what} "${value}".`,
    hint:
      what === 'name'
        ? 'Choose another name, so that the log and the audit trail can tell them apart.'
        : 'Make a new key.',
  })
}
