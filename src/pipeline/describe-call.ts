import { hash } from 'node:crypto'
import { pseudonymOfCredential, type Subject } from '../audit/subjects.ts'
import type { Capability } from '../capabilities/capability.ts'
import type { Principal } from '../identity/principal.ts'
import { escapeJson } from '../observe/escape-json.ts'
import type { Call } from './call.ts'
import { writeDecision } from './describe-decision.ts'
import type { Guards } from './guards.ts'
import type { Trace } from './outcome.ts'

const MAX_NAME = 512
const MAX_CLIENT = 128
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/**
 * The members that both records of a call have (`CallFields`, all but `time` and `input`), as JSON by hand: `JSON.stringify`
 * would take twice as long, twice a call. `decision` is that of the policy, a denial where it was not reached.
 */
export function describeCall(guards: Guards, call: Call, trace: Trace): string {
  const { capability } = trace
  return (
    `"callId":${quote(call.id)},"subject":${quote(trace.subject.subject)},${describePrincipal(call.principal, trace.subject)}` +
    `"kind":"${call.kind}","method":${quote(call.method)},"name":${quote(cut(call.name, MAX_NAME))},` +
    (capability === undefined ? '' : describeCapability(capability)) +
    `"transport":"${call.transport}","era":"${call.era}",${describeClient(call)}${describeTrace(trace)}` +
    writeDecision(guards.policy, trace)
  )
}

/** A text as JSON on one plain line. Most texts need no escape, and this one look says so. */
export function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : escapeJson(JSON.stringify(text))
}

const principals = new WeakMap<Principal, { readonly pseudonym: string; readonly text: string }>()

function describePrincipal(principal: Principal, subject: Subject): string {
  const known = principals.get(principal)
  // A principal that was erased goes on as another subject.
  if (known !== undefined && known.pseudonym === subject.subject) return known.text
  const credential =
    principal.credentialId === undefined
      ? ''
      : `"credential":"${pseudonymOfCredential(subject, principal.credentialId)}",`
  const tenant = principal.tenant === undefined ? '' : `"tenant":${quote(principal.tenant)},`
  const text = `${credential}${tenant}"roles":[${principal.roles.map(quote).join(',')}],`
  principals.set(principal, { pseudonym: subject.subject, text })
  return text
}

const capabilities = new WeakMap<Capability, string>()

function describeCapability(capability: Capability): string {
  const known = capabilities.get(capability)
  if (known !== undefined) return known
  const definition = hash('sha256', JSON.stringify(capability.listing), 'base64url')
  const text = `"connector":${quote(capability.connector)},"definition":"${definition}",`
  capabilities.set(capability, text)
  return text
}

function describeClient({ client: { info } }: Call): string {
  if (info === undefined) return ''
  return `"clientInfo":{"name":${quote(cut(info.name, MAX_CLIENT))},"version":${quote(cut(info.version, MAX_CLIENT))}},`
}

function describeTrace({ traceId }: Trace): string {
  return traceId === undefined ? '' : `"traceId":"${traceId}",`
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}
