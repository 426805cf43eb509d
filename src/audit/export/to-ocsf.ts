import { escapeJson } from '../../observe/escape-json.ts'
import type { ExportedRecord } from './exported-record.ts'
import { OCSF_ATTRIBUTES, ocsfClassOf } from './ocsf-mapping.ts'

type Node = { [name: string]: unknown }

/** A record as an event of OCSF 1.9 on one line of JSON, without its end. */
export function toOcsf(exported: ExportedRecord, version: string): string {
  const { uid } = ocsfClassOf(exported.record.event)
  const event: Node = {}
  for (const { path, classes, value } of OCSF_ATTRIBUTES) {
    if (classes !== undefined && !classes.includes(uid)) continue
    const found = value({ ...exported, version })
    if (found !== undefined) place(event, path.split('.'), found)
  }
  return escapeJson(JSON.stringify(event))
}

function place(event: Node, [first = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    event[first] = value
    return
  }
  event[first] ??= {}
  place(event[first] as Node, rest, value)
}
