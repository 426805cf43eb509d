import type { Tool } from '../capabilities/capability.ts'
import { compileJsonSchema, type JsonCheck } from '../capabilities/compile-json-schema.ts'
import { describeIssues } from '../capabilities/compile-schema.ts'
import { inputRequired, isInputRequired } from '../capabilities/input-required.ts'
import { ToolgateError } from '../errors.ts'
import { Tally } from '../sanitize/apply-findings.ts'
import { maskBase64, maskValue, TooDeepError } from '../sanitize/mask-value.ts'
import type { Masker } from '../sanitize/masker.ts'
import type { Call } from './call.ts'
import type { Trace } from './outcome.ts'
import type { SelectMasker } from './select-masker.ts'

/**
 * Takes secrets, and personal data where it is configured, out of a result, a question or a completion. What fired goes
 * into the trace. Structured output that fits its schema no longer is `INVALID_OUTPUT`.
 */
export function sanitizeResult(select: SelectMasker, call: Call, trace: Trace, result: unknown): unknown {
  const masker = select(trace.capability)
  if (masker.isIdle || typeof result !== 'object' || result === null) return result
  const masking: Masking = { masker, tally: new Tally(), call }
  const masked = orInvalid(() =>
    isInputRequired(result)
      ? inputRequired({
          ...result,
          requests: maskValue(masker, result.requests, masking.tally) as typeof result.requests,
        })
      : maskParts(masking, result),
  )
  if (masking.tally.isEmpty) return result
  trace.masked = masking.tally.list()
  const { capability } = trace
  if (capability?.kind === 'tool' && call.kind === 'tool') requireFit(capability, result, masked)
  return masked
}

/** An error without secrets in what callers see of it; its cause is masked where it is logged. */
export function sanitizeError(select: SelectMasker, trace: Trace, error: ToolgateError): ToolgateError {
  const masker = select(trace.capability)
  const tally = new Tally()
  const message = masker.mask(error.message, tally)
  const hint = error.hint === undefined ? undefined : masker.mask(error.hint, tally)
  const data = maskData(masker, error.data, tally)
  if (tally.isEmpty) return error
  trace.masked = tally.list()
  return new ToolgateError({
    code: error.code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(data === undefined ? {} : { data }),
    cause: error.cause,
  })
}

/** Data that cannot be looked through is not shown. */
function maskData(masker: Masker, data: ToolgateError['data'], tally: Tally): ToolgateError['data'] {
  try {
    return maskValue(masker, data, tally) as ToolgateError['data']
  } catch {
    tally.add('unreadable')
    return undefined
  }
}

interface Masking {
  readonly masker: Masker
  readonly tally: Tally
  readonly call: Call
}

/** The parts of a result by what they are: blocks of content have bytes in them, everything else is text. */
function maskParts(masking: Masking, result: object): object {
  let copy: Record<string, unknown> | undefined
  for (const [name, part] of Object.entries(result)) {
    const masked = maskPart(masking, name, part)
    if (masked === part) continue
    copy ??= { ...result }
    copy[name] = masked
  }
  return copy ?? result
}

function maskPart(masking: Masking, name: string, part: unknown): unknown {
  if (Array.isArray(part)) {
    if (name === 'content' || name === 'contents') return maskEach(part, (block) => maskBlock(masking, block))
    if (name === 'messages') return maskEach(part, (message) => maskMessage(masking, message))
  }
  return maskValue(masking.masker, part, masking.tally)
}

function maskEach(parts: readonly unknown[], mask: (part: unknown) => unknown): readonly unknown[] {
  const masked = parts.map(mask)
  return masked.some((part, at) => part !== parts[at]) ? masked : parts
}

function maskMessage(masking: Masking, message: unknown): unknown {
  const { content } = message as { content?: unknown }
  const masked = maskBlock(masking, content)
  return masked === content ? message : { ...(message as object), content: masked }
}

/** A block of content, or the contents of a resource. Images and sound are left alone, and the URI that was asked for. */
function maskBlock(masking: Masking, block: unknown): unknown {
  const { masker, tally, call } = masking
  if (typeof block !== 'object' || block === null) return maskValue(masker, block, tally)
  const { type, data, uri, blob, resource, ...rest } = block as Record<string, unknown>
  const kept: Record<string, unknown> = {
    type,
    data: type === 'image' || type === 'audio' ? data : maskValue(masker, data, tally),
    uri: uri === call.name ? uri : maskValue(masker, uri, tally),
    blob: typeof blob === 'string' && isTextual(rest.mimeType) ? maskBase64(masking, blob) : blob,
    resource: resource === undefined ? undefined : maskBlock(masking, resource),
  }
  const others = maskValue(masker, rest, tally) as Record<string, unknown>
  const given = block as Record<string, unknown>
  if (Object.keys(given).every((name) => (name in kept ? kept[name] : others[name]) === given[name])) return block
  const names = Object.keys(kept).filter((name) => name in given)
  return { ...Object.fromEntries(names.map((name) => [name, kept[name]])), ...others }
}

/** Whether bytes of this type are text; without a type they may be. */
function isTextual(mimeType: unknown): boolean {
  if (typeof mimeType !== 'string') return true
  return /^text\/|[/+](?:json|xml|yaml|x-yaml|javascript|toml|csv|sql|x-sh|x-pem-file|pem-certificate-chain)\b/i.test(
    mimeType,
  )
}

const checks = new WeakMap<object, JsonCheck>()

/** Masked output is held against the published schema alone: the author's own has transformed it already. */
function requireFit({ output, name }: Tool, before: object, after: unknown): void {
  if (output === undefined || !('structuredContent' in before) || (before as { isError?: unknown }).isError === true)
    return
  const { structuredContent } = after as { structuredContent?: unknown }
  if (structuredContent === before.structuredContent) return
  const check = checks.get(output) ?? compileJsonSchema(output.json, true)
  checks.set(output, check)
  const issues = check(structuredContent)
  if (issues === undefined) return
  throw invalidOutput(
    `what ${name} returned was masked, and then no longer fits its output schema: ${describeIssues(issues)}. ` +
      'Leave the secret out of the output, widen its schema (format, pattern, enum, maxLength), or change `sanitize`.',
  )
}

function orInvalid<Value>(mask: () => Value): Value {
  try {
    return mask()
  } catch (thrown) {
    if (thrown instanceof TooDeepError) throw invalidOutput(thrown.message)
    throw thrown
  }
}

function invalidOutput(why: string): ToolgateError {
  return new ToolgateError({
    code: 'INVALID_OUTPUT',
    message: 'The handler returned something that cannot be sent.',
    cause: new Error(`Invalid output: ${why}`),
  })
}
