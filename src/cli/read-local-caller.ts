import type { LocalCaller } from '../app/app.ts'
import { listApiKeys } from '../app/keys/list-keys.ts'
import type { Config } from '../config/config.ts'
import type { Invocation } from './command.ts'
import { namePrincipal } from './name-principal.ts'

/** Who a caller over stdio is, by --as or else by TOOLGATE_KEY; whom the configuration says where neither is given. */
export async function readLocalCaller(config: Config, { options, terminal }: Invocation): Promise<LocalCaller> {
  if (!options.has('as')) return { key: terminal.environment.TOOLGATE_KEY }
  const { principal } = namePrincipal(config, await listApiKeys(config), options.all('as'))
  if (!principal.id.startsWith('role:')) return { as: principal }
  // Somebody of this machine with these roles: no key says how long.
  return { as: { id: 'local', name: `local as ${principal.roles.join(', ')}`, kind: 'local', roles: principal.roles } }
}
