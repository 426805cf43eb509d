/** What of a connection of tedious is used that its types do not tell. */
interface ParsingConnection {
  createTokenStreamParser?: (...given: unknown[]) => { readonly parser?: NodeJS.EventEmitter }
}

/**
 * tedious throws on bytes it cannot read (a type that is newer than it, a broken or hostile server) where nobody can
 * catch it, and the process ends. Here `cut` is called instead, which ends the connection. Throws for a version of
 * tedious that is made otherwise.
 */
export function surviveNonsense(connection: object, cut: (failure: Error) => void): void {
  const parsing = connection as ParsingConnection
  const original = parsing.createTokenStreamParser
  if (typeof original !== 'function') throw new Error('tedious reads answers in another way than expected.')
  parsing.createTokenStreamParser = (...given) => {
    const made = original.apply(connection, given)
    if (made.parser === undefined) throw new Error('tedious reads answers in another way than expected.')
    made.parser.on('error', cut)
    return made
  }
}
