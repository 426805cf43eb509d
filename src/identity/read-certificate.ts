import { createHash } from 'node:crypto'
import { createReader, type DerElement, hexOf, readElements, readOnly, readTime, TAG } from './der.ts'

/** What a certificate says (RFC 5280 §4.1), read from its bytes: no name is made from a text in which it was quoted. */
export interface CertificateFields {
  /** Base64url of the SHA-256 of the bytes: `x5t#S256` (RFC 8705 §3.1). */
  readonly thumbprint: string
  /** Hex. */
  readonly serial: string
  /** Names as their bytes in hex: equal names are equal texts. */
  readonly issuer: string
  readonly subject: string
  /** Milliseconds since the epoch. */
  readonly notBefore: number
  readonly notAfter: number
  /** Every value of the subject's `CN` and `serialNumber`, in order. */
  readonly commonNames: readonly string[]
  readonly serialNumbers: readonly string[]
  /** Every subject alternative name of these kinds, in order. */
  readonly uris: readonly string[]
  readonly dnsNames: readonly string[]
  readonly emails: readonly string[]
}

const OID = { commonName: '550403', serialNumber: '550405', subjectAltName: '551d11' }
const SAN = { email: 0x81, dns: 0x82, uri: 0x86 }
const VERSION = 0xa0
const ISSUER_ID = 0x81
const SUBJECT_ID = 0x82
const EXTENSIONS = 0xa3

/** Reads a certificate in DER. Throws `RangeError` for what is none; nothing about it is verified. */
export function readCertificate(der: Uint8Array): CertificateFields {
  const [body] = readElements(readOnly(der, TAG.sequence).content)
  if (body === undefined) throw new RangeError('The certificate is empty.')
  const fields = createReader(readElements(body.content))
  fields.takeIf(VERSION)
  const serial = fields.take(TAG.integer)
  fields.take(TAG.sequence)
  const issuer = fields.take(TAG.sequence)
  const [notBefore, notAfter] = readElements(fields.take(TAG.sequence).content).map(readTime)
  const subject = fields.take(TAG.sequence)
  fields.take(TAG.sequence)
  fields.takeIf(ISSUER_ID)
  fields.takeIf(SUBJECT_ID)
  const alternatives = readAlternatives(fields.takeIf(EXTENSIONS))
  const attributes = readAttributes(subject)
  const named = (tag: number): string[] => alternatives.filter((each) => each.tag === tag).map(textOfIa5)
  return {
    thumbprint: createHash('sha256').update(der).digest('base64url'),
    serial: hexOf(serial.content),
    issuer: hexOf(issuer.raw),
    subject: hexOf(subject.raw),
    notBefore: notBefore ?? Number.POSITIVE_INFINITY,
    notAfter: notAfter ?? Number.NEGATIVE_INFINITY,
    commonNames: attributes.get(OID.commonName) ?? [],
    serialNumbers: attributes.get(OID.serialNumber) ?? [],
    uris: named(SAN.uri),
    dnsNames: named(SAN.dns),
    emails: named(SAN.email),
  }
}

/** The general names of the extension, of which there may be one (RFC 5280 §4.2, §4.2.1.6). */
function readAlternatives(extensions: DerElement | undefined): readonly DerElement[] {
  if (extensions === undefined) return []
  const found = readElements(readOnly(extensions.content, TAG.sequence).content)
    .map((extension) => readElements(extension.content))
    .filter(([oid]) => oid?.tag === TAG.oid && hexOf(oid.content) === OID.subjectAltName)
  if (found.length > 1) throw new RangeError('The certificate has its alternative names twice.')
  const value = found[0]?.at(-1)
  if (value === undefined) return []
  return readElements(readOnly(value.content, TAG.sequence).content)
}

function readAttributes(name: DerElement): ReadonlyMap<string, readonly string[]> {
  const attributes = new Map<string, string[]>()
  for (const set of readElements(name.content)) {
    for (const attribute of readElements(set.content)) {
      const [type, value] = readElements(attribute.content)
      if (type === undefined || value === undefined) throw new RangeError('An attribute has no value.')
      const oid = hexOf(type.content)
      const values = attributes.get(oid) ?? []
      values.push(textOf(value))
      attributes.set(oid, values)
    }
  }
  return attributes
}

/** NULs and all else that is in it stay: whoever takes it for an identity looks at every character. */
function textOf({ tag, content }: DerElement): string {
  const bytes = Buffer.from(content)
  if (tag === TAG.utf8String) return new TextDecoder('utf-8', { fatal: true }).decode(content)
  if (tag === TAG.bmpString) return bytes.length % 2 === 0 ? bytes.swap16().toString('utf16le') : '\0'
  if (tag === TAG.universalString) return '\0'
  return bytes.toString('latin1')
}

function textOfIa5({ content }: DerElement): string {
  return Buffer.from(content).toString('latin1')
}
