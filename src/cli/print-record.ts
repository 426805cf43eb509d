import { describeRecord, escapeText, type TrailLine } from '../app/trail/read-trail.ts'

/** One line for a person: time, event, who, what happened, how long, the call. Nothing in a record reaches the terminal as it is. */
export function recordText({ record }: TrailLine): string {
  const who = 'subject' in record ? record.subject.slice(0, 10) : ''
  const took = record.event === 'call.completed' ? `${Math.round(record.durationMs)} ms` : ''
  const call = 'callId' in record ? record.callId : ''
  const parts = [record.time, record.event.padEnd(15), who.padEnd(10), describeRecord(record), took, call]
  return `${escapeText(parts.filter((part) => part !== '').join('  '))}\n`
}
