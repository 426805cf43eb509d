const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/
const MAX_LENGTH = 512

/**
 * The trace id in a `traceparent` (W3C Trace Context §3.2, in `_meta` by SEP-414), 32 hex digits; `undefined` where the
 * value is not a well-formed one. Version 00 has nothing after its flags, later ones may (§3.2.4).
 */
export function traceIdOf(traceparent: unknown): string | undefined {
  if (typeof traceparent !== 'string' || traceparent.length > MAX_LENGTH) return undefined
  const parts = TRACEPARENT.exec(traceparent)
  if (parts === null) return undefined
  const [, version, traceId, rest] = parts
  return version === '00' && rest !== undefined ? undefined : traceId
}
