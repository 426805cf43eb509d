import type { HttpConnection } from './http-connection.ts'
import { type Target, toInitializedNotification, toInitializeRequest } from './mcp-request.ts'

/** Opens one legacy session and returns its id. */
export async function openSession(connection: HttpConnection, target: Target): Promise<string> {
  const answer = await connection.send(toInitializeRequest(target))
  const sessionId = /\r\nmcp-session-id: *([^\r]+)/i.exec(answer.head)?.[1]
  if (answer.status !== 200 || sessionId === undefined) {
    throw new Error(`no session, status ${answer.status}: ${answer.body.slice(0, 200)}`)
  }
  await connection.send(toInitializedNotification(target, sessionId))
  return sessionId
}
