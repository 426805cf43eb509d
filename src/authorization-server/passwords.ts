import type { Packages } from './load-packages.ts'
import type { Secrets } from './seal.ts'

/** Hashes and checks passwords: Argon2id at OWASP's settings, two at a time. */
export interface Passwords {
  hash(password: string): Promise<string>
  /** Takes the same time whether or not there is a hash to compare with. `undefined`: too many wait. */
  verify(password: string, hash: string | undefined): Promise<boolean | undefined>
}

/** Longer ones would only cost time. */
export const MAX_PASSWORD_LENGTH = 256
export const MIN_PASSWORD_LENGTH = 12

const AT_ONCE = 2
const MAX_WAITING = 40
const SETTINGS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** Passwords are hashed under the pepper, too: a copy of the storage alone lets nobody try guesses. */
export function createPasswords(argon2: Packages['argon2'], secrets: Secrets): Passwords {
  const pool = createPool()
  let settings: (typeof SETTINGS & { readonly secret: Uint8Array }) | undefined
  const withSecret = (): NonNullable<typeof settings> => {
    settings ??= { ...SETTINGS, secret: secrets.key('oauth passwords') }
    return settings
  }
  let decoy: Promise<string> | undefined
  return {
    async hash(password) {
      const hashed = await pool(() => argon2.hash(normalize(password), withSecret()))
      if (hashed === undefined) throw new Error('Too many passwords wait to be hashed.')
      return hashed
    },
    async verify(password, hash) {
      decoy ??= argon2.hash('a password that nobody has', withSecret())
      const compared = hash ?? (await decoy)
      const isRight = await pool(() => argon2.verify(compared, normalize(password), withSecret()))
      return isRight === undefined ? undefined : isRight && hash !== undefined
    },
  }
}

/** The same password however a keyboard composes its letters (NIST SP 800-63B §3.1.1.2). */
function normalize(password: string): string {
  return password.normalize('NFKC')
}

/** Runs two at a time and lets forty wait; answers `undefined` to more. */
function createPool(): <T>(work: () => Promise<T>) => Promise<T | undefined> {
  let running = 0
  const waiting: (() => void)[] = []
  return async (work) => {
    if (running >= AT_ONCE) {
      if (waiting.length >= MAX_WAITING) return undefined
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else {
      running += 1
    }
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}
