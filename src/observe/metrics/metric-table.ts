/** What a metric measures. The registry is built from it and docs/reference/metrics.md is made from it. */
export interface Metric {
  readonly type: 'counter' | 'gauge' | 'histogram' | 'info'
  /** Its name ends with it. */
  readonly unit?: 'seconds' | 'bytes'
  /** In the order in which their values are given. */
  readonly labels: readonly string[]
  readonly help: string
  /** Upper bounds of a histogram, ascending, in its unit. */
  readonly buckets?: readonly number[]
}

/** A metric by its name; a sample of a counter has `_total` behind it. */
export type MetricName =
  | 'mcp_server_operation_duration_seconds'
  | 'mcp_server_session_duration_seconds'
  | 'toolgate_calls'
  | 'toolgate_calls_in_flight'
  | 'toolgate_calls_running'
  | 'toolgate_calls_waiting'
  | 'toolgate_call_wait_duration_seconds'
  | 'toolgate_overloaded'
  | 'toolgate_overload_refusals'
  | 'toolgate_tasks_running'
  | 'toolgate_unknown_calls'
  | 'toolgate_output_violations'
  | 'toolgate_auth_refusals'
  | 'toolgate_breaker_state'
  | 'toolgate_sessions_open'
  | 'toolgate_streams_open'
  | 'toolgate_tls_end_time_seconds'
  | 'toolgate_audit_writable'
  | 'toolgate_audit_records_lost'
  | 'toolgate_event_loop_delay_seconds'
  | 'toolgate_event_loop_active_seconds'
  | 'toolgate_build'
  | 'process_cpu_seconds'
  | 'process_resident_memory_bytes'
  | 'nodejs_heap_size_used_bytes'
  | 'process_start_time_seconds'

/** The boundaries of the semantic conventions. */
const STANDARD = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]
/** Most calls end before the first of them. */
const FINE = [0.0005, 0.001, 0.0025, 0.005]
/** A session outlives them. */
const LONG = [1_800, 3_600, 21_600]

/**
 * Every metric. Names and labels under `mcp_` are those of the semantic conventions of OpenTelemetry for MCP (0.1.0,
 * `semantic-conventions-genai`), written as Prometheus writes them.
 */
export const METRICS: Readonly<Record<MetricName, Metric>> = {
  mcp_server_operation_duration_seconds: {
    type: 'histogram',
    unit: 'seconds',
    labels: [
      'mcp_method_name',
      'gen_ai_tool_name',
      'gen_ai_prompt_name',
      'toolgate_resource_name',
      'error_type',
      'rpc_response_status_code',
      'toolgate_era',
      'network_transport',
    ],
    help: 'How long requests took, from the first guard to the answer.',
    buckets: [...FINE, ...STANDARD],
  },
  mcp_server_session_duration_seconds: {
    type: 'histogram',
    unit: 'seconds',
    labels: ['mcp_protocol_version', 'network_transport'],
    help: 'How long sessions of revisions before 2026-07-28 were served by this process.',
    buckets: [...STANDARD, ...LONG],
  },
  toolgate_calls: {
    type: 'counter',
    labels: ['client', 'mcp_method_name', 'decision', 'status', 'code'],
    help: 'Calls that ended, each with what the policy decided and how it ended.',
  },
  toolgate_calls_in_flight: { type: 'gauge', labels: [], help: 'Calls that run now, under any configuration.' },
  toolgate_calls_running: { type: 'gauge', labels: [], help: 'Calls that hold a place of `limits.maxConcurrent`.' },
  toolgate_calls_waiting: { type: 'gauge', labels: [], help: 'Calls that wait for a place.' },
  toolgate_call_wait_duration_seconds: {
    type: 'histogram',
    unit: 'seconds',
    labels: ['outcome'],
    help: 'How long calls waited for a place; those that found one at once are not in it. `admitted`, `refused` or `cancelled`.',
    buckets: [...FINE, ...STANDARD.filter((bound) => bound <= 10)],
  },
  toolgate_overloaded: {
    type: 'gauge',
    labels: [],
    help: 'Whether calls over HTTP are refused because the event loop does not keep up: 1 while it is so, else 0.',
  },
  toolgate_overload_refusals: {
    type: 'counter',
    labels: [],
    help: 'Calls over HTTP that were refused unread for that.',
  },
  toolgate_tasks_running: { type: 'gauge', labels: [], help: 'Tasks whose handler runs in this process.' },
  toolgate_unknown_calls: {
    type: 'counter',
    labels: ['kind', 'reason'],
    help: 'Calls of what does not exist (`unknown`) or what the caller may not know of (`hidden`).',
  },
  toolgate_output_violations: {
    type: 'counter',
    labels: ['gen_ai_tool_name'],
    help: 'Results that the output schema of their tool does not allow.',
  },
  toolgate_auth_refusals: {
    type: 'counter',
    labels: ['code'],
    help: 'Requests over HTTP that were refused for their credential.',
  },
  toolgate_breaker_state: {
    type: 'gauge',
    labels: ['connector'],
    help: 'Circuit breaker of a connector, once it has changed: 0 closed, 1 half open, 2 open.',
  },
  toolgate_sessions_open: { type: 'gauge', labels: [], help: 'Sessions over HTTP that this process serves.' },
  toolgate_streams_open: { type: 'gauge', labels: [], help: 'Event streams that are open and count for their limit.' },
  toolgate_tls_end_time_seconds: {
    type: 'gauge',
    unit: 'seconds',
    labels: ['file'],
    help: 'When the `certificate` of the server and the first of the revocation lists (`crl`) end, as seconds since 1970.',
  },
  toolgate_audit_writable: {
    type: 'gauge',
    labels: [],
    help: 'Whether calls are executed as far as the audit trail is concerned: 1, or 0 while it cannot be written.',
  },
  toolgate_audit_records_lost: { type: 'counter', labels: [], help: 'Audit records that could not be kept.' },
  toolgate_event_loop_delay_seconds: {
    type: 'gauge',
    unit: 'seconds',
    labels: ['stat'],
    help: 'How much later than due the event loop came round, since about ten seconds before: `p50`, `p99` and `max`.',
  },
  toolgate_event_loop_active_seconds: {
    type: 'counter',
    unit: 'seconds',
    labels: [],
    help: 'Time for which the event loop had work to do; its rate is how busy it is, 1 being always.',
  },
  toolgate_build: { type: 'info', labels: ['version', 'node_version'], help: 'What is running.' },
  process_cpu_seconds: { type: 'counter', unit: 'seconds', labels: [], help: 'CPU time of the process, all threads.' },
  process_resident_memory_bytes: { type: 'gauge', unit: 'bytes', labels: [], help: 'Resident memory of the process.' },
  nodejs_heap_size_used_bytes: {
    type: 'gauge',
    unit: 'bytes',
    labels: [],
    help: 'Memory that JavaScript values take.',
  },
  process_start_time_seconds: {
    type: 'gauge',
    unit: 'seconds',
    labels: [],
    help: 'When the process started, in seconds since the epoch.',
  },
}

/** The name that samples of a metric have, before the suffixes of a histogram. */
export function sampleNameOf(name: string, { type }: Pick<Metric, 'type'>): string {
  if (type === 'counter') return `${name}_total`
  return type === 'info' ? `${name}_info` : name
}
