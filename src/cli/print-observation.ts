import { fileURLToPath } from 'node:url'
import type { AppOptions } from '../app/app.ts'

/** What happened in an app, as its observer is told. */
export type Observation = Parameters<NonNullable<AppOptions['observer']>>[0]

/** One line for a person: time, tool, client, status, duration, code; and for a failure what was thrown and where. */
export function observationText(observation: Observation, time: Date): string {
  switch (observation.type) {
    case 'call.ended': {
      const { name, client, status, durationMs, code, cause } = observation
      const milliseconds = `${Math.round(durationMs)} ms`.padStart(8)
      const line = [clockTime(time), name.padEnd(28), client.padEnd(12), status.padEnd(14), milliseconds, code ?? '']
      return `${line.join('  ').trimEnd()}\n${cause === undefined ? '' : causeText(cause)}`
    }
    case 'auth.refused':
      return `${clockTime(time)}  refused a caller from ${observation.address}: ${observation.reason}\n`
    case 'user.changed':
      return `${clockTime(time)}  user ${observation.userId}: ${observation.change}\n`
    case 'grant.changed':
      return `${clockTime(time)}  access of ${observation.clientId ?? 'a client'} ${observation.change}\n`
    case 'request.ended':
    case 'session.ended':
    case 'call.waited':
      return ''
    default: {
      const cause = 'cause' in observation ? observation.cause : undefined
      return `${clockTime(time)}  ${observation.message}\n${cause === undefined ? '' : causeText(cause)}`
    }
  }
}

const OWN_CODE = fileURLToPath(new URL('../', import.meta.url))

/** What was thrown, with the first place that is not Toolgate's or Node's own. */
export function causeText(cause: unknown): string {
  if (!(cause instanceof Error)) return `          ${String(cause)}\n`
  const frame = (cause.stack ?? '')
    .split('\n')
    .find((line) => /^\s+at /.test(line) && !/node:|node_modules/.test(line) && !line.includes(OWN_CODE))
  return `          ${cause.name}: ${cause.message}\n${frame === undefined ? '' : `          ${frame.trim()}\n`}`
}

function clockTime(time: Date): string {
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}
