import type { Definition } from '../../capabilities/definition.ts'
import { ToolgateError } from '../../errors.ts'
import { raceAbort } from '../race-abort.ts'
import { findRunningPackage } from '../running-package.ts'
import { createForward, type Forward } from './forward.ts'
import { listOffers, type Offer, type ServerCapabilities } from './list-offers.ts'
import type { ParkedCalls } from './parked-calls.ts'
import { type SdkServer, ServerError } from './sdk-server.ts'
import { type LinkListener, ServerLink } from './server-link.ts'

/** A server that was connected and asked for everything it offers. */
export interface OpenServer {
  readonly link: ServerLink
  /** Asks again. */
  list(signal: AbortSignal): Promise<readonly Definition[]>
}

/** What is needed to open one. */
export interface OpenRequest {
  readonly server: SdkServer
  /** How the file is called in messages. */
  readonly place: string
  readonly parked: ParkedCalls
  readonly listener: LinkListener
  /** Told of every call. */
  readonly onCall: () => void
}

/** The last revision in which a server may ask its client in the midst of a call. */
const PROTOCOL_VERSION = '2025-11-25'

const CLIENT_CAPABILITIES = {
  elicitation: { form: {}, url: {} },
  sampling: { tools: {}, context: {} },
  roots: {},
}

/** At most so many resources are subscribed to; more would be a load nobody asked for. */
const MAX_SUBSCRIPTIONS = 1_000

/** Connects a server in this process and shakes hands with it. Rejects with `CONNECTOR_FAILED`. */
export async function openServer(request: OpenRequest, signal: AbortSignal): Promise<OpenServer> {
  const link = new ServerLink(request.server, request.listener)
  try {
    await raceAbort(link.connect(), signal, () => signal.reason)
    const capabilities = await shakeHands(link, signal)
    const forwardCall = createForward(link, request.parked)
    const forward: Forward = (target, context) => {
      request.onCall()
      return forwardCall(target, context)
    }
    const offer: Offer = { link, capabilities, forward, subscribed: new Set() }
    return { link, list: (during) => list(offer, request.place, during) }
  } catch (thrown) {
    await link.close()
    throw toConnectorFailure(thrown, request.place)
  }
}

async function shakeHands(link: ServerLink, signal: AbortSignal): Promise<ServerCapabilities> {
  const { version } = await findRunningPackage()
  const params = {
    protocolVersion: PROTOCOL_VERSION,
    capabilities: CLIENT_CAPABILITIES,
    clientInfo: { name: 'toolgate', version },
  }
  const answer = (await link.request('initialize', params, signal)) as { capabilities?: ServerCapabilities }
  link.notify('notifications/initialized')
  const capabilities = answer.capabilities ?? {}
  // Every level is asked for; which of them a caller gets is decided per call.
  if (capabilities.logging !== undefined) await link.request('logging/setLevel', { level: 'debug' }, signal)
  return capabilities
}

async function list(offer: Offer, place: string, signal: AbortSignal): Promise<readonly Definition[]> {
  try {
    const definitions = await listOffers(offer, signal)
    if (offer.capabilities.resources?.subscribe === true) await subscribe(offer, definitions, signal)
    return definitions
  } catch (thrown) {
    throw toConnectorFailure(thrown, place)
  }
}

/**
 * Toolgate is the one subscriber; it passes on what its own clients have subscribed to. A server need not take
 * subscriptions to announce changes: the SDK declares them without a handler for them.
 */
async function subscribe(offer: Offer, definitions: readonly Definition[], signal: AbortSignal): Promise<void> {
  for (const definition of definitions) {
    if (offer.subscribed.size >= MAX_SUBSCRIPTIONS) return
    if (definition.kind !== 'resource' || offer.subscribed.has(definition.uri)) continue
    offer.subscribed.add(definition.uri)
    try {
      await offer.link.request('resources/subscribe', { uri: definition.uri }, signal)
    } catch (thrown) {
      if (!(thrown instanceof ServerError)) throw thrown
    }
  }
}

function toConnectorFailure(thrown: unknown, place: string): ToolgateError {
  if (thrown instanceof ToolgateError) return thrown
  return new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: `The server of ${place} could not be started: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    hint: 'Start it with the SDK alone to see whether it works; its stack is in the log.',
    cause: thrown,
  })
}
