import type { Format } from './write-exposition.ts'

/**
 * Chooses the format for an `Accept` header: OpenMetrics 1.0 where it is wanted by name and no less than plain text, else
 * the text format, which every collector reads.
 */
export function negotiateFormat(accept: string | undefined): Format {
  if (accept === undefined) return 'text'
  const ranges = accept.slice(0, MAX_LENGTH).split(',').map(readRange)
  const best = (type: string): number =>
    Math.max(0, ...ranges.filter((range) => range.type === type).map(({ quality }) => quality))
  const wanted = best('application/openmetrics-text')
  return wanted > 0 && wanted >= best('text/plain') ? 'openmetrics' : 'text'
}

const MAX_LENGTH = 4_096

interface Range {
  readonly type: string
  /** 0 for what we could not write. */
  readonly quality: number
}

function readRange(item: string): Range {
  const [type = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
  const named = (name: string): string | undefined =>
    parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1)
  const version = named('version')
  if (type === 'application/openmetrics-text' && version !== undefined && version !== '1.0.0')
    return { type, quality: 0 }
  const quality = Number(named('q') ?? 1)
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 }
}
