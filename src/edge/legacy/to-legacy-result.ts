import { isObject } from '../protocol/envelope.ts'

/** Before 2026-07-28 a structured result is an object; anything else stays in the text. */
export function toLegacyResult(result: object): object {
  if (!('structuredContent' in result) || isObject(result.structuredContent)) return result
  const { structuredContent: _, ...others } = result
  return others
}
