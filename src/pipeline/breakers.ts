import { ToolgateError } from '../errors.ts'
import type { Observer } from '../observe/observation.ts'
import type { BreakerOptions } from './options.ts'

/** How a connector is treated: `closed` calls pass, `open` they are refused, `half-open` a few are let through to see. */
export type BreakerState = 'closed' | 'open' | 'half-open'

/** What a call says of its connector; `unknown` of one that never reached it, or that its caller ended. */
export type Verdict = 'well' | 'failed' | 'unknown'

/** One call that was let through. Ending it twice is ending it once. */
export interface Passage {
  end(verdict: Verdict): void
}

/** The circuit breakers of the connectors. */
export interface Breakers {
  /** Throws `CONNECTOR_UNAVAILABLE` while the principal's calls of the connector are refused; else nothing changes. */
  check(connector: string, principalId: string): void
  /** Lets a call through, or throws `CONNECTOR_UNAVAILABLE`. */
  begin(connector: string, principalId: string): Passage
  /** Whether everybody's calls of the connector are refused now; as time passes that ends by itself, without a call. */
  isOpen(connector: string): boolean
  /** Of every connector that was called. */
  states(): readonly { readonly connector: string; readonly state: BreakerState }[]
}

interface Parts {
  readonly options: BreakerOptions
  /** Milliseconds, never set back. */
  readonly timer: () => number
  readonly observe: Observer
}

/** Makes the breakers; all of them are closed. There is one for each connector, so the configuration bounds their number. */
export function createBreakers(parts: Parts): Breakers {
  const byConnector = new Map<string, Breaker>()
  const of = (connector: string): Breaker => {
    const known = byConnector.get(connector)
    if (known !== undefined) return known
    const breaker = new Breaker(connector, parts)
    byConnector.set(connector, breaker)
    return breaker
  }
  return {
    check: (connector, principalId) => of(connector).check(principalId),
    begin: (connector, principalId) => of(connector).begin(principalId),
    isOpen: (connector) => byConnector.get(connector)?.isOpenForAll ?? false,
    states: () => [...byConnector].map(([connector, { state }]) => ({ connector, state })),
  }
}

/** Whose something is, as far as it matters: nobody's, one principal's, or that of several. */
class Whose {
  #first: string | undefined
  #isSeveral = false

  add(principalId: string): void {
    this.#first ??= principalId
    if (this.#first !== principalId) this.#isSeveral = true
  }

  /** The one that it is; `undefined` for nobody and for several. */
  get only(): string | undefined {
    return this.#isSeveral ? undefined : this.#first
  }
}

/**
 * Opens for everybody when calls of several principals fail. Failures of one alone open it only where nobody else calls, and
 * then for that one: whoever can make a tool fail must not be able to take a connector away from others.
 */
class Breaker {
  readonly #connector: string
  readonly #parts: Parts
  #state: BreakerState = 'closed'
  /** When the state, or the window of a closed breaker, began. */
  #since: number
  /** Calls of another generation say nothing any more. */
  #generation = 0
  #calls = 0
  #failures = 0
  #probes = 0
  #wellProbes = 0
  #callers = new Whose()
  #failing = new Whose()
  /** Whom an open breaker refuses; `undefined` is everybody. */
  #openFor: string | undefined

  constructor(connector: string, parts: Parts) {
    this.#connector = connector
    this.#parts = parts
    this.#since = parts.timer()
  }

  get state(): BreakerState {
    return this.#state
  }

  get isOpenForAll(): boolean {
    if (this.#state !== 'open' || this.#openFor !== undefined) return false
    return this.#parts.timer() - this.#since < this.#parts.options.openMs
  }

  check(principalId: string): void {
    if (this.#state === 'closed' || this.#isForOthers(principalId)) return
    const { openMs, probes } = this.#parts.options
    const restMs = this.#since + openMs - this.#parts.timer()
    // A probe that nobody heard of for as long is given up, so that one that hangs does not keep the breaker where it is.
    if (restMs <= 0 || (this.#state === 'half-open' && this.#probes < probes)) return
    const retryAfter = Math.max(1, Math.ceil(restMs / 1000))
    throw new ToolgateError({
      code: 'CONNECTOR_UNAVAILABLE',
      message: `What this needs does not work at the moment. Try again in ${retryAfter} s.`,
      data: { retryAfter },
    })
  }

  begin(principalId: string): Passage {
    this.check(principalId)
    const now = this.#parts.timer()
    const isOther = this.#isForOthers(principalId)
    if (this.#state === 'closed') this.#turnWindow(now)
    else if (!isOther && now - this.#since >= this.#parts.options.openMs) this.#become('half-open')
    if (this.#state === 'half-open') this.#probes += 1
    const generation = this.#generation
    let hasEnded = false
    return {
      end: (verdict) => {
        if (hasEnded || generation !== this.#generation) return
        hasEnded = true
        if (this.#state === 'half-open') this.#judgeProbe(verdict)
        else if (isOther) this.#judgeOther(verdict)
        else this.#judge(verdict, principalId)
      },
    }
  }

  #turnWindow(now: number): void {
    if (now - this.#since < this.#parts.options.windowMs) return
    this.#since = now
    this.#forgetWindow()
  }

  #forgetWindow(): void {
    this.#calls = 0
    this.#failures = 0
    this.#callers = new Whose()
    this.#failing = new Whose()
  }

  /** Whether it is open for another principal alone. */
  #isForOthers(principalId: string): boolean {
    return this.#state === 'open' && this.#openFor !== undefined && this.#openFor !== principalId
  }

  #judge(verdict: Verdict, principalId: string): void {
    if (verdict === 'unknown') return
    this.#calls += 1
    this.#callers.add(principalId)
    if (verdict === 'well') return
    this.#failures += 1
    this.#failing.add(principalId)
    if (this.#failures < this.#parts.options.failures || this.#failures * 2 < this.#calls) return
    const only = this.#failing.only
    if (only !== undefined && this.#callers.only !== only) return
    this.#become('open')
    this.#openFor = only
  }

  /** Somebody for whom it is not open says how the connector fares. */
  #judgeOther(verdict: Verdict): void {
    if (verdict === 'well') this.#become('closed')
    else if (verdict === 'failed') this.#openFor = undefined
  }

  #judgeProbe(verdict: Verdict): void {
    if (verdict === 'failed') this.#become('open')
    else if (verdict === 'unknown') this.#probes -= 1
    else {
      this.#wellProbes += 1
      if (this.#wellProbes >= this.#parts.options.probes) this.#become('closed')
    }
  }

  #become(state: BreakerState): void {
    const from = this.#state
    this.#state = state
    this.#since = this.#parts.timer()
    this.#generation += 1
    this.#forgetWindow()
    this.#openFor = undefined
    this.#probes = 0
    this.#wellProbes = 0
    if (from === state) return
    const connector = this.#connector
    const message = `The breaker of connector ${connector} is ${state}`
    this.#parts.observe({ type: 'breaker.changed', message, connector, from, to: state })
  }
}
