/** What the snippets are made of. */
export interface SnippetOptions {
  /** Name of the server as clients show it. */
  readonly name: string
  readonly url: string
  readonly key: string
  /** How this server is started over stdio: the program and its arguments, absolute. */
  readonly stdio: readonly string[]
  /** A tool that can be called at once, with its arguments. */
  readonly tool: { readonly name: string; readonly args: object } | undefined
}

/** One client and what to paste where. */
export interface Snippet {
  readonly client: string
  /** The file it goes into, or `terminal`. */
  readonly place: string
  readonly text: string
}

// The one that the end-to-end tests use.
const INSPECTOR = '@modelcontextprotocol/inspector@2.12.0'

/** Ready-to-paste configuration for common clients. */
export function clientSnippets({ name, url, key, stdio, tool }: SnippetOptions): readonly Snippet[] {
  const [command, ...args] = stdio
  const authorization = `Bearer ${key}`
  const call = tool === undefined ? 'list' : callLine(tool, url, key)
  return [
    { client: 'A second terminal', place: 'terminal', text: `npx toolgate ${call}` },
    {
      client: 'Claude Desktop',
      place: 'claude_desktop_config.json (Settings, Developer, Edit Config); starts its own copy over stdio',
      text: pretty({ mcpServers: { [name]: { command, args } } }),
    },
    {
      client: 'Claude Code',
      place: 'terminal',
      text: `claude mcp add --transport http ${shell(name)} ${shell(url)} --header ${shell(`Authorization: ${authorization}`)}`,
    },
    {
      client: 'Cursor',
      place: '.cursor/mcp.json',
      text: pretty({ mcpServers: { [name]: { url, headers: { Authorization: authorization } } } }),
    },
    {
      client: 'VS Code',
      place: '.vscode/mcp.json',
      text: pretty({ servers: { [name]: { type: 'http', url, headers: { Authorization: authorization } } } }),
    },
    {
      client: 'Inspector',
      place: 'terminal',
      text: `npx ${INSPECTOR} --cli ${shell(url)} --header ${shell(`Authorization: ${authorization}`)} --method tools/list`,
    },
  ]
}

/** The snippets as one text: a heading and what to paste, client by client. */
export function snippetsText(snippets: readonly Snippet[]): string {
  return snippets
    .map(
      ({ client, place, text }) =>
        `${client}${place === 'terminal' ? '' : `: ${place}`}\n${text.replaceAll(/^/gm, '  ')}\n`,
    )
    .join('\n')
}

/** Arguments that a tool's input schema would accept, as far as can be guessed: required properties alone. */
export function sampleArguments(schema: unknown): Record<string, unknown> {
  const { required = [], properties = {} } = (schema ?? {}) as {
    required?: readonly string[]
    properties?: Record<string, Record<string, unknown>>
  }
  return Object.fromEntries(required.map((name) => [name, sampleValue(properties[name] ?? {})]))
}

function sampleValue(schema: Record<string, unknown>): unknown {
  const [example] = (schema.examples ?? schema.enum ?? []) as readonly unknown[]
  const known = schema.const ?? schema.default ?? example
  if (known !== undefined) return known
  switch (schema.type) {
    case 'number':
    case 'integer':
      return schema.minimum ?? 1
    case 'boolean':
      return true
    case 'array':
      return []
    case 'object':
      return sampleArguments(schema)
    default:
      return 'text'
  }
}

function callLine({ name, args }: { readonly name: string; readonly args: object }, url: string, key: string): string {
  const given = Object.keys(args).length === 0 ? '' : ` --args ${shell(JSON.stringify(args))}`
  return `call ${shell(name)}${given} --url ${shell(url)} --key ${shell(key)}`
}

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2)
}

/** A word as a POSIX shell takes it literally. */
export function shell(word: string): string {
  return /^[A-Za-z0-9_./:@=+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
