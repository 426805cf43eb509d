import type { Terminal } from './command.ts'
import { EXIT_CODES } from './exit-codes.ts'
import { causeText } from './print-observation.ts'

/**
 * Resolves with the exit code when the process should end: on the first SIGTERM or SIGINT, or on an exception that
 * nobody caught, after which nothing can be relied on. A second signal ends the process at once. A promise that failed
 * with nobody waiting for it is told and does no harm.
 */
export function untilEnded(terminal: Terminal): Promise<number> {
  return new Promise((resolve) => {
    let isEnding = false
    const onSignal = (signal: NodeJS.Signals): void => {
      if (isEnding) process.exit(signal === 'SIGINT' ? 130 : 143)
      isEnding = true
      terminal.err(`${signal}: ending after open calls are answered; once more ends at once.\n`)
      resolve(EXIT_CODES.ok)
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
    process.on('unhandledRejection', (reason) => {
      terminal.err(`toolgate: A promise failed and nobody was waiting for it; serving goes on.\n${causeText(reason)}`)
    })
    process.on('uncaughtException', (error) => {
      terminal.err(
        `toolgate: An exception was thrown where nobody could catch it; ending.\n${error.stack ?? error.message}\n`,
      )
      resolve(EXIT_CODES.internal)
    })
  })
}
