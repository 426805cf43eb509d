import type { RunCommand } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { openTarget } from '../open-target.ts'
import { table } from '../print-help.ts'
import { readExpiry } from '../read-expiry.ts'
import { checkRoles } from '../serving.ts'

/** Makes a key, stores its hash and prints the key, this once. */
export const newKey: RunCommand = async (invocation) => {
  const { options, terminal } = invocation
  const config = await openTarget(invocation)
  const roles = options.all('role')
  const tenant = options.text('tenant')
  const when = options.text('expires')
  const expiresAt = when === undefined ? undefined : readExpiry(when, Date.now())
  checkRoles(config, roles)
  const { newApiKey, storeApiKey } = await import('../../app/new-key.ts')
  const { text, stored } = await newApiKey(config, {
    name: options.text('name') ?? '',
    roles,
    ...(tenant === undefined ? {} : { tenant }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  })
  const isStored = !options.has('no-store')
  if (isStored) await storeApiKey(config, stored)
  if (options.has('json')) terminal.out(`${JSON.stringify({ key: text, ...stored }, null, 2)}\n`)
  else {
    terminal.out(`key: ${text}\n`)
    terminal.err('It is shown this once. A client sends it as `Authorization: Bearer KEY`.\n')
    if (expiresAt !== undefined) terminal.err(`It is valid until ${expiresAt}.\n`)
    if (isStored) terminal.err(`Its hash is stored in ${config.storage.directory}, with roles: ${roles.join(', ')}.\n`)
    else terminal.out(await entryText(stored))
  }
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
  const { listApiKeys } = await import('../../app/new-key.ts')
  const keys = await listApiKeys(config)
  if (options.has('json')) terminal.out(`${JSON.stringify({ keys }, null, 2)}\n`)
  else if (keys.length === 0)
    terminal.out('There are no keys. `toolgate keys new --name NAME --role ROLE` makes one.\n')
  else {
    const rows = keys.map(({ id, name, roles, tenant, createdAt, expiresAt }) => [
      `tg_${id}_…`,
      name,
      roles.join(', '),
      tenant ?? '',
      createdAt ?? 'config file',
      expiresAt ?? 'never',
    ])
    terminal.out(`${table([['KEY', 'NAME', 'ROLES', 'TENANT', 'CREATED', 'EXPIRES'], ...rows]).join('\n')}\n`)
  }
  return EXIT_CODES.ok
}
