import type { IncomingMessage, ServerResponse } from 'node:http'

/** Another server under the same origin: the embedded authorization server. */
export interface MountedServer {
  /** Whether it answers requests for this path, which has no query. */
  owns(path: string): boolean
  /** Answers a request whose framing and Host were checked. Never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
}
