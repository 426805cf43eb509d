import { Buffer, isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import type { Tool } from '../../capabilities/capability.ts'
import { ToolgateError } from '../../errors.ts'
import { isObject } from '../protocol/envelope.ts'
import type { JsonRpcRequest } from '../protocol/json-rpc.ts'

/** Which parameter `Mcp-Name` mirrors, by method (SEP-2243, Standard Request Headers; SEP-2663, Routing Headers). */
const NAME_SOURCE: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
])

/**
 * Holds the mirrored headers of a modern request against its body, in the order of the specification: version, method,
 * name. Intermediaries route by these headers, so a difference would let one thing be checked and another be done.
 * Throws `HEADER_MISMATCH`.
 */
export function checkStandardHeaders(headers: IncomingHttpHeaders, request: JsonRpcRequest, version: string): void {
  requireEqual('MCP-Protocol-Version', headers['mcp-protocol-version'], version)
  requireEqual('Mcp-Method', headers['mcp-method'], request.method)
  const source = NAME_SOURCE.get(request.method)
  const name = source === undefined ? undefined : request.params?.[source]
  if (typeof name === 'string') requireEqual('Mcp-Name', decode('Mcp-Name', headers['mcp-name']), name)
}

/** Holds the mirrored arguments of a tool against the body. An argument that is absent or null expects no header. */
export function checkParamHeaders(headers: IncomingHttpHeaders, tool: Tool, request: JsonRpcRequest): void {
  for (const { header, path, isInteger } of tool.paramHeaders) {
    const value = valueAt(request.params?.arguments, path)
    if (value === undefined || value === null || typeof value === 'object') continue
    const sent = decode(header, headers[header])
    const isEqualNumber = isInteger && sent !== undefined && /^-?\d+(\.\d+)?$/.test(sent) && Number(sent) === value
    if (!isEqualNumber) requireEqual(header, sent, String(value))
  }
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  let value = root
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value
}

function requireEqual(header: string, sent: string | readonly string[] | undefined, expected: string): void {
  if (sent === expected) return
  const what = sent === undefined ? 'is missing' : 'differs from the body'
  throw new ToolgateError({ code: 'HEADER_MISMATCH', message: `The header ${header} ${what}.`, data: { header } })
}

const ENCODED = /^=\?base64\?(.*)\?=$/
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** What a header cannot carry as it is comes as `=?base64?…?=` (SEP-2243, Value Encoding). */
function decode(header: string, sent: string | string[] | undefined): string | undefined {
  if (typeof sent !== 'string') return undefined
  const encoded = ENCODED.exec(sent)?.[1]
  if (encoded === undefined) return sent
  const bytes = Buffer.from(encoded, 'base64')
  if (BASE64.test(encoded) && isUtf8(bytes)) return bytes.toString('utf8')
  throw new ToolgateError({
    code: 'HEADER_MISMATCH',
    message: `The header ${header} is not valid Base64.`,
    data: { header },
  })
}
