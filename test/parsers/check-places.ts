import * as assert from 'uvu/assert'
import type { Source } from '../../parsers/text/source.ts'

/** Holds that every place and every text's letters in what a reader gave lie inside of their source. */
export function checkPlaces(value: unknown, seen: Set<object> = new Set()): void {
  if (value === null || typeof value !== 'object' || seen.has(value)) return
  seen.add(value)
  if (value instanceof Map || value instanceof Set || Array.isArray(value)) {
    for (const each of value instanceof Map ? value.values() : value) checkPlaces(each, seen)
    return
  }
  const { source, start, end, text } = value as {
    source?: Source
    start?: number
    end?: number
    text?: string
  }
  if (isSource(source) && typeof start === 'number' && typeof end === 'number')
    assert.ok(
      start >= 0 && start <= end && end <= source.text.length,
      `${start}..${end} of ${source.text.length}`,
    )
  if (isSource(source) && typeof text === 'string') {
    const { map } = value as { map: { pieces: readonly { at: number; start: number; end: number }[] } }
    for (const piece of map.pieces) {
      assert.ok(piece.start >= 0 && piece.start <= piece.end && piece.end <= source.text.length)
      assert.ok(piece.at >= 0 && piece.at <= text.length)
    }
  }
  for (const [key, each] of Object.entries(value)) if (key !== 'source') checkPlaces(each, seen)
}

function isSource(value: unknown): value is Source {
  return value !== null && typeof value === 'object' && 'code' in value
}
