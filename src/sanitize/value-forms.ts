import { Buffer } from 'node:buffer'

/**
 * The ways a configured value is usually written: as it is, in JSON once and twice, in URLs and forms, in hex, in upper and
 * lower case, and in base64 and base64url, also as part of something longer.
 */
export function valueForms(value: string): readonly string[] {
  const once = inJson(value)
  const encoded = percentEncoded(value)
  const bytes = Buffer.from(value, 'utf8')
  const hex = bytes.toString('hex')
  const written = [value, value.toLowerCase(), value.toUpperCase(), once, inJson(once), escapedSlashes(once)]
  const form = new URLSearchParams([['', value]]).toString().slice(1)
  const urls = [encodeURIComponent(inUtf8(value)), encoded, encoded.replace(/%../g, (code) => code.toLowerCase()), form]
  const base64 = [0, 1, 2].map((offset) => innerBase64(bytes, offset))
  const base64url = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))
  return [...new Set([...written, ...urls, hex, hex.toUpperCase(), ...base64, ...base64url])]
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

function escapedSlashes(json: string): string {
  return json.replaceAll('/', '\\/')
}

/** RFC 3986: everything but the unreserved characters. */
function percentEncoded(value: string): string {
  return encodeURIComponent(inUtf8(value)).replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** Half a surrogate pair has no code of its own. */
function inUtf8(value: string): string {
  return Buffer.from(value, 'utf8').toString('utf8')
}

/** The characters of base64 that depend on the value alone, wherever in a longer text it stands. */
function innerBase64(bytes: Buffer, offset: number): string {
  const padded = Buffer.concat([Buffer.alloc(offset), bytes])
  const first = Math.ceil((offset * 8) / 6)
  const last = Math.floor((padded.length * 8) / 6)
  return padded.toString('base64').slice(first, last)
}
