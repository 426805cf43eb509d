import type { Readable } from 'node:stream'
import { ToolgateError, toToolgateError } from '../../errors.ts'
import type { Principal } from '../../identity/principal.ts'
import { Connection } from '../connection.ts'
import type { Engine } from '../engine.ts'
import { readMessage } from '../protocol/json-rpc.ts'
import { readLines } from './read-lines.ts'
import type { WriteStdout } from './reserve-stdout.ts'

/** How long calls may still run once the client has closed its end. */
const GRACE_MS = 1000

const LOOK_MS = 1000

/** Who is at the other end, and whether that credential is valid still. */
export interface StdioCaller {
  readonly principal: Principal
  readonly isValid: () => boolean
}

/**
 * Serves one client, a message a line. Resolves when the input has ended and what was asked is answered. A line that is
 * no message is answered with an error and does no harm. Once the credential of the caller is not valid any more, everything
 * ends and it rejects with `UNAUTHENTICATED`.
 */
export function serveStdio(
  engine: Engine,
  { principal, isValid }: StdioCaller,
  io: { readonly input: Readable; readonly write: WriteStdout },
): Promise<void> {
  const { maxBodyBytes, maxJsonDepth } = engine.options
  const connection = new Connection(engine, {
    principal,
    transport: 'stdio',
    write: (message) => io.write(`${JSON.stringify(message)}\n`),
  })
  return new Promise((resolve, reject) => {
    const expel = (): void => {
      clearInterval(watch)
      engine.streams.close()
      connection.close()
      connection.refuse(notValidAnyMore)
      reject(notValidAnyMore)
    }
    const watch = setInterval(() => isValid() || expel(), LOOK_MS).unref()
    readLines(io.input, maxBodyBytes, {
      onLine(line) {
        if (!isValid()) {
          expel()
          return
        }
        try {
          connection.receive(readMessage(line, maxJsonDepth))
        } catch (thrown) {
          connection.refuse(toToolgateError(thrown))
        }
      },
      onTooLong() {
        const message = `The line is longer than ${maxBodyBytes} bytes.`
        connection.refuse(new ToolgateError({ code: 'PAYLOAD_TOO_LARGE', message }))
      },
      onEnd: () => {
        clearInterval(watch)
        void end(engine, connection).then(resolve)
      },
    })
  })
}

const notValidAnyMore = new ToolgateError({
  code: 'UNAUTHENTICATED',
  message: 'The API key is not valid any more.',
  hint: 'Start the server with another key.',
})

/** Ends subscriptions, waits a moment for calls, cancels the rest. */
async function end(engine: Engine, connection: Connection): Promise<void> {
  engine.streams.close()
  let timer: NodeJS.Timeout | undefined
  const grace = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, GRACE_MS)
  })
  await Promise.race([connection.settled(), grace])
  clearTimeout(timer)
  connection.close()
}
