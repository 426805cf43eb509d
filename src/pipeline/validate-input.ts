import type { Capability } from '../capabilities/capability.ts'
import { type Checked, describeIssues } from '../capabilities/compile-schema.ts'
import { ToolgateError } from '../errors.ts'
import type { Call } from './call.ts'

/** What is held against a schema. */
type Given = Pick<Call, 'kind' | 'name' | 'input' | 'completion'>

/**
 * Holds the arguments against the schema and answers what the handler gets. Throws `INVALID_INPUT` naming every wrong
 * field. Resources have no arguments but their URI.
 */
export function validateInput(capability: Capability, call: Given): unknown {
  if (call.kind === 'completion') return call.completion
  if (call.kind === 'task') return undefined
  if (capability.kind !== 'tool' && capability.kind !== 'prompt') return call.name
  const checked = capability.input.check(call.input)
  return checked instanceof Promise ? checked.then((done) => accept(done, call)) : accept(checked, call)
}

function accept(checked: Checked, call: Given): unknown {
  if (checked.issues === undefined) return checked.value
  throw new ToolgateError({
    code: 'INVALID_INPUT',
    message: `Invalid arguments for ${call.name}: ${describeIssues(checked.issues)}.`,
    data: { issues: checked.issues },
  })
}
