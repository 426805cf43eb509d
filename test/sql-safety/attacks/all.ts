import type { Attack } from '../attack.ts'
import { FUNCTION_ATTACKS } from './functions.ts'
import { REACH_ATTACKS } from './reach.ts'
import { STATEMENT_ATTACKS } from './statements.ts'

/** Every attack there is. */
export const ATTACKS: readonly Attack[] = [...STATEMENT_ATTACKS, ...FUNCTION_ATTACKS, ...REACH_ATTACKS]
