/** Where an option stands, from the root: `['connectors', 1, 'type']`. */
export type ConfigPath = readonly (string | number)[]

/** One mistake in the configuration. Safe to show to whoever runs the server: values that look secret are masked. */
export interface ConfigIssue {
  /** `connectors[1].type`; empty where the file as a whole is meant. */
  readonly path: string
  /** The file as it is named to people. */
  readonly file?: string
  /** Counted from 1. */
  readonly line?: number
  /** Counted from 1. */
  readonly column?: number
  /** What is wrong: `is 'typscript'`, `is missing`, `is not an option`. */
  readonly problem: string
  /** What would have been right: `one of typescript, sdk, skills`. */
  readonly expected?: string
  /** The nearest right spelling. */
  readonly suggestion?: string
}
