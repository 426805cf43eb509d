import { type Audience, ERRORS, type ErrorRow } from '../src/error-table.ts'

const AUDIENCES: Readonly<Record<Audience, string>> = {
  model: 'the model, by calling differently',
  user: 'the user, who may be asked',
  operator: 'the operator, who finds more in the log',
}

/** docs/reference/errors.md, made from the table in src/error-table.ts. */
export function errorsReference(): string {
  const rows = Object.entries(ERRORS).map(([code, row]) => [
    `\`${code}\``,
    row.meaning,
    row.audience,
    row.jsonRpc ?? '—',
    row.http ?? '—',
    form(row),
  ])
  return `# Errors

Every failure a caller can see has a stable code. A client finds it in the \`data\` of a JSON-RPC error, as \`code\`, beside the \`callId\`
under which the server's log has the cause. Messages say what happened and may change; codes do not.

Who can act on it: ${Object.entries(AUDIENCES)
    .map(([audience, who]) => `*${audience}* is ${who}`)
    .join('; ')}.

The form is *error* for a JSON-RPC error, *result* where a tool call answers a result with \`isError\` instead (other methods answer the
error), and *start* for what stops the start and never reaches a client.

| code | what happened | who can act | JSON-RPC | HTTP | form |
|---|---|---|---|---|---|
${rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}
`
}

function form(row: ErrorRow): string {
  if (row.jsonRpc === undefined) return 'start'
  return row.isErrorResult === true ? 'result' : 'error'
}
