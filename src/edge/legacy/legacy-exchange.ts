import type { LogLevel } from '../../capabilities/protocol.ts'
import type { Principal } from '../../identity/principal.ts'
import type { Cancellation } from '../../pipeline/call.ts'
import type { Exchange, Line } from '../exchange.ts'
import type { Params } from '../protocol/json-rpc.ts'
import type { LegacySession, Reply } from './legacy-session.ts'

/**
 * One request of a session on its way. A class and not an object made on the spot: functions and getters made anew for
 * every request are a measurable part of a call.
 */
export class LegacyExchange implements Exchange {
  readonly era = 'legacy'
  readonly version: string
  readonly transport: Exchange['transport']
  readonly principal: Principal
  readonly client: Exchange['client']
  readonly cancellation: Cancellation
  readonly session: LegacySession
  readonly line?: Line
  readonly #outlet: Reply

  constructor(session: LegacySession, outlet: Reply, way: Pick<Exchange, 'transport' | 'cancellation'>) {
    this.version = session.opening.version
    this.transport = way.transport
    this.principal = session.principal
    this.client = session.opening.client
    this.cancellation = way.cancellation
    this.session = session
    if (outlet.line !== undefined) this.line = outlet.line
    this.#outlet = outlet
  }

  /** Read when it is needed: the client may set it while its call runs. */
  get logLevel(): LogLevel {
    return this.session.settings.logLevel
  }

  get ask(): NonNullable<Exchange['ask']> {
    return (method, params) => this.session.ask({ method, params, outlet: this.#outlet, by: this.cancellation })
  }

  send(method: string, params: Params): void {
    this.#outlet.send({ jsonrpc: '2.0', method, params })
  }

  closeStream(): void {
    this.#outlet.close()
  }
}
