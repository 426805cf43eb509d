const UNITS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000 }

/** Milliseconds of a span such as `30d`, `12h` or `90m`; `undefined` for any other text. */
export function readSpan(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([dhm])$/.exec(text) ?? []
  const unitMs = UNITS[unit]
  return unitMs === undefined ? undefined : Number(count) * unitMs
}
