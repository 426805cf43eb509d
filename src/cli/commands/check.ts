import type { App } from '../../app/app.ts'
import type { Config } from '../../config/config.ts'
import type { RunCommand, Terminal } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { addressOf, listOffered, type Offered } from '../list-offered.ts'
import { openTarget } from '../open-target.ts'
import { table } from '../print-help.ts'
import { runApp } from '../run-app.ts'
import { countOffered } from '../serving.ts'

type Environment = Terminal['environment']

/** What `check` found out. */
interface Report {
  readonly config: string
  readonly offered: Readonly<Record<keyof Offered, number>>
  /** How many each role may call. */
  readonly roles: Readonly<Record<string, number>>
  /** What no role may call, with the scopes it needs. */
  readonly unreachable: readonly { readonly name: string; readonly scopes: readonly string[] }[]
  readonly warnings: readonly string[]
}

/** Reads everything that serving would read and reports on it; mistakes are thrown, all at once. */
export const check: RunCommand = async (invocation) => {
  const { options, terminal } = invocation
  const config = await openTarget(invocation)
  const { report, counts } = await runApp({ config, terminal }, async (app) => ({
    report: await inspect(app, terminal.environment),
    counts: countOffered(app),
  }))
  if (options.has('json')) terminal.out(`${JSON.stringify(report, null, 2)}\n`)
  else terminal.out(reportText(report, counts))
  return EXIT_CODES.ok
}

async function inspect(app: App, environment: Environment): Promise<Report> {
  const { catalog, config } = app
  const roles: Record<string, number> = {}
  const reachable = new Set<string>()
  for (const role of Object.keys(config.access.roles)) {
    const offered = await listOffered(app, { id: 'local', name: 'check', kind: 'local', roles: [role] })
    const addresses = Object.values(offered).flat().map(addressOf)
    roles[role] = addresses.length
    for (const address of addresses) reachable.add(address)
  }
  const all = [...catalog.tools, ...catalog.resources, ...catalog.resourceTemplates, ...catalog.prompts]
  const unreachable = all
    .map(({ listing, name, scopes }) => ({ name: addressOf({ name, ...listing }), scopes }))
    .filter(({ name }) => !reachable.has(name))
  return {
    config: config.file ?? config.directory,
    offered: {
      tools: catalog.tools.length,
      resources: catalog.resources.length,
      resourceTemplates: catalog.resourceTemplates.length,
      prompts: catalog.prompts.length,
    },
    roles,
    unreachable: Object.keys(roles).length === 0 ? [] : unreachable,
    warnings: [...warningsOf(config, all.length), ...sinkWarnings(config, environment)],
  }
}

function warningsOf({ access, connectors }: Config, count: number): string[] {
  const warnings: string[] = []
  if (connectors.length === 0) warnings.push('There are no connectors, so nothing is offered.')
  else if (count === 0) warnings.push('The connectors offer nothing.')
  const idle = Object.entries(access.roles).filter(([, role]) => role.allow.length === 0)
  for (const [name] of idle) warnings.push(`The role ${name} allows nothing: it has no \`allow\`.`)
  return warnings
}

/** What keeps a server from starting in this environment; the one that serves may be another. */
function sinkWarnings({ access, audit: { sinks } }: Config, environment: Environment): string[] {
  const warnings: string[] = []
  for (const sink of sinks) {
    const name = sink.name ?? sink.type
    if (sink.type === 'stdout' && access.local !== undefined) {
      warnings.push(`With the audit sink ${name} on standard output, stdio cannot be served.`)
    }
    for (const variable of Object.values(sink.type === 'http' ? sink.headersFromEnv : {})) {
      if ((environment[variable] ?? '') !== '') continue
      warnings.push(`The environment variable ${variable}, which the audit sink ${name} needs, is not set here.`)
    }
  }
  return warnings
}

function reportText(report: Report, counts: string): string {
  const roles = Object.entries(report.roles).map(([name, count]) => [name, `may call ${count}`])
  const unreachable = report.unreachable.map(({ name, scopes }) => {
    const needs =
      scopes.length === 0 ? '' : `; it needs the ${scopes.length === 1 ? 'scope' : 'scopes'} ${scopes.join(', ')}`
    return `${name} cannot be called by any role${needs}.`
  })
  const warnings = [...report.warnings, ...unreachable].map((warning) => `warning: ${warning}`)
  const none = 'There are no roles, so nobody may call anything: write them under access.roles.'
  return `${[
    `${report.config} is in order.`,
    `It offers ${counts}.`,
    ...(roles.length === 0 ? [none] : ['', 'Roles', ...table(roles)]),
    ...(warnings.length === 0 ? [] : ['', ...warnings]),
  ].join('\n')}\n`
}
