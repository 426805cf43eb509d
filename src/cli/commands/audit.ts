import { resolve } from 'node:path'
import type { AuditToVerify, ChainReport, TrailReport } from '../../app/verify-audit.ts'
import type { Invocation, RunCommand } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { openTarget } from '../open-target.ts'

/** Holds the audit trail against its public key and says what is wrong, if anything is. */
export const verify: RunCommand = async (invocation) => {
  const { options, terminal } = invocation
  const { verifyAudit } = await import('../../app/verify-audit.ts')
  const report = await verifyAudit(await placeOf(invocation))
  if (options.has('json')) terminal.out(`${JSON.stringify(report, null, 2)}\n`)
  else terminal.out(`${describe(report).join('\n')}\n`)
  return report.isSound ? EXIT_CODES.ok : EXIT_CODES.failed
}

/** Prints the public key of the audit trail. */
export const printKey: RunCommand = async (invocation) => {
  const { terminal, options } = invocation
  const { auditPublicKey } = await import('../../app/verify-audit.ts')
  const key = auditPublicKey(await openTarget(invocation))
  terminal.out(options.has('json') ? `${JSON.stringify({ key })}\n` : `${key}\n`)
  return EXIT_CODES.ok
}

/** With a folder no configuration is read: the trail may lie on another machine than the one that wrote it. */
async function placeOf(invocation: Invocation): Promise<AuditToVerify> {
  const { options, positionals, terminal } = invocation
  const [given] = positionals
  const at = (path: string): string => resolve(terminal.directory, path)
  const key = options.text('key')
  const checkpoints = options.text('checkpoints')
  const chosen = {
    ...(key === undefined ? {} : { key: key.includes('+') ? key : at(key) }),
    ...(checkpoints === undefined ? {} : { checkpoints: at(checkpoints), needsCheckpoints: true }),
  }
  if (given !== undefined) return { directory: at(given), ...chosen }
  const config = await openTarget(invocation)
  const beside = resolve(config.storage.directory, 'audit.pub')
  const { directory, checkpoints: kept } = config.audit
  return { directory, key: beside, checkpoints: kept, ...chosen }
}

function describe(report: TrailReport): string[] {
  const lines = report.chains.flatMap((chain) => describeChain(chain))
  for (const { message } of report.findings) lines.push(`BAD ${message}`)
  const records = report.chains.reduce((sum, chain) => sum + chain.records, 0)
  lines.push(report.isSound ? `The trail holds: ${records} records.` : 'The trail does not hold.')
  return lines
}

function describeChain(chain: ChainReport): string[] {
  const { finding } = chain
  const notes: string[] = []
  if (finding !== undefined) {
    const place = finding.segment === undefined ? '' : ` (line ${finding.line} of ${finding.segment})`
    notes.push(`  BAD ${finding.kind}, record ${finding.seq}${place}: ${finding.message}`)
  }
  if (!chain.isClosed && finding === undefined) {
    notes.push(`  not closed: the last ${chain.uncovered} records are not covered by a checkpoint`)
  }
  if (chain.tornBytes > 0) notes.push(`  ${chain.tornBytes} unfinished bytes at the end`)
  return [`${chain.chain}: ${chain.records} records${finding === undefined ? '' : ' hold'}`, ...notes]
}
