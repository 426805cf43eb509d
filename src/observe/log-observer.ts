import { type Logger, pino } from 'pino'
import { ERRORS } from '../error-table.ts'
import { describeText, describeValue } from './describe-value.ts'
import { escapeJson } from './escape-json.ts'
import { isoTime } from './iso-time.ts'
import { lineWriterTo } from './line-writer.ts'
import type { Observation, Observer } from './observation.ts'

/** How the log is written. */
export interface LogPlace {
  /** Least severity that is written. */
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Takes each line, without its end, instead of stderr. */
  readonly write?: (line: string) => void
  /** Takes out of a line of JSON what must not be in it. */
  readonly mask?: (line: string) => string
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
}

type Level = 'info' | 'warn' | 'error'
/** What is worth a line. */
type Logged = Exclude<Observation, { type: 'request.ended' | 'session.ended' | 'call.waited' }>
type CallEnded = Extract<Observation, { type: 'call.ended' }>

interface Line {
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

const STDERR = 2

/**
 * Writes each observation as one line of JSON to stderr (never to stdout, which belongs to the protocol over stdio). What
 * came from outside cannot make a line of its own, and secrets that can be told by their shape are masked.
 */
export function createLogObserver({ level, write, mask, clock = Date.now }: LogPlace): Observer {
  if (level === 'silent') return () => undefined
  const take = write ?? takeIntoStderr()
  const logger: Logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${isoTime(clock())}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => take(escapeJson(mask === undefined ? line.slice(0, -1) : mask(line.slice(0, -1)))) },
  )
  return (observation) => {
    if (!isForLog(observation)) return
    const severity = levelOf(observation)
    if (!logger.isLevelEnabled(severity)) return
    const { fields, message } = toLine(observation)
    logger[severity](fields, message)
  }
}

function takeIntoStderr(): (line: string) => void {
  const writer = lineWriterTo(STDERR)
  return (line) => writer.write(line)
}

/** Calls have their line; what clients ask beside them would drown it. */
function isForLog(observation: Observation): observation is Logged {
  const { type } = observation
  return type !== 'request.ended' && type !== 'session.ended' && type !== 'call.waited'
}

function levelOf(observation: Logged): Level {
  switch (observation.type) {
    case 'call.ended':
      return levelOfCall(observation)
    case 'fault':
    case 'sink.failed':
    case 'config.refused':
    case 'tls.refused':
      return 'error'
    case 'auth.refused':
    case 'sink.recovered':
    case 'warning':
    case 'breaker.changed':
    case 'overload.began':
    case 'overload.ended':
      return 'warn'
    default:
      return 'info'
  }
}

/** A model's mistakes are its own business and stand at `info`; what an operator should look at stands higher. */
function levelOfCall({ status, code, cause }: CallEnded): Level {
  if (cause !== undefined) return 'error'
  if (status === 'denied') return 'warn'
  if (status !== 'error') return 'info'
  const row = code !== undefined && Object.hasOwn(ERRORS, code) ? ERRORS[code as keyof typeof ERRORS] : undefined
  return row?.audience === 'operator' ? 'error' : 'info'
}

function toLine(observation: Logged): Line {
  switch (observation.type) {
    case 'call.ended':
      return toCallLine(observation)
    case 'auth.refused': {
      const { reason, address } = observation
      return {
        fields: { reason: describeText(reason), address: describeText(address) },
        message: 'Refused a credential',
      }
    }
    case 'fault':
    case 'sink.failed':
      return { fields: describeField('cause', observation.cause), message: describeText(observation.message) }
    case 'breaker.changed': {
      const { connector, from, to } = observation
      return { fields: { connector: describeText(connector), from, to }, message: describeText(observation.message) }
    }
    case 'user.changed': {
      const { change, userId, roles } = observation
      return { fields: { change, userId, roles: roles.map(describeText) }, message: `User ${change}` }
    }
    case 'grant.changed': {
      const { change, userId, clientId = '' } = observation
      return { fields: { change, userId, clientId: describeText(clientId) }, message: `Access of a client ${change}` }
    }
    case 'server.stopped':
      return { fields: {}, message: describeText(observation.message) }
    default:
      return { fields: describeField('details', observation.details), message: describeText(observation.message) }
  }
}

function toCallLine({
  method,
  kind,
  client,
  durationMs,
  status,
  callId,
  code,
  transport,
  era,
  ...call
}: CallEnded): Line {
  const name = describeText(call.name)
  return {
    fields: {
      method,
      // `tool`, `resource`, `prompt` or `completion`: what the name is the name of.
      [kind]: name,
      client: describeText(client),
      tenant: call.tenant === undefined ? undefined : describeText(call.tenant),
      durationMs: Math.round(durationMs * 1000) / 1000,
      status,
      code,
      callId,
      traceId: call.traceId,
      transport,
      era,
      ...describeField('cause', call.cause),
    },
    message: `${method} ${name} ${status}`,
  }
}

function describeField(name: string, value: unknown): Readonly<Record<string, unknown>> {
  return value === undefined ? {} : { [name]: describeValue(value) }
}
