import { createReader, hexOf, readElements, readOnly, readTime, TAG } from './der.ts'

/** A certificate revocation list (RFC 5280 §5.1). */
export interface RevocationList {
  /** Bytes of the issuer's name in hex, as in the certificates it issued. */
  readonly issuer: string
  /** Milliseconds since the epoch. */
  readonly thisUpdate: number
  /** After it the list says nothing any more; RFC 5280 §5.1.2.5 wants it in every list. */
  readonly nextUpdate: number
  /** Serial numbers in hex. */
  readonly revoked: ReadonlySet<string>
}

const PEM = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----/g
const EXTENSIONS = 0xa0

/** The lists in a PEM file. Throws `RangeError` when there is none, or one that cannot be read whole. */
export function readRevocationLists(pem: string): readonly RevocationList[] {
  const lists = [...pem.matchAll(PEM)].map(([, base64 = '']) => readRevocationList(Buffer.from(base64, 'base64')))
  if (lists.length === 0) throw new RangeError('There is no revocation list in it.')
  return lists
}

/** Reads one list in DER. The signature is not looked at: OpenSSL does that at every handshake. Throws `RangeError`. */
function readRevocationList(der: Uint8Array): RevocationList {
  const [body] = readElements(readOnly(der, TAG.sequence).content)
  if (body?.tag !== TAG.sequence) throw new RangeError('The list is empty.')
  const fields = createReader(readElements(body.content))
  fields.takeIf(TAG.integer)
  fields.take(TAG.sequence)
  const issuer = fields.take(TAG.sequence)
  const thisUpdate = fields.takeIf(TAG.utcTime, TAG.generalizedTime)
  const nextUpdate = fields.takeIf(TAG.utcTime, TAG.generalizedTime)
  if (thisUpdate === undefined) throw new RangeError('The list has no time.')
  const entries = fields.takeIf(TAG.sequence)
  refuseCritical(fields.takeIf(EXTENSIONS)?.content)
  return {
    issuer: hexOf(issuer.raw),
    thisUpdate: readTime(thisUpdate),
    nextUpdate: nextUpdate === undefined ? Number.NEGATIVE_INFINITY : readTime(nextUpdate),
    revoked: new Set(
      entries === undefined ? [] : readElements(entries.content).map(({ content }) => serialOf(content)),
    ),
  }
}

function serialOf(entry: Uint8Array): string {
  const [serial, , extensions] = readElements(entry)
  if (serial?.tag !== TAG.integer) throw new RangeError('An entry of the list has no serial number.')
  refuseCritical(extensions?.raw)
  return hexOf(serial.content)
}

/** A list for other issuers' certificates, or of changes alone, says so in an extension that must be understood (§5.2). */
function refuseCritical(extensions: Uint8Array | undefined): void {
  if (extensions === undefined) return
  const isCritical = readElements(readOnly(extensions, TAG.sequence).content).some(({ content }) =>
    readElements(content).some(({ tag, content: value }) => tag === TAG.boolean && value[0] !== 0),
  )
  if (isCritical) throw new RangeError('The list is indirect, partial or of changes; a whole one per issuer is needed.')
}
