import type { Cell, Operation, State } from './cells.ts'

/** How a cell must be answered. */
export interface Expected {
  readonly status: number
  /** Of JSON-RPC; absent where there is a result. */
  readonly code?: number
  /** Whether the handler runs. */
  readonly runs: boolean
  /** `WWW-Authenticate` without scheme, realm and resource_metadata; absent where there must be no such header. */
  readonly challenge?: string
}

/** What is asked for, which scope it wants, and from whom it is hidden. */
type Row = readonly [
  of: 'open' | 'list' | 'tool' | 'resource' | 'prompt' | 'completion' | 'subscription' | 'task',
  wants?: 'read' | 'write' | 'admin' | 'none',
  hiddenFrom?: 'acme' | 'globex' | 'all',
]

const ROWS: Readonly<Record<Operation, Row>> = {
  discover: ['open'],
  'tools/list': ['list'],
  'resources/list': ['list'],
  'resources/templates/list': ['list'],
  'prompts/list': ['list'],
  'call read': ['tool', 'read'],
  'call write': ['tool', 'write'],
  'call admin': ['tool', 'admin', 'globex'],
  'call hidden': ['tool', 'none', 'all'],
  'call unknown': ['tool', 'none', 'all'],
  'read own': ['resource', 'read', 'globex'],
  'read foreign': ['resource', 'read', 'acme'],
  'read locked': ['resource', 'admin', 'globex'],
  'read template': ['resource', 'read'],
  'read unknown': ['resource', 'none', 'all'],
  'prompt get': ['prompt', 'read'],
  'prompt get hidden': ['prompt', 'none', 'all'],
  'prompt get unknown': ['prompt', 'none', 'all'],
  complete: ['completion', 'read'],
  'complete hidden': ['completion', 'none', 'all'],
  'complete unknown': ['completion', 'none', 'all'],
  subscribe: ['subscription', 'read', 'globex'],
  'subscribe foreign': ['subscription', 'read', 'acme'],
  'task get': ['task'],
  'task get foreign': ['task', 'none', 'all'],
  'task cancel foreign': ['task', 'none', 'all'],
  'task get unknown': ['task', 'none', 'all'],
}

export const OPERATIONS: readonly Operation[] = Object.keys(ROWS) as Operation[]

export const isLetIn = (state: State): boolean => ['good', 'under-scoped', 'other-tenant'].includes(state)

/** What is listed by all lists together. What only a scope of the credential is missing for is shown, so that it can be asked for. */
export function listed(state: State): readonly string[] {
  const own = state === 'other-tenant' ? ['note://globex/1'] : ['admin_note', 'note://acme/1', 'note://acme/locked']
  return ['read_note', 'write_note', 'long_note', 'note://shared/{id}', 'brief', ...own]
}

export function expected({ kind, state, operation, version }: Cell): Expected {
  const [of, wants, hiddenFrom] = ROWS[operation]
  const isModern = version === '2026-07-28'
  // RFC 6750 §3.1: who sends no credential in the header is told no error.
  const isSilent = kind === 'none' || kind === 'mtls'
  if (!isLetIn(state)) return { ...refused(401, -31401), challenge: isSilent ? '' : 'error="invalid_token"' }
  if (of === 'open' || of === 'list') return { status: 200, runs: false }
  if (of === 'task' && !['2026-07-28', '2025-11-25', 'none'].includes(version)) return refused(200, -32601)
  // A subscription of 2026-07-28 may name anything; it is told of nothing that is hidden.
  if (of === 'subscription' && isModern) return { status: 200, runs: false }
  if (hiddenFrom === 'all' || hiddenFrom === (state === 'other-tenant' ? 'globex' : 'acme')) {
    return refused(200, !isModern && (of === 'resource' || of === 'subscription') ? -32002 : -32602)
  }
  const isShort = state === 'under-scoped' && (wants === 'write' || wants === 'admin')
  if (!isShort) return { status: 200, runs: of !== 'subscription' && of !== 'task' }
  if (kind === 'key' || kind === 'mtls') return refused(200, -31403)
  return { ...refused(403, -31403), challenge: `error="insufficient_scope", scope="notes:${wants}"` }
}

const refused = (status: number, code: number): Expected => ({ status, code, runs: false })
