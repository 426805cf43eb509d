/** What an attack is after. */
export type AttackClass =
  | 'stacked statements'
  | 'lexer tricks'
  | 'side-effect functions'
  | 'files and programs'
  | 'writes in disguise'
  | 'exhaustion'
  | 'admin functions'
  | 'information'
  | 'role switching'
  | 'session state'
  | 'row scope and hidden columns'
  | 'data in errors'

/** One statement that must do no harm, and what the harm would be. */
export interface Attack {
  /** Unique and lasting. */
  readonly id: string
  readonly class: AttackClass
  readonly sql: string
  /** What must not happen. */
  readonly harm: string
  /** Where the guard lets it pass: what makes it harmless. Without it the guard itself must refuse. */
  readonly heldBy?: string
}

/** Attacks of one class and one harm: `[id, sql]`, or `[id, sql, what holds it]` where the guard does not. */
export function attacks(
  ofClass: AttackClass,
  harm: string,
  list: readonly (readonly [id: string, sql: string, heldBy?: string])[],
): readonly Attack[] {
  return list.map(([id, sql, heldBy]) => ({ id, class: ofClass, sql, harm, ...(heldBy !== undefined && { heldBy }) }))
}
