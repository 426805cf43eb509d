import { Refusal } from './refusal.ts'
import type { SqlNode } from './sql-parser.ts'

/** The refusal of a node type that must not occur. */
export function refuseType(type: string, node: SqlNode | undefined): Refusal {
  const byte = typeof node?.location === 'number' ? node.location : undefined
  if (type.startsWith('Xml') || type === 'RangeTableFunc') {
    return new Refusal('XML is not available here. Use the JSON functions, such as jsonb_agg.', { byte })
  }
  if (WRITES.has(type)) {
    return new Refusal('This would change data. Only reading is possible here: send a SELECT without it.', { byte })
  }
  if (type.endsWith('Stmt')) {
    return new Refusal('Only SELECT, VALUES, TABLE, EXPLAIN and SHOW are possible here. Send one of these.', { byte })
  }
  return new Refusal('The statement uses a construct that is not available here. Write it with plain SELECT syntax.', {
    byte,
  })
}

/** The refusal of a field that must not be set. */
export function refuseField(type: string, field: string): Refusal {
  if (field === 'intoClause') return new Refusal('SELECT INTO makes a table. Leave out INTO.')
  if (field === 'lockingClause') return new Refusal('Rows cannot be locked here. Leave out FOR UPDATE or FOR SHARE.')
  if (type === 'TypeName') return new Refusal('This form of a type name is not available. Name a plain type.')
  return new Refusal('The statement uses a construct that is not available here. Write it with plain SELECT syntax.')
}

const WRITES: ReadonlySet<string> = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'MergeSupportFunc'])
