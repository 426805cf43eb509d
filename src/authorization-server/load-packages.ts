import { ToolgateError } from '../errors.ts'

/** The optional packages that the authorization server is made of. */
export interface Packages {
  readonly oidc: typeof import('oidc-provider')
  readonly argon2: typeof import('@node-rs/argon2')
}

/** Loads them. Rejects with `NOT_CONFIGURED` and the command that installs what is missing. */
export async function loadPackages(): Promise<Packages> {
  const { warn } = console
  // oidc-provider tells its user on standard error which Node it would like; whoever runs Toolgate has chosen one.
  console.warn = () => undefined
  try {
    const [oidc, argon2] = await Promise.all([import('oidc-provider'), import('@node-rs/argon2')])
    return { oidc, argon2 }
  } catch (cause) {
    throw new ToolgateError({
      code: 'NOT_CONFIGURED',
      message: 'access.oauth.embedded needs the packages oidc-provider and @node-rs/argon2, which are not installed.',
      hint: 'Install them: npm install oidc-provider@9.13.3 @node-rs/argon2@2',
      cause,
    })
  } finally {
    console.warn = warn
  }
}
