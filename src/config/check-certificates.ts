import type { ConfigPath } from './config-issue.ts'
import { valueAt } from './config-path.ts'
import type { Mistake } from './mistake.ts'

/** Finds options of certificates and proxies that could never do anything, for want of another one. */
export function checkCertificates(value: unknown): readonly Mistake[] {
  const isThere = (...path: ConfigPath): boolean => valueAt(value, path) !== undefined
  const mistakes: Mistake[] = []
  const want = (path: ConfigPath, problem: string, expected: string): void => {
    mistakes.push({ path, at: 'key', problem, expected })
  }
  for (const option of ['crl', 'clientCertificates']) {
    if (isThere('server', 'tls', option) && !isThere('server', 'tls', 'clientCa')) {
      want(['server', 'tls', option], 'does nothing without `clientCa`', '`server.tls.clientCa`, too')
    }
  }
  if (isThere('server', 'forwarded', 'certificate') && !isThere('server', 'trustedProxies', 0)) {
    want(
      ['server', 'forwarded', 'certificate'],
      'is believed from nobody',
      'the proxies, under `server.trustedProxies`',
    )
  }
  const asksForOne = isThere('server', 'tls', 'clientCa') || isThere('server', 'forwarded', 'certificate')
  if (isThere('access', 'certificates') && !asksForOne) {
    const expected = '`server.tls.clientCa`, or behind a proxy `server.forwarded.certificate`'
    want(['access', 'certificates'], 'is for certificates that no client is asked for', expected)
  }
  if (isThere('access', 'anonymous') && isThere('server', 'trustedProxies', 0)) {
    want(['access', 'anonymous'], 'would let everybody in who reaches the proxy', 'keys or certificates instead')
  }
  return [...mistakes, ...checkSpiffe(value)]
}

/** Without a trust domain nobody has one that is trusted; a rule for a foreign one can never match. */
function checkSpiffe(value: unknown): readonly Mistake[] {
  const path: ConfigPath = ['access', 'certificates']
  const options = valueAt(value, path)
  if (typeof options !== 'object' || options === null) return []
  const isSpiffe = (valueAt(value, [...path, 'identity']) ?? 'spiffe') === 'spiffe'
  const domains = valueAt(value, [...path, 'trustDomains']) ?? []
  const rules = valueAt(value, [...path, 'rules'])
  if (!Array.isArray(domains) || !Array.isArray(rules)) return []
  if (!isSpiffe) {
    if (domains.length === 0) return []
    return [{ path: [...path, 'trustDomains'], at: 'key', problem: 'is for `identity: spiffe` alone' }]
  }
  if (domains.length === 0) {
    return [{ path, at: 'key', problem: 'lets nobody in', expected: '`trustDomains`, such as [example.org]' }]
  }
  return rules.flatMap((_, index): Mistake[] => {
    const match = valueAt(value, [...path, 'rules', index, 'match'])
    if (typeof match !== 'string' || domains.some((domain) => match.startsWith(`spiffe://${domain}/`))) return []
    const expected = `a name such as spiffe://${domains[0]}/agent, in one of \`trustDomains\``
    return [{ path: [...path, 'rules', index, 'match'], at: 'value', problem: 'can never match', expected }]
  })
}
