import { createApp } from '../../app/create-app.ts'
import type { Invocation, RunCommand } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { followConfig } from '../follow-config.ts'
import { openServed, type Served } from '../open-served.ts'
import { readLocalCaller } from '../read-local-caller.ts'
import { listen, makeFreshKeys, readServing, type Serving } from '../serving.ts'
import { untilEnded } from '../until-ended.ts'

/** Serves over HTTP or stdio until a signal, or until the input ends. */
export const serve: RunCommand = async (invocation) => {
  const serving = readServing(invocation)
  const served = await openServed(invocation)
  try {
    return await serveUntilEnded(invocation, serving, served)
  } finally {
    await served.close()
  }
}

async function serveUntilEnded(invocation: Invocation, serving: Serving, { config, read }: Served): Promise<number> {
  const keys = await makeFreshKeys(config, serving)
  const caller = serving.isStdio ? await readLocalCaller(config, invocation) : {}
  const ended = untilEnded(invocation.terminal)
  const app = await createApp(config, { keys: keys.map(({ stored }) => stored) })
  const stop = followConfig({ app, read, onHangUp: !process.stdin.isTTY })
  try {
    if (serving.isStdio) return await Promise.race([app.serveStdio(caller).then(() => EXIT_CODES.ok), ended])
    const { url } = await listen(app, serving, invocation)
    const { printServing } = await import('../print-serving.ts')
    await printServing(invocation, { app, url, keys, serving })
    return await ended
  } finally {
    stop()
    await app.close()
  }
}
