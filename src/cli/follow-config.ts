import { unwatchFile, watchFile } from 'node:fs'
import type { App } from '../app/app.ts'
import type { Config } from '../config/config.ts'
import { describeFailure } from './print-failure.ts'

/** What to follow and how to read it again. */
export interface FollowOptions {
  readonly app: App
  readonly read: () => Promise<Config>
  /** Whether SIGHUP means that the file is to be read again; in a terminal it means that the terminal has gone. */
  readonly onHangUp: boolean
  /** Milliseconds between two looks at the file. Default: 2000. */
  readonly intervalMs?: number
}

/**
 * Takes the config file over whenever it changes and on SIGHUP. A bad one is logged and the one before goes on serving.
 * Returns how to stop. The file is looked at instead of watched: a mounted one is replaced by changing a link in a folder
 * above it, which no watch of its own folder sees.
 */
export function followConfig({ app, read, onHangUp, intervalMs = 2_000 }: FollowOptions): () => void {
  const { file } = app.config
  const follow = inTurn(() => takeOver(app, read))
  if (file !== undefined) watchFile(file, { interval: intervalMs, persistent: false }, follow)
  if (onHangUp) process.on('SIGHUP', follow)
  return () => {
    if (file !== undefined) unwatchFile(file, follow)
    process.off('SIGHUP', follow)
  }
}

/** Runs once more after a run in which it was asked for again. */
function inTurn(work: () => Promise<void>): () => void {
  let isWorking = false
  let isAskedAgain = false
  const run = async (): Promise<void> => {
    isAskedAgain = true
    if (isWorking) return
    isWorking = true
    while (isAskedAgain) {
      isAskedAgain = false
      await work()
    }
    isWorking = false
  }
  return () => void run()
}

async function takeOver(app: App, read: () => Promise<Config>): Promise<void> {
  try {
    await app.reconfigure(await read())
  } catch (thrown) {
    const { message, hint } = describeFailure(thrown)
    const reason = hint === undefined ? message : `${message} ${hint}`
    app.observe({ type: 'config.refused', message: 'A new configuration was not taken over', details: { reason } })
  }
}
