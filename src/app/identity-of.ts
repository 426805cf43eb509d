import type { Config } from '../config/config.ts'
import type { ServerIdentity } from '../edge/engine.ts'

/** What the server says of itself in the handshake. */
export function identityOf({ name, version, title, websiteUrl, instructions }: Config): ServerIdentity {
  const info = {
    name,
    version,
    ...(title === undefined ? {} : { title }),
    ...(websiteUrl === undefined ? {} : { websiteUrl }),
  }
  return { info, instructions }
}
