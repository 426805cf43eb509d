import type { RawCheck } from './check.ts'
import { baseProtocol } from './checks/base-protocol.ts'
import { errors } from './checks/errors.ts'
import { extensions } from './checks/extensions.ts'
import { flow } from './checks/flow.ts'
import { httpLegacy } from './checks/http-legacy.ts'
import { httpModern } from './checks/http-modern.ts'
import { httpSse } from './checks/http-sse.ts'
import { offers } from './checks/offers.ts'
import { rounds } from './checks/rounds.ts'
import { stdio } from './checks/stdio.ts'
import { tasks } from './checks/tasks.ts'

/** A group of checks under one heading of the specification. */
export interface Chapter {
  readonly title: string
  readonly checks: readonly RawCheck[]
}

/** Everything that the raw suite tries, in the order of docs/reference/conformance.md. */
export const CHAPTERS: readonly Chapter[] = [
  { title: 'Base protocol and versions', checks: baseProtocol },
  { title: 'Streamable HTTP', checks: httpModern },
  { title: 'Streamable HTTP with sessions', checks: httpLegacy },
  { title: 'HTTP+SSE, the older pair', checks: httpSse },
  { title: 'stdio', checks: stdio },
  { title: 'Tools, resources, prompts, completion, pagination', checks: offers },
  { title: 'Subscriptions, logging, progress, cancellation', checks: flow },
  { title: 'Questions to the client', checks: rounds },
  { title: 'Tasks', checks: tasks },
  { title: 'Errors and metadata', checks: errors },
  { title: 'Extensions: skills and Apps', checks: extensions },
]
