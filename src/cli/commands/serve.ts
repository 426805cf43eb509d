import { createApp } from '../../app/create-app.ts'
import type { RunCommand } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { followConfig } from '../follow-config.ts'
import { openTarget } from '../open-target.ts'
import { listen, makeFreshKeys, readServing } from '../serving.ts'
import { untilEnded } from '../until-ended.ts'

/** Serves over HTTP or stdio until a signal, or until the input ends. */
export const serve: RunCommand = async (invocation) => {
  const serving = readServing(invocation)
  const config = await openTarget(invocation)
  const keys = await makeFreshKeys(config, serving)
  const ended = untilEnded(invocation.terminal)
  const app = await createApp(config, { keys: keys.map(({ stored }) => stored) })
  const stop = followConfig({ app, read: () => openTarget(invocation), onHangUp: !process.stdin.isTTY })
  try {
    if (serving.isStdio) return await Promise.race([app.serveStdio().then(() => EXIT_CODES.ok), ended])
    const { url } = await listen(app, serving, invocation)
    const { printServing } = await import('../print-serving.ts')
    await printServing(invocation, { app, url, keys, serving })
    return await ended
  } finally {
    stop()
    await app.close()
  }
}
