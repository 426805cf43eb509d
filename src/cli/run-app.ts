import type { App } from '../app/app.ts'
import type { Config } from '../config/config.ts'
import { ToolgateError } from '../errors.ts'
import type { Terminal } from './command.ts'
import { type Observation, observationText } from './print-observation.ts'
import { checkRoles } from './serving.ts'

/** In whose name a command asks an app in this process. */
export type Principal = NonNullable<Parameters<App['connectInMemory']>[0]>

/** How an app is used for the time of one command. */
export interface RunAppOptions {
  readonly config: Config
  readonly terminal: Terminal
  /** Sees what happens beside the terminal. */
  readonly observer?: (observation: Observation) => void
}

/** Starts the app without listening, hands it to `use`, and closes it. What goes wrong inside is told on the terminal. */
export async function runApp<T>(options: RunAppOptions, use: (app: App) => Promise<T>): Promise<T> {
  const { createApp } = await import('../app/create-app.ts')
  const { config, terminal, observer } = options
  const app = await createApp(config, {
    writeLog: () => {},
    observer: (observation) => {
      observer?.(observation)
      if (observation.type === 'fault' || observation.type === 'warning') {
        terminal.err(observationText(observation, new Date()))
      }
    },
  })
  try {
    return await use(app)
  } finally {
    await app.close()
  }
}

/** The principal of `--as`; `undefined` is the local caller. Throws `NOT_CONFIGURED` when the configuration has none. */
export function actAs(config: Config, roles: readonly string[]): Principal | undefined {
  if (roles.length > 0) {
    checkRoles(config, roles)
    return { id: 'local', name: `local as ${roles.join(', ')}`, kind: 'local', roles }
  }
  if (config.access.local !== undefined) return undefined
  const known = Object.keys(config.access.roles).join(', ')
  throw new ToolgateError({
    code: 'NOT_CONFIGURED',
    message: 'The configuration does not say who the local caller is, so nothing is offered to it.',
    hint:
      known === ''
        ? 'Write a role under access.roles and who has it: access.local: { roles: [ROLE] }.'
        : `Choose a role with --as (${known}), or write access.local: { roles: [ROLE] }.`,
  })
}
