import type { RunCommand } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { openTarget } from '../open-target.ts'
import { table } from '../print-help.ts'
import { readKeyGrant } from '../read-key-grant.ts'

/** Makes a key, stores its hash and prints the key, this once. */
export const newKey: RunCommand = async (invocation) => {
  const { options, terminal } = invocation
  const config = await openTarget(invocation)
  const grant = readKeyGrant(config, options)
  const { newApiKey, storeApiKey } = await import('../../app/keys/make-key.ts')
  const { text, stored } = await newApiKey(config, { name: options.text('name') ?? '', ...grant })
  const isStored = !options.has('no-store')
  if (isStored) await storeApiKey(config, stored)
  if (options.has('json')) {
    terminal.out(`${JSON.stringify({ key: text, ...stored }, null, 2)}\n`)
    return EXIT_CODES.ok
  }
  const { roles, expiresAt } = stored
  terminal.out(`key: ${text}\n`)
  terminal.err('It is shown this once. A client sends it as `Authorization: Bearer KEY`.\n')
  if (expiresAt !== undefined) terminal.err(`It is valid until ${expiresAt}.\n`)
  if (isStored) terminal.err(`Its hash is stored in ${config.storage.directory}, with roles: ${roles.join(', ')}.\n`)
  else terminal.out(await entryText(stored))
  return EXIT_CODES.ok
}

/** The key as an entry of the config file. */
async function entryText({ createdAt: _, ...entry }: { readonly createdAt: string }): Promise<string> {
  const { stringify } = await import('yaml')
  return stringify({ access: { keys: [entry] } })
}

/** Lists keys without their hashes. */
export const listKeys: RunCommand = async (invocation) => {
  const { options, terminal } = invocation
  const config = await openTarget(invocation)
  const { listApiKeys, stateOfKey } = await import('../../app/keys/list-keys.ts')
  const now = Date.now()
  const keys = (await listApiKeys(config)).map((key) => ({ ...key, state: stateOfKey(key, now) }))
  if (options.has('json')) terminal.out(`${JSON.stringify({ keys }, null, 2)}\n`)
  else if (keys.length === 0)
    terminal.out('There are no keys. `toolgate keys new --name NAME --role ROLE` makes one.\n')
  else {
    const rows = keys.map(({ id, name, roles, tenant, createdAt, expiresAt, usedAt, state, revokedAt }) => [
      `tg_${id}_…`,
      name,
      roles.join(', '),
      tenant ?? '',
      createdAt ?? 'config file',
      expiresAt ?? 'never',
      usedAt === undefined ? '' : hourText(usedAt),
      state === 'ending' ? `valid until ${revokedAt}` : state,
    ])
    const head = ['KEY', 'NAME', 'ROLES', 'TENANT', 'CREATED', 'EXPIRES', 'LAST USED', 'STATE']
    terminal.out(`${table([head, ...rows]).join('\n')}\n`)
  }
  return EXIT_CODES.ok
}

/** What is known of the last use is the hour. */
export function hourText(usedAt: string): string {
  return `${usedAt.slice(0, 13)}h`
}
