/** Puts an entry at the end of a map that may hold `max`; the oldest gives way. What strangers invent stays bounded. */
export function putBounded<K, V>(map: Map<K, V>, entry: readonly [K, V], max: number): void {
  const [key, value] = entry
  map.delete(key)
  if (map.size >= max) {
    const oldest = map.keys().next()
    if (oldest.done !== true) map.delete(oldest.value)
  }
  map.set(key, value)
}
