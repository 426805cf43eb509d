import { type Layer, presentLayers } from './layers.ts'
import { replaceBlock } from './replace-block.ts'

/**
 * ARCHITECTURE.md with the picture and the table of layers drawn anew from layers.config.cjs. The picture leaves out an
 * arrow that follows from others, else it is a hairball; the table has them all.
 */
export function drawLayers(architecture: string, root: string): string {
  const rows = presentLayers(root)
  return replaceBlock(replaceBlock(architecture, 'layer picture', picture(rows)), 'layer table', table(rows))
}

function picture(rows: readonly Layer[]): string {
  const targets = new Map(rows.map((row) => [row.path, importedLayers(row, rows)]))
  const lines = rows.flatMap((row) =>
    essential(row.path, targets).map((target) => `  ${node(row.path)} --> ${node(target)}`),
  )
  const names = rows.map((row) => `  ${node(row.path)}["${row.path}"]`)
  return ['```mermaid', 'flowchart TD', ...names, ...lines.reverse(), '```'].join('\n')
}

/** The layers a row's imports lie in; a single file of a folder stands for the folder. */
function importedLayers(row: Layer, rows: readonly Layer[]): string[] {
  const found = row.imports.flatMap((entry) =>
    rows.filter((other) => entry === other.path || (other.path.endsWith('/') && entry.startsWith(other.path))),
  )
  return [...new Set(found.map((other) => other.path))].filter((path) => path !== row.path)
}

/** Targets that cannot be reached over another target. */
function essential(path: string, targets: ReadonlyMap<string, readonly string[]>): string[] {
  const direct = targets.get(path) ?? []
  return direct.filter((target) => !direct.some((other) => other !== target && reaches(other, target, targets)))
}

function reaches(from: string, to: string, targets: ReadonlyMap<string, readonly string[]>): boolean {
  return (targets.get(from) ?? []).some((next) => next === to || reaches(next, to, targets))
}

const node = (path: string): string => path.replace(/\W/g, '')

function table(rows: readonly Layer[]): string {
  const lines = rows.map((row) => `| \`${row.path}\` | ${row.job} | ${list(row.imports)} | ${list(row.packages)} |`)
  return ['| part of `src/` | its job | may import | packages |', '|---|---|---|---|', ...lines].join('\n')
}

const list = (entries: readonly string[]): string =>
  entries.length === 0 ? '—' : entries.map((entry) => `\`${entry}\``).join(', ')
