import type { App, AppOptions } from '../app/app.ts'
import type { Config } from '../config/config.ts'
import { ToolgateError } from '../errors.ts'
import type { Invocation } from './command.ts'
import { UsageError } from './usage-error.ts'

/** Where and how `serve` and `dev` serve, as the command line, the environment and the config file say. */
export interface Serving {
  readonly isStdio: boolean
  readonly asJson: boolean
  /** Whether copies take the place of the databases. */
  readonly isSandbox: boolean
  /** `undefined` where the config file decides. */
  readonly host: string | undefined
  readonly port: number | undefined
  /** For each a key is made that ends with the process: `ROLE` or `ROLE@TENANT`; `''` where the role was left out. */
  readonly freshKeys: readonly string[]
}

/** A key that lives as long as the process. */
export interface FreshKey {
  readonly text: string
  readonly role: string
  readonly tenant?: string
  readonly stored: NonNullable<AppOptions['keys']>[number]
}

/** Reads the options that `serve` and `dev` share. */
export function readServing({ command, options, terminal }: Invocation): Serving {
  const isStdio = options.has('stdio')
  const misplaced = ['port', 'host', 'fresh-key', 'json'].find((name) => options.has(name))
  if (isStdio && misplaced !== undefined) {
    throw new UsageError(`--${misplaced} does not go with --stdio.`, 'It is for HTTP; leave one of them out.')
  }
  if (!isStdio && options.has('as')) {
    throw new UsageError('--as goes with --stdio alone.', 'Over HTTP whoever calls says so with a key.')
  }
  const freshKeys = options.has('fresh-key') && options.all('fresh-key').length === 0 ? [''] : options.all('fresh-key')
  const looksLikePath = freshKeys.find((role) => /[./\\]/.test(role))
  if (looksLikePath !== undefined) {
    throw new UsageError(
      `--fresh-key takes a role, and ${looksLikePath} looks like a path.`,
      `Write the path first: \`toolgate ${command.name} ${looksLikePath} --fresh-key\`.`,
    )
  }
  return {
    isStdio,
    asJson: options.has('json'),
    isSandbox: options.has('sandbox'),
    host: options.text('host'),
    port: isStdio
      ? undefined
      : (readPort('--port', options.text('port')) ?? readPort('PORT', terminal.environment.PORT)),
    freshKeys,
  }
}

function readPort(source: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new UsageError(
    `${source} is ${text}, which is not a port.`,
    'A port is a number from 1 to 65535, or 0 for any free one.',
  )
}

/** Listens where the command line says, else where the config file says. */
export async function listen(app: App, { host, port }: Serving, invocation: Invocation): Promise<Listening> {
  try {
    return await app.listen({ ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) })
  } catch (thrown) {
    const isNobody = thrown instanceof ToolgateError && thrown.code === 'NOT_CONFIGURED'
    if (!isNobody || app.config.access.anonymous !== undefined) throw thrown
    const { code, message } = thrown
    throw new ToolgateError({ code, message, hint: howToLetIn(app.config, invocation), cause: thrown })
  }
}

/** Where an app listens. */
export type Listening = Awaited<ReturnType<App['listen']>>

/** What to type so that somebody can be let in, on the very target that was named. */
function howToLetIn({ access }: Config, { command, positionals, options }: Invocation): string {
  const roles = Object.keys(access.roles)
  if (roles.length === 0) return 'Write roles under access.roles first; `toolgate init` writes an example.'
  const file = options.text('config')
  const target = file === undefined ? positionals.map((path) => ` ${path}`).join('') : ` --config ${file}`
  const role = roles.length === 1 ? roles[0] : 'ROLE'
  const fresh = roles.length === 1 ? '' : ' ROLE'
  return [
    `To try it: \`toolgate ${command.name}${target} --fresh-key${fresh}\`.`,
    `For good: \`toolgate keys new${target} --name NAME --role ${role}\`${roles.length === 1 ? '' : ` (roles: ${roles.join(', ')})`}.`,
  ].join('\n')
}

/** Makes the keys of `--fresh-key`; refuses a role that the configuration does not have. */
export async function makeFreshKeys(config: Config, { freshKeys }: Serving): Promise<readonly FreshKey[]> {
  return Promise.all(freshKeys.map((wanted) => makeFreshKey(config, wanted)))
}

async function makeFreshKey(config: Config, wanted: string): Promise<FreshKey> {
  const { newApiKey } = await import('../app/keys/make-key.ts')
  const at = wanted.indexOf('@')
  const role = chooseRole(config, at < 0 ? wanted : wanted.slice(0, at))
  const tenant = at < 0 ? {} : { tenant: wanted.slice(at + 1) }
  const { text, stored } = await newApiKey(config, {
    name: `fresh${at < 0 ? '' : wanted.slice(at)}`,
    roles: [role],
    ...tenant,
  })
  return { text, stored, role, ...tenant }
}

function chooseRole(config: Config, role: string): string {
  const known = Object.keys(config.access.roles)
  if (role !== '') {
    checkRoles(config, [role])
    return role
  }
  const [only] = known
  if (known.length === 1 && only !== undefined) return only
  if (known.length === 0) checkRoles(config, ['user'])
  throw new UsageError('--fresh-key needs a role.', `Write --fresh-key ROLE with one of: ${known.join(', ')}.`)
}

/** Throws `UsageError` naming the known roles where one is unknown. */
export function checkRoles(config: Config, roles: readonly string[]): void {
  const known = Object.keys(config.access.roles)
  const unknown = roles.find((role) => !Object.hasOwn(config.access.roles, role))
  if (unknown === undefined) return
  throw new UsageError(
    `There is no role \`${unknown}\`.`,
    known.length === 0
      ? 'The configuration has no roles; write them under access.roles.'
      : `The configuration has: ${known.join(', ')}.`,
  )
}

/** How many of each kind an app offers, in words. */
export function countOffered({ catalog }: App): string {
  const counts: readonly (readonly [number, string])[] = [
    [catalog.tools.length, 'tool'],
    [catalog.resources.length, 'resource'],
    [catalog.resourceTemplates.length, 'resource template'],
    [catalog.prompts.length, 'prompt'],
  ]
  const present = counts.filter(([count], index) => count > 0 || index === 0)
  return present.map(([count, noun]) => `${count} ${noun}${count === 1 ? '' : 's'}`).join(', ')
}
