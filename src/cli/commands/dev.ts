import type { RunCommand } from '../command.ts'
import { DevSession } from '../dev-session.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { openServed } from '../open-served.ts'
import { makeFreshKeys, readServing } from '../serving.ts'
import { untilEnded } from '../until-ended.ts'

/** Serves like `serve`, takes over changes as they are saved, and prints one line per call. */
export const dev: RunCommand = async (invocation) => {
  // Failures then name places in the user's own files instead of in what was compiled from them.
  process.setSourceMapsEnabled(true)
  const serving = readServing(invocation)
  const { config, read, close } = await openServed(invocation)
  let session: DevSession | undefined
  try {
    const keys = await makeFreshKeys(config, serving)
    const ended = untilEnded(invocation.terminal)
    session = new DevSession({ invocation, serving, keys, read })
    return await Promise.race([session.run(config).then(() => EXIT_CODES.ok), ended])
  } finally {
    await session?.close()
    await close()
  }
}
