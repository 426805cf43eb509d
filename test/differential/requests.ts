/** One request that both servers are sent, in each era that has its method. */
export interface DifferentialRequest {
  readonly name: string
  readonly eras?: readonly ('modern' | 'legacy')[]
  readonly method: string
  readonly params?: Record<string, unknown>
  readonly meta?: Record<string, unknown>
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Sent as it is instead of the method. */
  readonly body?: string
}

const call = (name: string, given?: unknown): Pick<DifferentialRequest, 'method' | 'params'> => ({
  method: 'tools/call',
  params: given === undefined ? { name } : { name, arguments: given },
})

const complete = (ref: object, name: string, value: string): Pick<DifferentialRequest, 'method' | 'params'> => ({
  method: 'completion/complete',
  params: { ref, argument: { name, value } },
})

const GREET = { type: 'ref/prompt', name: 'greet' }
const CITY = { type: 'ref/resource', uri: 'city://{name}' }
const FORMS = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } }
const MODERN = { eras: ['modern'] } as const
const LEGACY = { eras: ['legacy'] } as const

export const REQUESTS: readonly DifferentialRequest[] = [
  { name: 'discover', method: 'server/discover' },
  { name: 'ping', method: 'ping' },
  { name: 'list tools', method: 'tools/list' },
  { name: 'list resources', method: 'resources/list' },
  { name: 'list templates', method: 'resources/templates/list' },
  { name: 'list prompts', method: 'prompts/list' },
  { name: 'bad cursor', method: 'tools/list', params: { cursor: 'nonsense' } },
  { name: 'echo', ...call('echo', { text: 'hello' }) },
  { name: 'echo with unknown meta', ...call('echo', { text: 'hello' }), meta: { 'com.example/x': 1 } },
  { name: 'echo with an argument too many', ...call('echo', { text: 'hello', more: 1 }) },
  { name: 'structured', ...call('add', { a: 1, b: 2 }) },
  { name: 'wrong type', ...call('add', { a: '1', b: 2 }) },
  { name: 'missing argument', ...call('add', { a: 1 }) },
  { name: 'forbidden argument', ...call('add', { a: 1, b: 2, c: 3 }) },
  { name: 'no arguments where some are needed', ...call('echo') },
  { name: 'arguments that are no object', ...call('echo', ['hello']) },
  { name: 'no arguments where none are needed', ...call('mixed') },
  { name: 'unknown tool', ...call('nobody', {}) },
  { name: 'tool with the name of a method', ...call('constructor', {}) },
  { name: 'call without a name', method: 'tools/call', params: {} },
  { name: 'tool that throws', ...call('broken', {}) },
  { name: 'tool that breaks its schema', ...call('wrong_output', {}) },
  { name: 'progress', ...call('report', {}), meta: { progressToken: 'p' } },
  { name: 'progress that nobody asked for', ...call('report', {}) },
  { ...MODERN, name: 'question', ...call('ask', {}), meta: FORMS },
  {
    ...MODERN,
    name: 'answer',
    method: 'tools/call',
    params: { name: 'ask', inputResponses: { who: { action: 'accept', content: { name: 'Ann' } } } },
    meta: FORMS,
  },
  { name: 'question to a client that takes none', ...call('ask', {}) },
  { name: 'read text', method: 'resources/read', params: { uri: 'note://text' } },
  { name: 'read bytes', method: 'resources/read', params: { uri: 'note://bytes' } },
  { name: 'read by template', method: 'resources/read', params: { uri: 'city://bern' } },
  { name: 'unknown resource', method: 'resources/read', params: { uri: 'note://nobody' } },
  { name: 'read without a URI', method: 'resources/read', params: {} },
  { name: 'prompt', method: 'prompts/get', params: { name: 'greet', arguments: { name: 'Ann' } } },
  {
    name: 'prompt with an option',
    method: 'prompts/get',
    params: { name: 'greet', arguments: { name: 'Ann', tone: 'warm' } },
  },
  { name: 'prompt without its argument', method: 'prompts/get', params: { name: 'greet', arguments: {} } },
  { name: 'unknown prompt', method: 'prompts/get', params: { name: 'nobody' } },
  { name: 'complete a prompt', ...complete(GREET, 'tone', 'w') },
  { name: 'complete nothing', ...complete(GREET, 'name', '') },
  { name: 'complete an unknown argument', ...complete(GREET, 'nothing', '') },
  { name: 'complete a template', ...complete(CITY, 'name', 'ber') },
  { name: 'complete an unknown prompt', ...complete({ type: 'ref/prompt', name: 'nobody' }, 'name', '') },
  { name: 'complete an unknown template', ...complete({ type: 'ref/resource', uri: 'nobody://{x}' }, 'x', '') },
  { name: 'complete without a reference', method: 'completion/complete', params: {} },
  { name: 'unknown method', method: 'nothing/here' },
  { ...LEGACY, name: 'set a log level', method: 'logging/setLevel', params: { level: 'warning' } },
  { ...LEGACY, name: 'set an unknown log level', method: 'logging/setLevel', params: { level: 'loud' } },
  { name: 'no JSON', method: 'ping', body: '{"jsonrpc":' },
  { name: 'no JSON-RPC', method: 'ping', body: '{"hello":"world"}' },
  { name: 'wrong version of JSON-RPC', method: 'ping', body: '{"jsonrpc":"1.0","id":1,"method":"ping"}' },
  { name: 'batch', method: 'ping', body: '[{"jsonrpc":"2.0","id":1,"method":"ping"}]' },
  {
    name: 'notification',
    method: 'notifications/cancelled',
    body: '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}',
  },
  { name: 'other media type', method: 'tools/list', headers: { 'content-type': 'text/plain' } },
  { name: 'JSON alone accepted', method: 'tools/list', headers: { accept: 'application/json' } },
  { ...MODERN, name: 'no version header', method: 'tools/list', headers: { 'mcp-protocol-version': undefined } },
  { ...MODERN, name: 'other version header', method: 'tools/list', headers: { 'mcp-protocol-version': '2025-11-25' } },
  { ...MODERN, name: 'no method header', method: 'tools/list', headers: { 'mcp-method': undefined } },
  { ...MODERN, name: 'other method header', method: 'tools/list', headers: { 'mcp-method': 'ping' } },
  { ...MODERN, name: 'other name header', ...call('echo', { text: 'hello' }), headers: { 'mcp-name': 'add' } },
  {
    ...MODERN,
    name: 'unknown version',
    method: 'tools/list',
    meta: { 'io.modelcontextprotocol/protocolVersion': '2099-01-01' },
    headers: { 'mcp-protocol-version': '2099-01-01' },
  },
  {
    ...MODERN,
    name: 'no client capabilities',
    method: 'tools/list',
    meta: { 'io.modelcontextprotocol/clientCapabilities': undefined },
  },
  {
    ...MODERN,
    name: 'no client info',
    method: 'tools/list',
    meta: { 'io.modelcontextprotocol/clientInfo': undefined },
  },
  {
    ...LEGACY,
    name: 'unsupported version header',
    method: 'tools/list',
    headers: { 'mcp-protocol-version': '1999-01-01' },
  },
  { ...LEGACY, name: 'absent version header', method: 'ping', headers: { 'mcp-protocol-version': undefined } },
  { ...LEGACY, name: 'absent session', method: 'ping', headers: { 'mcp-session-id': undefined } },
]
