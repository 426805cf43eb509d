/** Thrown inside the guard where a statement is refused; `guardQuery` turns it into its answer. */
export class Refusal extends Error {
  /** Where in the statement, as a byte of its UTF-8 form. */
  readonly byte: number | undefined
  readonly didYouMean: string | undefined

  constructor(reason: string, details: { byte?: number | undefined; didYouMean?: string | undefined } = {}) {
    super(reason)
    this.name = 'Refusal'
    this.byte = details.byte !== undefined && details.byte >= 0 ? details.byte : undefined
    this.didYouMean = details.didYouMean
  }
}
