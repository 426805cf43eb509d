import { Sketch } from '../../observe/sketch.ts'
import { USAGE_STEPS, type UsageKept, type UsageRange, type UsageRow, type UsageStore } from '../usage-store.ts'
import type { Prepare, StorageFile } from './storage-file.ts'

const KEY = 'step_ms = ? AND start = ? AND tool = ? AND client = ? AND status = ?'
const COLUMNS = 'step_ms, start, tool, client, status, sketch'
const FIND = `SELECT sketch FROM usage WHERE ${KEY}`
const PUT = `INSERT OR REPLACE INTO usage (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`
const READ = `SELECT ${COLUMNS} FROM usage
  WHERE step_ms = ? AND start < ? AND (start, tool, client, status) > (?, ?, ?, ?)
  ORDER BY start, tool, client, status LIMIT ?`
const OLD = `SELECT ${COLUMNS} FROM usage WHERE step_ms = ? AND start < ? ORDER BY start LIMIT ?`
const REMOVE = `DELETE FROM usage WHERE ${KEY}`
const COUNT = 'SELECT count(*) AS held FROM usage'
const OLDEST = `SELECT ${COLUMNS} FROM usage WHERE step_ms = ? ORDER BY start LIMIT ?`

type Row = Readonly<Record<string, unknown>>

/** The use of tools in the embedded storage. Several processes may share it. */
export function createSqliteUsageStore(file: StorageFile): UsageStore {
  return {
    add(rows) {
      if (rows.length > 0) file.write((prepare) => addAll(prepare, rows))
    },
    read: (range) => file.read((prepare) => read(prepare, range), []),
    tidy(kept) {
      // Looked for first, because looking takes no lock and most of the time there is nothing to do.
      const isAny = file.read((prepare) => findOld(prepare, kept, 1).length > 0 || excess(prepare, kept) > 0, false)
      return isAny && file.write((prepare) => tidy(prepare, kept))
    },
    close: () => file.close(),
  }
}

function addAll(prepare: Prepare, rows: readonly UsageRow[]): void {
  for (const row of rows) {
    const kept = prepare(FIND).get(...keyOf(row))
    const sum = kept === undefined ? row.sketch : toSketch(kept)
    if (sum !== row.sketch) sum.merge(row.sketch)
    prepare(PUT).run(...keyOf(row), sum.encode())
  }
}

function read(prepare: Prepare, { stepMs, from, to, after, limit }: UsageRange): readonly UsageRow[] {
  const { start, tool, client, status } = after ?? { start: from - 1, tool: '', client: '', status: '' }
  return prepare(READ).all(stepMs, to, start, tool, client, status, limit).map(toRow)
}

function tidy(prepare: Prepare, kept: UsageKept): boolean {
  const old = findOld(prepare, kept, kept.limit)
  addAll(prepare, old.filter(({ start }) => start >= kept.coarseFrom).map(toCoarse))
  for (const row of old) prepare(REMOVE).run(...keyOf(row))
  const most = Math.min(excess(prepare, kept), kept.limit)
  for (const row of findOldest(prepare, most)) prepare(REMOVE).run(...keyOf(row))
  return old.length === kept.limit || most === kept.limit
}

/** Quarters that are to go, then minutes that are to become quarters or to go. */
function findOld(prepare: Prepare, { coarseFrom, fineFrom }: UsageKept, limit: number): readonly UsageRow[] {
  const coarse = prepare(OLD).all(USAGE_STEPS.coarseMs, coarseFrom, limit)
  const fine = prepare(OLD).all(USAGE_STEPS.fineMs, fineFrom, limit - coarse.length)
  return [...coarse, ...fine].map(toRow)
}

function excess(prepare: Prepare, { maxRows }: UsageKept): number {
  return Math.max(0, Number(prepare(COUNT).get()?.held) - maxRows)
}

/** Quarters are older than minutes. */
function findOldest(prepare: Prepare, limit: number): readonly UsageRow[] {
  const coarse = prepare(OLDEST).all(USAGE_STEPS.coarseMs, limit)
  const fine = prepare(OLDEST).all(USAGE_STEPS.fineMs, limit - coarse.length)
  return [...coarse, ...fine].map(toRow)
}

function toCoarse(row: UsageRow): UsageRow {
  const stepMs = USAGE_STEPS.coarseMs
  return { ...row, stepMs, start: row.start - (row.start % stepMs) }
}

function keyOf({ stepMs, start, tool, client, status }: UsageRow): [number, number, string, string, string] {
  return [stepMs, start, tool, client, status]
}

function toRow(row: Row): UsageRow {
  return {
    stepMs: Number(row.step_ms),
    start: Number(row.start),
    tool: String(row.tool),
    client: String(row.client),
    status: String(row.status),
    sketch: toSketch(row),
  }
}

/** One that is damaged counts as none: the counts beside it are worth more than the error would be. */
function toSketch({ sketch }: Row): Sketch {
  return Sketch.decode(String(sketch)) ?? new Sketch()
}
