import type { IncomingMessage } from 'node:http'
import { ToolgateError } from '../errors.ts'

const MAX_BYTES = 16 * 1024

/** The fields of a form, each of them once. Rejects with what is wrong with the request. */
export async function readForm(request: IncomingMessage): Promise<ReadonlyMap<string, string>> {
  const type = request.headers['content-type'] ?? ''
  if (!/^application\/x-www-form-urlencoded *(;|$)/i.test(type)) {
    throw new ToolgateError({ code: 'UNSUPPORTED_MEDIA_TYPE', message: 'This is not a form.' })
  }
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length
    if (bytes > MAX_BYTES) throw new ToolgateError({ code: 'PAYLOAD_TOO_LARGE', message: 'The form is too long.' })
    chunks.push(chunk as Buffer)
  }
  const fields = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(Buffer.concat(chunks).toString('utf8'))) {
    if (fields.has(name))
      throw new ToolgateError({ code: 'BAD_REQUEST', message: 'A field of the form is there twice.' })
    fields.set(name, value)
  }
  return fields
}
