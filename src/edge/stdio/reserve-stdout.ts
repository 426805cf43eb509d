/** Writes one protocol message to the real stdout. */
export type WriteStdout = (line: string) => void

let reserved: WriteStdout | undefined

/**
 * Keeps stdout for protocol messages alone: whatever else writes to it, `console.log` in a tool first of all, lands on
 * stderr from now on. Call it before any code of the user is loaded. Idempotent; stdout is one per process.
 */
export function reserveStdout(): WriteStdout {
  if (reserved === undefined) {
    const write = process.stdout.write.bind(process.stdout)
    process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write
    reserved = (line) => void write(line)
  }
  return reserved
}
