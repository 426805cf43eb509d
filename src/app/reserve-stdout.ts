/** Standard output is for what was asked for; whatever a tool logs there goes to standard error. Idempotent. */
export { reserveStdout } from '../edge/stdio/reserve-stdout.ts'
