import { sampleNameOf } from './metric-table.ts'
import type { Family, Series } from './registry.ts'

/** How metrics are written: the text format 0.0.4 of Prometheus, or OpenMetrics 1.0. */
export type Format = 'text' | 'openmetrics'

/** The media type of a format. */
export const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** Characters of a slice; writing one takes well below a millisecond. */
const SLICE = 32_768

/**
 * Writes the families, in slices, so that other work gets its turn in between however many series there are. A series is
 * never cut, so its buckets fit its count.
 */
export function* writeExposition(families: Iterable<Family>, format: Format): Generator<string> {
  let slice = ''
  for (const family of families) {
    slice += writeHead(family, format)
    for (const series of family.series()) {
      slice += family.metric.type === 'histogram' ? writeHistogram(family, series, format) : writeSample(family, series)
      if (slice.length < SLICE) continue
      yield slice
      slice = ''
    }
  }
  yield format === 'openmetrics' ? `${slice}# EOF\n` : slice
}

function writeHead({ name, metric }: Family, format: Format): string {
  const { type, unit, help } = metric
  // OpenMetrics names the family, the older format its samples; and that knows no `info`.
  const isNew = format === 'openmetrics'
  const shown = isNew ? name : sampleNameOf(name, metric)
  const shownType = !isNew && type === 'info' ? 'gauge' : type
  const unitLine = isNew && unit !== undefined ? `# UNIT ${shown} ${unit}\n` : ''
  return `# HELP ${shown} ${escapeHelp(help, format)}\n# TYPE ${shown} ${shownType}\n${unitLine}`
}

function writeSample({ name, metric }: Family, { values, cells }: Series): string {
  const labels = writeLabels(metric.labels, values)
  const value = metric.type === 'info' ? 1 : (cells[0] as number)
  return `${sampleNameOf(name, metric)}${labels === '' ? '' : `{${labels}}`} ${writeNumber(value)}\n`
}

function writeHistogram({ name, metric }: Family, { values, cells }: Series, format: Format): string {
  const labels = writeLabels(metric.labels, values)
  const before = labels === '' ? '' : `${labels},`
  const braces = labels === '' ? '' : `{${labels}}`
  const buckets = metric.buckets ?? []
  let count = 0
  let text = ''
  for (let at = 0; at < buckets.length; at += 1) {
    count += cells[at] as number
    text += `${name}_bucket{${before}le="${writeBound(buckets[at] as number, format)}"} ${count}\n`
  }
  count += cells[buckets.length] as number
  const sum = writeNumber(cells[buckets.length + 1] as number)
  return `${text}${name}_bucket{${before}le="+Inf"} ${count}\n${name}_sum${braces} ${sum}\n${name}_count${braces} ${count}\n`
}

/** A label without a value is one that is not there. */
function writeLabels(names: readonly string[], values: readonly string[]): string {
  let text = ''
  for (let at = 0; at < names.length; at += 1) {
    const value = values[at]
    if (value !== undefined && value !== '') text += `${text === '' ? '' : ','}${names[at]}="${escapeValue(value)}"`
  }
  return text
}

const TO_ESCAPE = /[\\"\n]/
const LONE_SURROGATES = /\p{Surrogate}/gu

function escapeValue(value: string): string {
  const text = value.replace(LONE_SURROGATES, '\ufffd')
  if (!TO_ESCAPE.test(text)) return text
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function escapeHelp(help: string, format: Format): string {
  const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return format === 'openmetrics' ? text.replaceAll('"', '\\"') : text
}

/** OpenMetrics writes bounds as floating-point numbers (Considerations: Canonical Numbers). */
function writeBound(bound: number, format: Format): string {
  return format === 'openmetrics' && Number.isInteger(bound) ? `${bound}.0` : String(bound)
}

function writeNumber(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}
