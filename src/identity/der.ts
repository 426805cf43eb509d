/** One element of DER: a tag, and what it holds (ITU-T X.690 §8.1). */
export interface DerElement {
  /** The identifier octet: 0x30 is a SEQUENCE, 0xa0 the context tag 0. */
  readonly tag: number
  readonly content: Uint8Array
  /** Tag, length and content together. */
  readonly raw: Uint8Array
}

/** The tags that certificates and revocation lists are made of. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

/** The elements that follow each other in `bytes`, which they fill. Throws `RangeError` for what is not DER. */
export function readElements(bytes: Uint8Array): readonly DerElement[] {
  const elements: DerElement[] = []
  for (let at = 0; at < bytes.length; ) {
    const element = readElement(bytes, at)
    elements.push(element)
    at += element.raw.length
  }
  return elements
}

/** The one element that fills `bytes`, with the tag that is wanted. Throws `RangeError`. */
export function readOnly(bytes: Uint8Array, tag: number): DerElement {
  const element = readElement(bytes, 0)
  if (element.raw.length !== bytes.length) throw new RangeError('There is something behind the element.')
  return requireTag(element, tag)
}

/** Throws `RangeError` where the element is missing or another one. */
function requireTag(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag === tag) return element
  throw new RangeError(`Tag ${tag} was expected, not ${element?.tag ?? 'the end'}.`)
}

/** Hands out elements in turn; an optional one is taken where its tag stands. */
export function createReader(elements: readonly DerElement[]): DerReader {
  let at = 0
  const next = (): DerElement | undefined => elements[at]
  return {
    take(tag) {
      const element = requireTag(next(), tag)
      at += 1
      return element
    },
    takeIf(...tags) {
      const element = next()
      if (element === undefined || !tags.includes(element.tag)) return undefined
      at += 1
      return element
    },
  }
}

/** Made by `createReader`. */
export interface DerReader {
  /** Throws `RangeError` where another element stands. */
  take(tag: number): DerElement
  takeIf(...tags: readonly number[]): DerElement | undefined
}

/** Bytes in hex: a serial number, a name, an object identifier, as they are compared. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

/** A UTCTime or GeneralizedTime as RFC 5280 §4.1.2.5 has them, in milliseconds since the epoch. Throws `RangeError`. */
export function readTime({ tag, content }: DerElement): number {
  const text = Buffer.from(content).toString('latin1')
  const isUtc = tag === TAG.utcTime
  const found = (isUtc ? /^(\d\d)(\d{10})Z$/ : /^(\d{4})(\d{10})Z$/).exec(text)
  if (found === null || (!isUtc && tag !== TAG.generalizedTime)) throw new RangeError('That is no time.')
  const [, year = '', rest = ''] = found
  const century = isUtc ? (Number(year) >= 50 ? '19' : '20') : ''
  const [month, day, hour, minute, second] = rest.match(/\d\d/g) as string[]
  const time = Date.parse(`${century}${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if (Number.isNaN(time)) throw new RangeError('That is no time.')
  return time
}

/** Lengths are definite and as short as they can be, tags of one octet: X.690 §10.1. */
function readElement(bytes: Uint8Array, start: number): DerElement {
  const tag = byteAt(bytes, start)
  if ((tag & 0x1f) === 0x1f) throw new RangeError('A tag has more than one octet.')
  const first = byteAt(bytes, start + 1)
  if (first === 0x80 || first > 0x84) throw new RangeError('A length is not definite or too long.')
  const octets = first < 0x80 ? 0 : first & 0x7f
  let length = octets === 0 ? first : 0
  for (let at = 0; at < octets; at += 1) length = length * 256 + byteAt(bytes, start + 2 + at)
  if (octets > 0 && length < Math.max(0x80, 256 ** (octets - 1))) throw new RangeError('A length is written too long.')
  const from = start + 2 + octets
  const end = from + length
  if (end > bytes.length) throw new RangeError('An element ends behind the bytes.')
  return { tag, content: bytes.subarray(from, end), raw: bytes.subarray(start, end) }
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw new RangeError('The bytes end in the middle of an element.')
  return byte
}
