#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { commands } from './commands.ts'
import { runCommandLine } from './run-command-line.ts'
import { processTerminal } from './terminal.ts'

// Whoever read the output may have read enough: `toolgate list | head -1`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}
const code = await runCommandLine(process.argv.slice(2), { commands, version, terminal: processTerminal })
await Promise.all([drained(process.stdout), drained(process.stderr)])
// What a tool left running (a timer, a socket) must not keep a finished command alive.
process.exit(code)

/** Waits until a pipe has taken everything; not every system writes to pipes at once. */
async function drained(stream: NodeJS.WriteStream): Promise<void> {
  while (stream.writableLength > 0 && !stream.destroyed) await setTimeout(5)
}
