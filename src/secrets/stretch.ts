/** A stretch of a text: UTF-16 offsets, half-open. */
export interface Stretch {
  readonly start: number
  readonly end: number
}

/** Stretches in order, those that meet or overlap as one. */
export function joinStretches(stretches: readonly Stretch[]): readonly Stretch[] {
  const joined: { start: number; end: number }[] = []
  for (const { start, end } of [...stretches].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else if (end > start) joined.push({ start, end })
  }
  return joined
}

/** The text with stars in the place of what is no blank in the stretches, which are joined; its length stays. */
export function starOut(text: string, stretches: readonly Stretch[]): string {
  if (stretches.length === 0) return text
  const parts: string[] = []
  let at = 0
  for (const { start, end } of stretches) {
    parts.push(text.slice(at, start), text.slice(start, end).replace(/\S/g, '*'))
    at = end
  }
  parts.push(text.slice(at))
  return parts.join('')
}
