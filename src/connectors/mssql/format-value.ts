const DAY_MS = 86_400_000
/** 9999-12-31. */
const LAST_DAY = 3_652_058
const FIRST_DAY = Date.parse('0001-01-01T00:00:00Z') / DAY_MS

/** A whole number with its point `scale` digits from the right: `-1.50` for -150 and 2. */
export function formatUnscaled(value: bigint, scale: number): string {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0')
  const sign = value < 0n ? '-' : ''
  if (scale === 0) return sign + digits
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** The day that is so many after the first of the year 1, as `2026-01-31`. */
export function formatDay(days: number): string {
  if (days > LAST_DAY) throw new Error('The server sent a day that no calendar has.')
  return new Date((days + FIRST_DAY) * DAY_MS).toISOString().slice(0, 10)
}

/** The time that is so many units of the scale after midnight, as `12:34:56.789` for a scale of 3. */
export function formatClock(units: bigint, scale: number): string {
  const unitsPerSecond = 10n ** BigInt(scale)
  const seconds = Number(units / unitsPerSecond)
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const clock = parts.map((part) => String(part).padStart(2, '0')).join(':')
  return scale === 0 ? clock : `${clock}.${String(units % unitsPerSecond).padStart(scale, '0')}`
}
