import { reserveStdout } from '../app/reserve-stdout.ts'
import type { Terminal } from './command.ts'

/** The terminal of this process. From here on nothing but `out` and the stdio transport writes to standard output. */
export const processTerminal: Terminal = {
  out: reserveStdout(),
  err: (text) => {
    process.stderr.write(text)
  },
  readInput: async () => {
    const chunks: Buffer[] = []
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString('utf8')
  },
  environment: process.env,
  directory: process.cwd(),
}
