import { hash } from 'node:crypto'

/**
 * The name as tools and resources may have it: letters, digits, _ and -. One that had to be changed ends in a digest of the
 * whole, so that two names never become one.
 */
export function plainName(name: string, maxLength: number): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_-]/g, '_')
  // `a.b_c` and `a_b.c` would be one, so a schema with an underscore does not pass.
  const isOne = plain.length <= maxLength && name.replace(/^([^._]*)\./, '$1_') === plain
  if (isOne) return plain
  return `${plain.slice(0, maxLength - 7)}_${hash('sha256', name, 'hex').slice(0, 6)}`
}
