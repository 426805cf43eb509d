import { userInfo } from 'node:os'
import process from 'node:process'

/** Who does something to the trail: the user of the operating system, on this command line. */
export function operator(): string {
  return `cli:${userName()}`
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A user without an entry, as in many containers.
    return String(process.getuid?.() ?? 'unknown')
  }
}
