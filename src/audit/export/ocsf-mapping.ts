import type { AuditRecord } from '../audit-record.ts'
import { innerMemberOf, listOf, memberOf, membersOf } from './columns.ts'
import { describeRecord, type Severity, severityOf } from './describe-record.ts'
import type { ExportedRecord } from './exported-record.ts'

/** The version of the schema that the events follow. */
export const OCSF_VERSION = '1.9.0'

/** A class of OCSF and the events that are of it. */
export interface OcsfClass {
  readonly uid: number
  readonly name: string
  readonly category: number
  readonly events: readonly AuditRecord['event'][]
}

const BASE: OcsfClass = { uid: 0, name: 'Base Event', category: 0, events: [] }

/** What is in none of them is a Base Event. */
export const OCSF_CLASSES: readonly OcsfClass[] = [
  { uid: 6003, name: 'API Activity', category: 6, events: ['call.decided', 'call.completed', 'list.served'] },
  { uid: 3002, name: 'Authentication', category: 3, events: ['auth.refused'] },
  { uid: 6002, name: 'Application Lifecycle', category: 6, events: ['lifecycle.started', 'lifecycle.stopped'] },
  BASE,
]

/** What an attribute is made of. */
interface OcsfSource extends ExportedRecord {
  /** Version of Toolgate. */
  readonly version: string
}

/** An attribute of the events, with dots for objects in objects. */
export interface OcsfAttribute {
  readonly path: string
  /** Which classes have it; all of them where it is left out. */
  readonly classes?: readonly number[]
  readonly about: string
  readonly value: (source: OcsfSource) => unknown
}

const API = [6003]
const AUTHENTICATION = [3002]
const SEVERITY_IDS: Readonly<Record<Severity, number>> = { information: 1, low: 2, medium: 3, high: 4 }

/** The class of an event. */
export function ocsfClassOf(event: AuditRecord['event']): OcsfClass {
  return OCSF_CLASSES.find(({ events }) => events.includes(event)) ?? BASE
}

/** Every attribute of the export; docs/reference/audit-exports.md is generated from this table. */
export const OCSF_ATTRIBUTES: readonly OcsfAttribute[] = [
  { path: 'category_uid', about: 'Of the class.', value: ({ record }) => ocsfClassOf(record.event).category },
  { path: 'class_uid', about: 'By `event`, see above.', value: ({ record }) => ocsfClassOf(record.event).uid },
  {
    path: 'activity_id',
    about: 'API Activity: 2 (Read) for lists, resources and prompts, 99 for tools. Authentication: 1. Lifecycle: 3, 4.',
    value: ({ record }) => activityOf(record).id,
  },
  { path: 'activity_name', about: 'Its name.', value: ({ record }) => activityOf(record).name },
  {
    path: 'type_uid',
    about: 'Class and activity.',
    value: ({ record }) => ocsfClassOf(record.event).uid * 100 + activityOf(record).id,
  },
  { path: 'time', about: '`time`, in milliseconds since 1970.', value: ({ record }) => Date.parse(record.time) },
  {
    path: 'severity_id',
    about: '1 by default; 2 for failures and changes; 3 for refusals; 4 for gaps and sinks that failed.',
    value: ({ record }) => SEVERITY_IDS[severityOf(record)],
  },
  { path: 'message', about: 'One sentence.', value: ({ record }) => describeRecord(record) },
  { path: 'metadata.version', about: 'Of the schema.', value: () => OCSF_VERSION },
  { path: 'metadata.product.name', about: '`Toolgate`.', value: () => 'Toolgate' },
  { path: 'metadata.product.vendor_name', about: '`Toolgate`.', value: () => 'Toolgate' },
  { path: 'metadata.product.version', about: 'Which Toolgate exported it.', value: ({ version }) => version },
  { path: 'metadata.profiles', about: 'What is used of them.', value: profilesOf },
  { path: 'metadata.uid', about: 'Chain and `seq`.', value: ({ chain, record }) => uidOf(chain, record) },
  { path: 'metadata.sequence', about: '`seq`.', value: ({ record }) => record.seq },
  { path: 'metadata.log_name', about: 'Name of the chain.', value: ({ chain }) => chain },
  { path: 'metadata.event_code', about: '`event`.', value: ({ record }) => record.event },
  { path: 'metadata.original_time', about: '`time`.', value: ({ record }) => record.time },
  { path: 'metadata.correlation_uid', about: '`callId`.', value: (from) => memberOf(from, 'callId') },
  { path: 'metadata.tenant_uid', about: '`tenant`.', value: (from) => memberOf(from, 'tenant') },
  { path: 'status_id', about: '1 success, 2 failure, 99 neither.', value: ({ record }) => statusOf(record)?.id },
  { path: 'status', about: 'Its name.', value: ({ record }) => statusOf(record)?.name },
  { path: 'status_code', about: '`code`.', value: (from) => memberOf(from, 'code') },
  { path: 'status_detail', about: '`reason` of a refusal.', value: (from) => memberOf(from, 'reason') },
  { path: 'duration', about: '`durationMs`, rounded.', value: (from) => rounded(memberOf(from, 'durationMs')) },
  { path: 'actor.user.uid', classes: API, about: '`subject`.', value: (from) => memberOf(from, 'subject') },
  {
    path: 'actor.user.groups',
    classes: API,
    about: '`roles`.',
    value: (from) => listOf(from, 'roles')?.map((name) => ({ name })),
  },
  { path: 'actor.session.uid', classes: API, about: '`sessionId`.', value: (from) => memberOf(from, 'sessionId') },
  {
    path: 'actor.app_name',
    classes: API,
    about: '`clientInfo.name`; nobody has checked it.',
    value: (from) => innerMemberOf(from, 'clientInfo', 'name'),
  },
  { path: 'api.operation', classes: API, about: '`method`.', value: (from) => memberOf(from, 'method') },
  { path: 'api.service.name', classes: API, about: '`toolgate`.', value: () => 'toolgate' },
  { path: 'api.request.uid', classes: API, about: '`callId`.', value: (from) => memberOf(from, 'callId') },
  { path: 'api.response.error', classes: API, about: '`code`.', value: (from) => memberOf(from, 'code') },
  {
    path: 'src_endpoint.name',
    classes: API,
    about: '`transport`.',
    value: (from) => memberOf(from, 'transport') ?? 'unknown',
  },
  {
    path: 'resources',
    classes: API,
    about: 'One: `name`, `kind` as type, `connector` as namespace, `definition` as version.',
    value: resourcesOf,
  },
  {
    path: 'action_id',
    classes: API,
    about: '1 for `permit`, 2 for `deny`.',
    value: (from) => actionOf(memberOf(from, 'decision'))?.id,
  },
  { path: 'action', classes: API, about: 'Its name.', value: (from) => actionOf(memberOf(from, 'decision'))?.name },
  {
    path: 'authorizations',
    classes: API,
    about: 'One: `decision`, `rule` as name of the policy, `policy` as its uid.',
    value: authorizationsOf,
  },
  { path: 'trace.uid', classes: API, about: '`traceId`.', value: (from) => memberOf(from, 'traceId') },
  { path: 'user.name', classes: AUTHENTICATION, about: '`unknown`: nobody was let in.', value: () => 'unknown' },
  { path: 'service.name', classes: AUTHENTICATION, about: '`toolgate`.', value: () => 'toolgate' },
  {
    path: 'src_endpoint.name',
    classes: AUTHENTICATION,
    about: '`address`.',
    value: (from) => memberOf(from, 'address'),
  },
  { path: 'is_remote', classes: AUTHENTICATION, about: 'true.', value: () => true },
  {
    path: 'count',
    classes: AUTHENTICATION,
    about: '`count`: how many refusals it stands for.',
    value: (from) => memberOf(from, 'count'),
  },
  { path: 'app.name', classes: [6002], about: '`Toolgate`.', value: () => 'Toolgate' },
  { path: 'app.version', classes: [6002], about: '`version`.', value: (from) => memberOf(from, 'version') },
  { path: 'unmapped', about: 'Members of the record that have no attribute.', value: unmappedOf },
  { path: 'raw_data', about: 'The line of the trail, exactly.', value: ({ line }) => line },
  {
    path: 'attestation_list',
    about:
      'One: the chain, `hash` as fingerprint, the record before it. The fingerprint is over `raw_data` and the hash before, not over the OCSF event.',
    value: attestationsOf,
  },
]

/** Members that an attribute carries, and those that say nothing outside of the trail. */
const MAPPED: ReadonlySet<string> = new Set([
  ...['v', 'seq', 'hash', 'time', 'event', 'callId', 'tenant', 'code', 'reason', 'durationMs', 'subject', 'roles'],
  ...['sessionId', 'method', 'name', 'kind', 'connector', 'definition', 'decision', 'rule', 'policy', 'traceId'],
  ...['address', 'count', 'status', 'transport'],
])

function activityOf({ event, ...record }: AuditRecord): { readonly id: number; readonly name: string } {
  switch (event) {
    case 'auth.refused':
      return { id: 1, name: 'Logon' }
    case 'lifecycle.started':
      return { id: 3, name: 'Start' }
    case 'lifecycle.stopped':
      return { id: 4, name: 'Stop' }
    case 'list.served':
      return { id: 2, name: 'Read' }
    case 'call.decided':
    case 'call.completed':
      return 'kind' in record && record.kind !== 'tool' ? { id: 2, name: 'Read' } : { id: 99, name: 'Call' }
    default:
      return { id: 99, name: event }
  }
}

function statusOf(record: AuditRecord): { readonly id: number; readonly name: string } | undefined {
  if (record.event === 'auth.refused') return { id: 2, name: 'Failure' }
  if (record.event !== 'call.completed') return undefined
  if (record.status === 'ok') return { id: 1, name: 'Success' }
  const isFailure = record.status === 'error' || record.status === 'denied'
  return isFailure ? { id: 2, name: 'Failure' } : { id: 99, name: record.status }
}

function actionOf(decision: string | number | undefined): { readonly id: number; readonly name: string } | undefined {
  if (decision === 'permit') return { id: 1, name: 'Allowed' }
  return decision === 'deny' ? { id: 2, name: 'Denied' } : undefined
}

function profilesOf(from: OcsfSource): readonly string[] {
  const isApi = ocsfClassOf(from.record.event).uid === 6003
  const hasTrace = isApi && memberOf(from, 'traceId') !== undefined
  return ['record_integrity', ...(isApi ? ['security_control'] : []), ...(hasTrace ? ['trace'] : [])]
}

function resourcesOf(from: OcsfSource): unknown {
  const name = memberOf(from, 'name')
  if (name === undefined) return undefined
  const [type, namespace, version] = ['kind', 'connector', 'definition'].map((member) => memberOf(from, member))
  return [{ name, type, namespace, version }]
}

function authorizationsOf(from: OcsfSource): unknown {
  const decision = memberOf(from, 'decision')
  if (decision === undefined) return undefined
  return [{ decision, policy: { name: memberOf(from, 'rule'), uid: memberOf(from, 'policy') } }]
}

function unmappedOf(from: OcsfSource): unknown {
  const isBase = ocsfClassOf(from.record.event) === BASE
  const others = Object.entries(membersOf(from)).filter(([name]) => (isBase ? !BARE.has(name) : !MAPPED.has(name)))
  return others.length === 0 ? undefined : Object.fromEntries(others)
}

const BARE: ReadonlySet<string> = new Set(['v', 'seq', 'hash', 'time', 'event', 'reason'])

function attestationsOf({ chain, record, previous }: OcsfSource): unknown {
  const before =
    previous === undefined
      ? undefined
      : { uid: uidOf(chain, previous), type_uid: typeOf(previous), fingerprint: fingerprintOf(previous) }
  return [{ uid: uidOf(chain, record), chain_uid: chain, fingerprint: fingerprintOf(record), prev_event: before }]
}

/** Not simply the SHA-256 of an event, which a reader could try to compute: the algorithm is given as another one. */
function fingerprintOf({ hash }: AuditRecord): unknown {
  return { algorithm_id: 99, algorithm: 'toolgate-chain-sha256', value: hash }
}

function typeOf(record: AuditRecord): number {
  return ocsfClassOf(record.event).uid * 100 + activityOf(record).id
}

function uidOf(chain: string, { seq }: AuditRecord): string {
  return `${chain}:${seq}`
}

function rounded(value: string | number | undefined): number | undefined {
  return typeof value === 'number' ? Math.round(value) : undefined
}
