import { type AnsweredError, CallFailure, toCallFailure } from '../call-failure.ts'
import type { Invocation, RunCommand, Terminal } from '../command.ts'
import { EXIT_CODES, exitCodeOfCall } from '../exit-codes.ts'
import { causeText, type Observation } from '../print-observation.ts'
import { resultText } from '../print-result.ts'
import { readArguments } from '../read-arguments.ts'
import { suggest } from '../suggest.ts'
import { UsageError } from '../usage-error.ts'

type Result = Readonly<Record<string, unknown>>

/** Calls a tool, in this process or of a running server, and prints the result. */
export const call: RunCommand = async (invocation) => {
  const { options } = invocation
  const args = await readArguments(options.text('args') ?? '{}', invocation.terminal)
  const name = invocation.positionals[0] as string
  return options.has('url') ? callThere(invocation, name, args) : callHere(invocation, name, args)
}

async function callThere(invocation: Invocation, name: string, args: object): Promise<number> {
  const { options, terminal } = invocation
  const misplaced = ['as', 'config'].find((option) => options.has(option))
  if (misplaced !== undefined || invocation.positionals[1] !== undefined) {
    const what = misplaced === undefined ? 'PATH' : `--${misplaced}`
    throw new UsageError(`${what} does not go with --url.`, 'The key decides who calls the running server.')
  }
  const { callRemoteTool, listRemoteTools } = await import('../call-remote.ts')
  const remote = {
    url: readUrl(options.text('url') ?? ''),
    key: options.text('key') ?? terminal.environment.TOOLGATE_KEY,
    version: invocation.version,
    onNotification: ({ method, params }: { method: string; params?: Result }) => tell(terminal, method, params),
  }
  const result = await callRemoteTool(remote, name, args).catch((thrown: unknown) =>
    refuse(thrown, name, () => listRemoteTools(remote)),
  )
  return printResult(invocation, result)
}

function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.href
  throw new UsageError(`${text} is not the URL of a server.`, 'It looks like http://127.0.0.1:3000/mcp.')
}

async function callHere(invocation: Invocation, name: string, args: object): Promise<number> {
  const { options, terminal } = invocation
  if (options.has('key')) throw new UsageError('--key goes with --url alone.', 'Use --as ROLE to call in this process.')
  const { openTarget } = await import('../open-target.ts')
  const { actAs, runApp } = await import('../run-app.ts')
  const { listOffered } = await import('../list-offered.ts')
  const config = await openTarget(invocation)
  const principal = actAs(config, options.all('as'))
  const observer = (observation: Observation): void => {
    if (observation.type === 'call.ended' && observation.cause !== undefined) terminal.err(causeText(observation.cause))
  }
  const result = await runApp({ config, terminal, observer }, async (app) => {
    const peer = app.connectInMemory(principal, { name: 'toolgate', logLevel: 'info' })
    peer.onNotification((method, params) => tell(terminal, method, params))
    const params = { name, arguments: args, _meta: { progressToken: 'toolgate' } }
    return peer
      .request('tools/call', params)
      .catch((thrown: unknown) => refuse(thrown, name, async () => (await listOffered(app, principal)).tools))
  })
  return printResult(invocation, result)
}

/** Throws what was answered; for an unknown tool with the nearest one that the caller is offered. */
async function refuse(thrown: unknown, name: string, list: () => Promise<readonly Named[]>): Promise<never> {
  const failure = isAnswered(thrown) ? toCallFailure(thrown) : thrown
  if (!(failure instanceof CallFailure) || failure.code !== 'CAPABILITY_NOT_FOUND') throw failure
  const names = (await list()).map((tool) => tool.name)
  const { code, message, data } = failure
  const hint = suggest(name, names, failure.hint ?? '')
  throw new CallFailure({ code, message, hint, ...(data === undefined ? {} : { data }) })
}

interface Named {
  readonly name: string
}

function isAnswered(thrown: unknown): thrown is Error & AnsweredError {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'number'
}

function tell(terminal: Terminal, method: string, params: Result | undefined): void {
  if (method === 'notifications/progress') {
    const { progress, total, message } = params ?? {}
    terminal.err(
      `progress ${[total === undefined ? progress : `${progress}/${total}`, message].filter(Boolean).join(' ')}\n`,
    )
  }
  if (method === 'notifications/message') terminal.err(`${params?.level}: ${logText(params?.data)}\n`)
}

function logText(data: unknown): string {
  return typeof data === 'string' ? data : JSON.stringify(data)
}

function printResult({ options, terminal }: Invocation, result: Result): number {
  const isFailed = result.isError === true
  if (options.has('json')) terminal.out(`${JSON.stringify(result, null, 2)}\n`)
  else if (isFailed) terminal.err(resultText(result))
  else terminal.out(resultText(result))
  return isFailed ? exitCodeOfCall(codeOf(result)) : EXIT_CODES.ok
}

/** The code that Toolgate puts beside the text of a failed result. */
function codeOf(result: Result): string | undefined {
  const meta = result._meta as { readonly 'dev.toolgate/error'?: { readonly code?: string } } | undefined
  return meta?.['dev.toolgate/error']?.code
}
