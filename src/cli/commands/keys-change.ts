import { revokeApiKeys, rotateApiKey } from '../../app/keys/change-keys.ts'
import { type ListedKey, listApiKeys, stateOfKey } from '../../app/keys/list-keys.ts'
import { newApiKey } from '../../app/keys/make-key.ts'
import { ToolgateError } from '../../errors.ts'
import type { Options, RunCommand } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { findListedKeys, keyIdIn } from '../find-listed-keys.ts'
import { openTarget } from '../open-target.ts'
import { readExpiry } from '../read-expiry.ts'
import { readReason } from '../read-reason.ts'
import { readSpan } from '../read-span.ts'
import { UsageError } from '../usage-error.ts'

const OVERLAP = '24h'

/** Gives the client of a key a new one; the one before ends after the overlap. */
export const rotateKey: RunCommand = async (invocation) => {
  const { options, terminal, positionals } = invocation
  const now = Date.now()
  const overlapMs = readOverlap(options)
  const config = await openTarget(invocation)
  const found = findListedKeys(await listApiKeys(config), positionals[0] ?? '')
  const before = found.findLast((key) => stateOfKey(key, now) === 'valid') ?? found.at(-1) ?? found[0]
  const created = requireStored(before)
  const expiresAt = readNextExpiry(options, before, now - created)
  const { id, clientId = id, name, roles, tenant, scopes, claims, allowFrom, rateClass } = before
  const grant = { name, roles, ...defined({ tenant, scopes, claims, allowFrom, rateClass, expiresAt }) }
  const { text, stored } = await newApiKey(config, grant)
  const next = { ...stored, clientId }
  const ended = await rotateApiKey(config, next, new Date(now + overlapMs).toISOString())
  const endings = ended.map((key) => ({ id: key.id, endsAt: key.revokedAt }))
  if (options.has('json')) terminal.out(`${JSON.stringify({ key: text, ...next, ended: endings }, null, 2)}\n`)
  else {
    terminal.out(`key: ${text}\n`)
    terminal.err(`It is shown this once. It has the rights of the key before, and is the same caller: ${name}.\n`)
    if (expiresAt !== undefined) terminal.err(`It is valid until ${expiresAt}.\n`)
    for (const each of ended) {
      terminal.err(
        `tg_${each.id}_… ${overlapMs === 0 ? 'is not valid any more' : `is valid until ${each.revokedAt}`}.\n`,
      )
    }
  }
  return EXIT_CODES.ok
}

function readOverlap(options: Options): number {
  const text = options.text('overlap') ?? OVERLAP
  const spanMs = text === '0' ? 0 : readSpan(text)
  if (spanMs !== undefined && spanMs <= MAX_OVERLAP_MS) return spanMs
  throw new UsageError(`--overlap is ${text}; expected 7d, 12h, 90m or 0, and 90d at most.`)
}

const MAX_OVERLAP_MS = 90 * 86_400_000

/** A key that expires is followed by one that lives as long as it was to live. */
function readNextExpiry(options: Options, { expiresAt }: ListedKey, ageMs: number): string | undefined {
  const now = Date.now()
  const when = options.text('expires')
  if (when !== undefined) return readExpiry(when, now)
  if (expiresAt === undefined) return undefined
  return new Date(Date.parse(expiresAt) + ageMs).toISOString()
}

/** When it was made, in milliseconds. */
function requireStored({ name, createdAt }: ListedKey): number {
  if (createdAt !== undefined) return Date.parse(createdAt)
  throw new ToolgateError({
    code: 'NOT_CONFIGURED',
    message: `The key "${name}" stands in the config file, which is not changed from here.`,
    hint: 'Change access.keys there; a running server takes it over.',
  })
}

function defined<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]?: Exclude<Fields[Name], undefined>
  }
}

/** Revokes one key by its id, or all keys of a name; without --yes it says which. */
export const revokeKey: RunCommand = async (invocation) => {
  const { options, terminal, positionals } = invocation
  const [word = ''] = positionals
  const config = await openTarget(invocation)
  const found = findListedKeys(await listApiKeys(config), word)
  const reason = readReason(options, found[0].name)
  const now = Date.now()
  const meant = found.filter((key) => stateOfKey(key, now) !== 'revoked')
  for (const key of meant) requireStored(key)
  const ids = meant.map(({ id }) => id)
  const isDone = options.has('yes') && ids.length > 0
  if (isDone) await revokeApiKeys(config, ids, reason)
  if (options.has('json')) terminal.out(`${JSON.stringify({ revoked: ids, isDone })}\n`)
  else terminal.out(describeRevocation(meant, { isDone, isByName: keyIdIn(word) !== found[0].id }))
  return EXIT_CODES.ok
}

function describeRevocation(
  keys: readonly ListedKey[],
  { isDone, isByName }: { readonly isDone: boolean; readonly isByName: boolean },
): string {
  if (keys.length === 0) return `${isByName ? 'Every key of that name' : 'It'} is revoked already.\n`
  const names = keys.map(({ id, name }) => `tg_${id}_… (${name})`).join(', ')
  if (!isDone) return `${names} would be revoked, for good; nothing is done without --yes.\n`
  return `${names} ${keys.length === 1 ? 'is' : 'are'} revoked. A running server refuses ${keys.length === 1 ? 'it' : 'them'} within two seconds.\n`
}
