import { ToolgateError } from '../errors.ts'

/** The failure of a trail that takes nothing now. */
export function auditUnavailable(place: string, cause: unknown): ToolgateError {
  return new ToolgateError({
    code: 'AUDIT_UNAVAILABLE',
    message: `The audit trail ${place} cannot be written.`,
    hint: 'Make room on its disk, or let the user that runs Toolgate write it; it is tried again by itself.',
    cause,
  })
}
