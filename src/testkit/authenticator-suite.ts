import assert from 'node:assert/strict'
import { ERRORS } from '../error-table.ts'
import { type Authentication, type Authenticator, isRefusal } from '../identity/authenticator.ts'
import type { Credentials } from '../identity/credentials.ts'
import type { Principal } from '../identity/principal.ts'
import type { ContractCase } from './contract-case.ts'

/** An authenticator under test, with a credential it must let in. */
export interface AuthenticatorSubject {
  readonly authenticator: Authenticator
  /** The value of an `Authorization` header that is valid: `Bearer tg_…`. */
  readonly valid: string
  /** Well-formed values that nobody was given. */
  readonly wrong: readonly string[]
}

const GARBAGE = ['', 'Bearer', 'Bearer ', 'Bearer  ', 'bearer\u0000x', 'Bearer a b', 'Basic dTpw', 'x'.repeat(16_000)]

/** The contract of `Authenticator`, as tests. `create` makes a fresh subject for each. */
export function authenticatorSuite(
  create: () => AuthenticatorSubject | Promise<AuthenticatorSubject>,
): readonly ContractCase[] {
  const promise = (name: string, check: (subject: AuthenticatorSubject) => Promise<void>): ContractCase => ({
    name,
    run: async () => check(await create()),
  })
  return [
    promise('answers undefined to a request without a credential', async ({ authenticator }) => {
      assert.equal(await authenticator.authenticate(credentials([])), undefined)
    }),
    promise('lets a valid credential in, always as the same principal', async (subject) => {
      const first = await letIn(subject)
      const second = await letIn(subject)
      assert.ok(first.id !== '' && first.name !== '' && Array.isArray(first.roles))
      assert.deepEqual(second, first)
    }),
    promise('reads the scheme without regard to case', async ({ authenticator, valid }) => {
      const [scheme = '', ...rest] = valid.split(' ')
      for (const spelt of [scheme.toLowerCase(), scheme.toUpperCase()]) {
        const answer = await authenticator.authenticate(credentials([[spelt, ...rest].join(' ')]))
        assert.ok(answer !== undefined && !isRefusal(answer))
      }
    }),
    promise('answers every wrong credential alike', async ({ authenticator, wrong }) => {
      const told = new Set<string>()
      for (const value of wrong) told.add(whatIsTold(await authenticator.authenticate(credentials([value]))))
      assert.equal(told.size, 1, [...told].join('\n'))
    }),
    promise('refuses a valid credential that was cut or changed', async ({ authenticator, valid }) => {
      const changed = valid.slice(0, -1) + (valid.endsWith('A') ? 'B' : 'A')
      for (const value of [valid.slice(0, -1), `${valid}A`, changed]) {
        whatIsTold(await authenticator.authenticate(credentials([value])))
      }
    }),
    promise('refuses two credentials, though both are valid', async ({ authenticator, valid }) => {
      whatIsTold(await authenticator.authenticate(credentials([valid, valid])))
    }),
    promise('refuses a credential in the URL, with or without a header', async ({ authenticator, valid }) => {
      const query = `access_token=${encodeURIComponent(valid.split(' ')[1] ?? '')}`
      whatIsTold(await authenticator.authenticate({ ...credentials([]), query }))
      whatIsTold(await authenticator.authenticate({ ...credentials([valid]), query }))
    }),
    promise('refuses garbage without throwing', async ({ authenticator }) => {
      for (const value of GARBAGE) whatIsTold(await authenticator.authenticate(credentials([value])))
    }),
    promise('lets the owner in after many failures', async (subject) => {
      for (let count = 0; count < 200; count += 1) {
        await subject.authenticator.authenticate(credentials([subject.wrong[0] ?? 'Bearer wrong']))
      }
      await letIn(subject)
    }),
  ]
}

function credentials(authorization: readonly string[]): Credentials {
  const rawHeaders = authorization.flatMap((value) => ['Authorization', value])
  return { authorization, query: '', address: '192.0.2.1', method: 'POST', path: '/mcp', rawHeaders }
}

async function letIn({ authenticator, valid }: AuthenticatorSubject): Promise<Principal> {
  const answer = await authenticator.authenticate(credentials([valid]))
  assert.ok(answer !== undefined && !isRefusal(answer), 'the valid credential was not let in')
  return answer
}

/** What a refused caller sees, as text; fails when the answer is no refusal or cannot be sent. */
function whatIsTold(answer: Authentication): string {
  assert.ok(answer !== undefined && isRefusal(answer), 'it was not refused')
  const status = ERRORS[answer.error.code].http
  assert.ok(status !== undefined && status >= 400, `${answer.error.code} has no HTTP status to refuse with`)
  if (status === 401) assert.match(answer.challenge ?? '', /^[A-Za-z]+ [\x20-\x7e]+$/, 'a 401 needs a challenge')
  const { error, challenge, retryAfterSeconds } = answer
  return JSON.stringify([error.code, error.message, error.hint, error.data, challenge, retryAfterSeconds])
}
