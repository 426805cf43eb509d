import { TestAuthority } from '../../fixtures/certificates.ts'
import type { Kind, State } from './cells.ts'
import {
  type Certificates,
  type Credential,
  certificateCredentials,
  keyCredentials,
  makeCertificates,
  nobody,
  tokenCredentials,
} from './credentials.ts'
import { prepareServer, type Server, startServer } from './start-server.ts'
import { openWire, type Wire } from './wire.ts'

/** A running server, and somebody with a credential of every kind in every state. */
export interface World {
  readonly server: Server
  readonly wire: Wire
  readonly credentials: readonly Credential[]
  readonly certificates: Certificates
  /** A key that is valid from addresses alone that nobody here has. */
  readonly keyOfElsewhere: string
  credential(kind: Kind, state: State): Credential
  /** How often handlers ran in all. */
  runs(): number
  close(): Promise<void>
}

export async function openWorld(): Promise<World> {
  const [authority, stranger] = [new TestAuthority(), new TestAuthority('Stranger')]
  const certificates = makeCertificates(authority, stranger)
  const ground = await prepareServer(certificates.revoked === undefined ? [] : [certificates.revoked], authority)
  const keys = await keyCredentials(ground)
  const server = await startServer(ground, keys.known)
  const wire = openWire(server.url, authority.cert)
  const tokens = await tokenCredentials(server, certificates)
  const credentials = [nobody, ...keys.credentials, ...tokens, ...certificateCredentials(certificates)]
  return {
    ...{ server, wire, credentials, certificates, keyOfElsewhere: keys.elsewhere },
    credential(kind, state) {
      const found = credentials.find((one) => one.kind === kind && one.state === state)
      if (found === undefined) throw new Error(`no ${kind} that is ${state}`)
      return found
    },
    runs: () => [...server.runs.values()].reduce((sum, count) => sum + count, 0),
    async close() {
      wire.close()
      stranger.remove()
      await server.close()
    },
  }
}
