import type { RunCommand } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { addressOf, type Listed, listOffered, type Offered } from '../list-offered.ts'
import { openTarget } from '../open-target.ts'
import { table } from '../print-help.ts'
import { actAs, runApp } from '../run-app.ts'

const TITLES = {
  tools: 'Tools',
  resources: 'Resources',
  resourceTemplates: 'Resource templates',
  prompts: 'Prompts',
} as const satisfies Record<keyof Offered, string>

/** Prints what a caller is offered. */
export const list: RunCommand = async (invocation) => {
  const { options, terminal } = invocation
  const config = await openTarget(invocation)
  const principal = actAs(config, options.all('as'))
  const offered = await runApp({ config, terminal }, (app) => listOffered(app, principal))
  if (options.has('json')) terminal.out(`${JSON.stringify(offered, null, 2)}\n`)
  else terminal.out(offeredText(offered, principal === undefined ? 'the local caller' : options.all('as').join(', ')))
  return EXIT_CODES.ok
}

function offeredText(offered: Offered, caller: string): string {
  const kinds = (Object.keys(TITLES) as (keyof Offered)[]).filter((kind) => offered[kind].length > 0)
  if (kinds.length === 0) return `Nothing is offered to ${caller}. \`toolgate check\` shows what each role may call.\n`
  return kinds.map((kind) => `${TITLES[kind]}\n${table(offered[kind].map(row)).join('\n')}\n`).join('\n')
}

function row(item: Listed): string[] {
  const description = String(item.description ?? item.title ?? '')
  return [addressOf(item), description.split('\n')[0] ?? '']
}
