let lastMs = Number.NaN
let lastText = ''

/** Milliseconds since the epoch as ISO 8601 in UTC. Calls come many in a millisecond, and the text costs a microsecond. */
export function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastMs = ms
    lastText = new Date(ms).toISOString()
  }
  return lastText
}
