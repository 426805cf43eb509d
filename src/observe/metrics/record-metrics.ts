import type { Observation, Observer } from '../observation.ts'
import { BoundedNames, OTHER } from './bounded-names.ts'
import { endingOf } from './error-type.ts'
import type { MetricName } from './metric-table.ts'
import type { Families } from './registry.ts'

type CallEnded = Extract<Observation, { type: 'call.ended' }>
type RequestEnded = Extract<Observation, { type: 'request.ended' }>

/** Names of capabilities, of each kind, that get series of their own. A source may go on renaming what it offers. */
const MAX_NAMES = 1_000
/** What the semantic conventions call our transports (`network.transport`). */
const TRANSPORTS: Readonly<Record<string, string>> = { http: 'tcp', stdio: 'pipe', memory: 'memory' }
const BREAKER_STATES = { closed: 0, 'half-open': 1, open: 2 } as const

/**
 * Counts what is observed. Callers choose the names of what they call, so none of those is ever a label: names come from the
 * catalog and from verified principals, and both are bounded.
 */
export function createMetricsObserver(
  families: Families<MetricName>,
  { maxClients }: { maxClients: number },
): Observer {
  const recorder = new Recorder(families, maxClients)
  return (observation) => {
    switch (observation.type) {
      case 'call.ended':
        recorder.takeCall(observation)
        break
      case 'request.ended':
        recorder.takeRequest(observation)
        break
      case 'session.ended':
        families.mcp_server_session_duration_seconds.observe(
          [observation.version, transportOf(observation.transport)],
          observation.durationMs / 1000,
        )
        break
      case 'call.waited':
        families.toolgate_call_wait_duration_seconds.observe([observation.outcome], observation.waitedMs / 1000)
        break
      case 'auth.refused':
        families.toolgate_auth_refusals.add([observation.code ?? OTHER])
        break
      case 'breaker.changed':
        families.toolgate_breaker_state.set(
          [recorder.connectorOf(observation.connector)],
          BREAKER_STATES[observation.to],
        )
        break
      default:
    }
  }
}

class Recorder {
  readonly #families: Families<MetricName>
  readonly #clients: BoundedNames
  readonly #tools = new BoundedNames(MAX_NAMES)
  readonly #prompts = new BoundedNames(MAX_NAMES)
  readonly #resources = new BoundedNames(MAX_NAMES)
  readonly #connectors = new BoundedNames(MAX_NAMES)

  constructor(families: Families<MetricName>, maxClients: number) {
    this.#families = families
    this.#clients = new BoundedNames(maxClients)
  }

  connectorOf(connector: string): string {
    return this.#connectors.of(connector)
  }

  takeCall(call: CallEnded): void {
    const { method, status, code = '' } = call
    const decision = call.decision ?? 'deny'
    this.#families.toolgate_calls.add([this.#clients.of(call.client), method, decision, status, code])
    const { errorType, statusCode } = endingOf(call)
    const tool = this.#nameOf(call, this.#tools, 'tool')
    const prompt = this.#nameOf(call, this.#prompts, 'prompt')
    const resource = this.#nameOf(call, this.#resources, 'resource')
    this.#families.mcp_server_operation_duration_seconds.observe(
      [method, tool, prompt, resource, errorType, statusCode, call.era, transportOf(call.transport)],
      call.durationMs / 1000,
    )
    if (code === 'CAPABILITY_NOT_FOUND') {
      this.#families.toolgate_unknown_calls.add([call.kind, call.capability === undefined ? 'unknown' : 'hidden'])
    } else if (code === 'INVALID_OUTPUT') {
      this.#families.toolgate_output_violations.add([tool])
    }
  }

  takeRequest(request: RequestEnded): void {
    const { errorType, statusCode } = endingOf(request)
    this.#families.mcp_server_operation_duration_seconds.observe(
      [request.method ?? OTHER, '', '', '', errorType, statusCode, request.era, transportOf(request.transport)],
      request.durationMs / 1000,
    )
  }

  /** Only the name of what was found; what was asked for is the caller's own text, and a URI may hold anything. */
  #nameOf({ kind, capability }: CallEnded, names: BoundedNames, of: 'tool' | 'prompt' | 'resource'): string {
    if (kind !== of && !(kind === 'task' && of === 'tool')) return ''
    return capability === undefined ? OTHER : names.of(capability)
  }
}

function transportOf(transport: string): string {
  return TRANSPORTS[transport] ?? OTHER
}
