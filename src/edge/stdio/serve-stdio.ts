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

/**
 * Serves one client, a message a line. Resolves when the input has ended and what was asked is answered. A line that is
 * no message is answered with an error and does no harm.
 */
export function serveStdio(
  engine: Engine,
  principal: Principal,
  io: { readonly input: Readable; readonly write: WriteStdout },
): Promise<void> {
  const { maxBodyBytes, maxJsonDepth } = engine.options
  const connection = new Connection(engine, {
    principal,
    transport: 'stdio',
    write: (message) => io.write(`${JSON.stringify(message)}\n`),
  })
  return new Promise((resolve) => {
    readLines(io.input, maxBodyBytes, {
      onLine(line) {
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
      onEnd: () => void end(engine, connection).then(resolve),
    })
  })
}

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
