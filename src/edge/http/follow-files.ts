import { type StatsListener, unwatchFile, watchFile } from 'node:fs'

const INTERVAL_MS = 2_000

/**
 * Tells of every file that was replaced or written, within two seconds; returns how to stop. Files are looked at instead of
 * watched: a mounted secret is replaced by changing a link in a folder above it.
 */
export function followFiles(
  files: readonly string[],
  onChange: () => void,
  intervalMs: number = INTERVAL_MS,
): () => void {
  const listener: StatsListener = () => onChange()
  for (const file of files) watchFile(file, { interval: intervalMs, persistent: false }, listener)
  return () => {
    for (const file of files) unwatchFile(file, listener)
  }
}
