import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeJson } from '../../observe/escape-json.ts'
import type { AuditRecord } from '../audit-record.ts'
import { escapeText, unescapeText } from './escape-text.ts'
import { EXPORT_FORMATS, exportFormat } from './export-formats.ts'
import type { ExportedRecord } from './exported-record.ts'
import { CEF_KEYS } from './to-cef.ts'
import { CSV_COLUMNS, csvHeader, toCsv } from './to-csv.ts'

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('\\', 'u', '0', 'a', '|', '=', '"', ',', "'", '\n', '\r', ' ', '-', '\ud800', 'n'),
  }),
)

interface Odd {
  readonly name: string
  readonly rule: string
  readonly tenant: string
  readonly client: string
}

function completed({ name, rule, tenant, client }: Odd): AuditRecord {
  return {
    v: 1,
    seq: 7,
    event: 'call.completed',
    time: '2026-11-22T10:00:00.123Z',
    callId: 'c1',
    subject: 's_abc',
    tenant,
    roles: ['reader', rule],
    kind: 'tool',
    method: 'tools/call',
    name,
    transport: 'http',
    era: 'modern',
    clientInfo: { name: client, version: '1' },
    decision: 'permit',
    rule,
    policy: 'p',
    input: { bytes: 12, digest: 'd' },
    status: 'error',
    code: 'INTERNAL',
    durationMs: 1.5,
    masked: [{ rule, count: 2 }],
    hash: 'aGFzaA',
  }
}

function exported(record: AuditRecord, previous?: AuditRecord): ExportedRecord {
  const line = escapeJson(JSON.stringify(record))
  return { record, line, chain: 'c-1', ...(previous === undefined ? {} : { previous }) }
}

const ODD: Odd = { name: 'read', rule: 'role reader: allow everything', tenant: 'acme', client: 'ide' }

/** What a reader of RFC 4180 makes of one line. */
function readCsv(line: string): string[] {
  const fields: string[] = []
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y
  for (;;) {
    const found = field.exec(line)
    if (found === null) throw new Error(`no field at ${field.lastIndex} of ${line}`)
    fields.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '')
    if (found[3] === '') return fields
  }
}

const fromField = (field: string): string => unescapeText(field.startsWith("'") ? field.slice(1) : field)

/** What a reader of CEF makes of one line: header fields and the extension. */
function readCef(line: string): { header: string[]; extension: Map<string, string> } {
  const [, head = '', tail = ''] = /^((?:(?:[^|\\]|\\[\\|])*\|){7})(.*)$/s.exec(line) ?? []
  const header = head.split(/(?<=(?<!\\)(?:\\\\)*)\|/).map((field) => field.replace(/\\([\\|])/g, '$1'))
  const extension = new Map<string, string>()
  for (const pair of tail.split(/ (?=[A-Za-z0-9]+=)/)) {
    const at = pair.indexOf('=')
    const value = pair.slice(at + 1).replace(/\\(.)/g, (_, next: string) => ({ n: '\n', r: '\r' })[next] ?? next)
    extension.set(pair.slice(0, at), unescapeText(value))
  }
  return { header, extension }
}

const isOneLine = (line: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that must not be there
  !/[\0-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/.test(line) &&
  Buffer.from(line).toString() === line

const oddRecord = fc.record({ name: anyText, rule: anyText, tenant: anyText, client: anyText })

describe('escaped text', () => {
  it('is one line, and can be read back, whatever it says', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const escaped = escapeText(text)
        expect(isOneLine(escaped)).toBe(true)
        expect(unescapeText(escaped)).toBe(text)
      }),
      { numRuns: 2_000 },
    )
  })

  it('leaves a path of Windows as it is', () => {
    expect(escapeText('C:\\tools\\new')).toBe('C:\\tools\\new')
  })
})

describe('every export', () => {
  it.each(EXPORT_FORMATS)('%s is one line a record, whatever stands in it', (name) => {
    const format = exportFormat(name, '1.2.3')
    fc.assert(
      fc.property(oddRecord, (odd) => {
        expect(isOneLine(format.toLine(exported(completed(odd))))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

describe('JSONL', () => {
  it('is the line of the trail, byte for byte, so that its hash still holds', () => {
    const each = exported(completed(ODD))
    expect(exportFormat('jsonl', '1').toLine(each)).toBe(each.line)
  })
})

describe('CSV', () => {
  const at = (column: string): number => CSV_COLUMNS.findIndex(({ name }) => name === column)

  it('gives a reader the values back', () => {
    fc.assert(
      fc.property(oddRecord, (odd) => {
        const fields = readCsv(toCsv(exported(completed(odd)))).map(fromField)
        expect(fields).toHaveLength(CSV_COLUMNS.length)
        expect(fields[at('name')]).toBe(odd.name)
        expect(fields[at('rule')]).toBe(odd.rule)
        expect(fields[at('tenant')]).toBe(odd.tenant)
        expect(fields[at('clientName')]).toBe(odd.client)
        expect(JSON.parse(fields[at('roles')] ?? '')).toEqual(['reader', odd.rule])
        expect(JSON.parse(fields[at('details')] ?? '')).toEqual({
          masked: [{ rule: odd.rule, count: 2 }],
          inputDigest: 'd',
        })
      }),
      { numRuns: 1_000 },
    )
  })

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', "'=1", '＝1', '\t=1', '\r=1', ' =1'])(
    'lets no spreadsheet compute %j',
    (name) => {
      const field = readCsv(toCsv(exported(completed({ ...ODD, name }))))[at('name')] ?? ''
      expect(field).not.toMatch(/^\s*[=+\-@＝＋－＠]/)
      expect(fromField(field)).toBe(name)
    },
  )

  it('has a header with a name for each column', () => {
    expect(csvHeader().split(',')).toEqual(CSV_COLUMNS.map(({ name }) => name))
    expect(new Set(CSV_COLUMNS.map(({ name }) => name)).size).toBe(CSV_COLUMNS.length)
  })
})

describe('CEF', () => {
  const format = exportFormat('cef', '1.2.3')

  it('gives a reader the values back', () => {
    fc.assert(
      fc.property(oddRecord, (odd) => {
        const { header, extension } = readCef(format.toLine(exported(completed(odd))))
        expect(header.slice(0, 7)).toEqual([
          'CEF:0',
          'Toolgate',
          'Toolgate',
          '1.2.3',
          'call.completed',
          'call.completed',
          '3',
        ])
        expect(extension.get('cs1') ?? '').toBe(odd.name)
        expect(extension.get('cs3') ?? '').toBe(odd.rule)
        expect(extension.get('cs4') ?? '').toBe(odd.tenant)
        expect(extension.get('requestClientApplication') ?? '').toBe(odd.client)
        expect(extension.get('suid')).toBe('s_abc')
      }),
      { numRuns: 1_000 },
    )
  })

  it('is not led to take a name for fields of its own', () => {
    const { extension } = readCef(format.toLine(exported(completed({ ...ODD, name: 'x suid=root|act=deny\nCEF:0|' }))))
    expect(extension.get('suid')).toBe('s_abc')
    expect(extension.get('act')).toBe('permit')
  })

  it('names every key once, and every custom one with its label', () => {
    const names = CEF_KEYS.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names.filter((each) => /^(cs|cfp)\d$/.test(each))) expect(names).toContain(`${name}Label`)
  })
})

describe('OCSF', () => {
  const format = exportFormat('ocsf', '1.2.3')
  const read = (record: AuditRecord, previous?: AuditRecord): Record<string, unknown> =>
    JSON.parse(format.toLine(exported(record, previous)))

  it('gives a reader the values back', () => {
    fc.assert(
      fc.property(oddRecord, (odd) => {
        const record = completed(odd)
        const line = escapeJson(JSON.stringify(record))
        const event = read(record) as { raw_data: string; resources: { name: string }[] }
        expect(event.raw_data).toBe(line)
        expect(event.resources[0]?.name).toBe(JSON.parse(line).name)
      }),
      { numRuns: 500 },
    )
  })

  it('says who asked for what, whether it was allowed, and how it ended', () => {
    expect(read(completed(ODD))).toMatchObject({
      class_uid: 6003,
      category_uid: 6,
      type_uid: 600_399,
      status_id: 2,
      status_code: 'INTERNAL',
      action_id: 1,
      actor: { user: { uid: 's_abc', groups: [{ name: 'reader' }, {}] }, app_name: 'ide' },
      api: { operation: 'tools/call', request: { uid: 'c1' } },
      src_endpoint: { name: 'http' },
      authorizations: [{ decision: 'permit', policy: { name: ODD.rule, uid: 'p' } }],
      metadata: { version: '1.9.0', uid: 'c-1:7', sequence: 7, profiles: ['record_integrity', 'security_control'] },
      unmapped: { masked: [{ rule: ODD.rule, count: 2 }] },
    })
  })

  it('carries the place of the record in its chain', () => {
    const before = { ...completed(ODD), seq: 6, hash: 'YmVmb3Jl' }
    expect(read(completed(ODD), before).attestation_list).toEqual([
      {
        uid: 'c-1:7',
        chain_uid: 'c-1',
        fingerprint: { algorithm_id: 99, algorithm: 'toolgate-chain-sha256', value: 'aGFzaA' },
        prev_event: {
          uid: 'c-1:6',
          type_uid: 600_399,
          fingerprint: { algorithm_id: 99, algorithm: 'toolgate-chain-sha256', value: 'YmVmb3Jl' },
        },
      },
    ])
  })

  it('tells a refused caller as a failed logon, and what has no class of its own as a base event', () => {
    const base = { v: 1, seq: 1, time: '2026-11-22T10:00:00.000Z', hash: 'x' } as const
    expect(
      read({ ...base, event: 'auth.refused', reason: 'unknown key', address: '192.0.2.1', count: 3 }),
    ).toMatchObject({
      class_uid: 3002,
      activity_id: 1,
      status_id: 2,
      status_detail: 'unknown key',
      src_endpoint: { name: '192.0.2.1' },
      count: 3,
    })
    const cut = { firstSeq: 0, keptFrom: 4, records: 4, removedUntil: '2026-01-01T00:00:00.000Z', head: 'h' }
    expect(read({ ...base, event: 'retention', ...cut })).toMatchObject({ class_uid: 0, unmapped: cut })
  })
})
