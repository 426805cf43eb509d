import { escapeJson } from '../../app/trail/read-trail.ts'
import type { Invocation, RunCommand } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { namePrincipal } from '../name-principal.ts'
import { openTarget } from '../open-target.ts'
import { explanationText } from '../print-explanation.ts'
import { readArguments } from '../read-arguments.ts'
import { runApp } from '../run-app.ts'
import { suggest } from '../suggest.ts'
import { UsageError } from '../usage-error.ts'

const KINDS = ['tool', 'resource', 'prompt'] as const

/** Explains what would become of a call; exit code 0 where it is permitted, else 4. */
export const explain: RunCommand = async (invocation) => {
  const { options, terminal } = invocation
  const { kind, name } = readCapability(invocation)
  if (kind === 'resource' && options.has('args')) {
    throw new UsageError('--args does not go with --resource.', 'A resource has no arguments but its URI.')
  }
  const input = await readArguments(options.text('args') ?? '{}', terminal)
  const config = await openTarget(invocation)
  const { listApiKeys } = await import('../../app/keys/list-keys.ts')
  const named = namePrincipal(config, await listApiKeys(config), options.all('as'))
  const { principal } = named
  const isExpired = principal.expiresAt !== undefined && principal.expiresAt <= Date.now()
  const expired = isExpired ? new Date(principal.expiresAt).toISOString() : undefined
  const { explanation, known } = await runApp({ config, terminal }, async (app) => ({
    explanation: await app.explain({ principal, kind, name, input }),
    known: namesOf(app.catalog, kind),
  }))
  if (options.has('json'))
    terminal.out(`${escapeJson(JSON.stringify({ principal: { ...principal, isExpired }, ...explanation }, null, 2))}\n`)
  else terminal.out(explanationText(explanation, named, expired))
  if (explanation.policy === undefined)
    terminal.err(`${suggest(name, known, '`toolgate check` shows what is offered.')}\n`)
  return explanation.decision.decision === 'permit' && !isExpired ? EXIT_CODES.ok : EXIT_CODES.refused
}

function readCapability({ options }: Invocation): { kind: (typeof KINDS)[number]; name: string } {
  const [kind, ...more] = KINDS.filter((each) => options.has(each))
  const name = kind === undefined ? undefined : options.text(kind)
  if (kind !== undefined && name !== undefined && more.length === 0) return { kind, name }
  throw new UsageError('One of --tool, --resource and --prompt is needed, and one alone.', 'What would be called?')
}

type Catalog = Parameters<Parameters<typeof runApp<unknown>>[1]>[0]['catalog']

function namesOf(catalog: Catalog, kind: (typeof KINDS)[number]): readonly string[] {
  if (kind === 'tool') return catalog.tools.map(({ name }) => name)
  if (kind === 'prompt') return catalog.prompts.map(({ name }) => name)
  return catalog.resources.map(({ uri }) => uri)
}
