import type { ClientCapabilities, Implementation, LogLevel, Meta } from '../../capabilities/protocol.ts'
import { ToolgateError } from '../../errors.ts'
import type { JsonRpcRequest, Params } from './json-rpc.ts'
import { META, MODERN_VERSION, SUPPORTED_VERSIONS } from './versions.ts'

/** What a request of revision 2026-07-28 says of itself in `params._meta`. */
export interface Envelope {
  readonly version: string
  readonly client: { readonly info?: Implementation; readonly capabilities: ClientCapabilities }
  readonly logLevel: LogLevel | undefined
}

/** Severities, least first (RFC 5424). */
export const LOG_LEVELS: readonly LogLevel[] = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
]

/** `_meta` of the parameters; empty when there is none. */
export function metaOf(params: Params | undefined): Meta {
  const meta = params?._meta
  return isObject(meta) ? meta : {}
}

/** Whether the parameters claim to be of the modern era, well-formed or not. */
export function claimsModern(params: Params | undefined): boolean {
  return Object.hasOwn(metaOf(params), META.version)
}

/** Reads the envelope. Throws `INVALID_ENVELOPE` naming what is missing or wrong. The version is not judged here. */
export function readEnvelope(params: Params | undefined): Envelope {
  const meta = metaOf(params)
  const version = meta[META.version]
  const capabilities = meta[META.clientCapabilities]
  const info = meta[META.clientInfo]
  const logLevel = meta[META.logLevel]
  if (version === undefined || capabilities === undefined) {
    const missing = [META.version, META.clientCapabilities].filter((key) => meta[key] === undefined)
    throw invalid(`\`params._meta\` lacks ${missing.join(' and ')}`)
  }
  if (typeof version !== 'string') throw invalid(`${META.version} must be a string`)
  if (!isObject(capabilities)) throw invalid(`${META.clientCapabilities} must be an object`)
  if (info !== undefined && !isImplementation(info)) throw invalid(`${META.clientInfo} must have name and version`)
  if (logLevel !== undefined && !isLogLevel(logLevel))
    throw invalid(`${META.logLevel} must be one of ${LOG_LEVELS.join(', ')}`)
  return { version, client: info === undefined ? { capabilities } : { info, capabilities }, logLevel }
}

/** Throws `UNSUPPORTED_PROTOCOL_VERSION` with the versions that are supported, unless it is the modern one. */
export function requireModernVersion(requested: string): void {
  if (requested === MODERN_VERSION) return
  throw new ToolgateError({
    code: 'UNSUPPORTED_PROTOCOL_VERSION',
    message: `Protocol version ${requested.slice(0, 40)} is not supported in a request envelope.`,
    data: { supported: SUPPORTED_VERSIONS, requested },
  })
}

/** Whether a request opens the legacy era: `initialize` without a well-formed claim to the modern one. */
export function opensLegacy({ method, params }: JsonRpcRequest): boolean {
  if (method !== 'initialize') return false
  return metaOf(params)[META.version] !== MODERN_VERSION || !isObject(metaOf(params)[META.clientCapabilities])
}

export function isLogLevel(value: unknown): value is LogLevel {
  return LOG_LEVELS.includes(value as LogLevel)
}

export function isImplementation(value: unknown): value is Implementation {
  return isObject(value) && typeof value.name === 'string' && typeof value.version === 'string'
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(why: string): ToolgateError {
  return new ToolgateError({
    code: 'INVALID_ENVELOPE',
    message: `The envelope of revision ${MODERN_VERSION} is not valid: ${why}.`,
  })
}
