import type { Source } from '../../../parsers/text/source.ts'
import type { Finding, FindingFix } from '../../engine/finding.ts'

/** A fix and what it is for. */
export interface ChosenFix {
  readonly finding: Finding
  readonly fix: FindingFix
}

export interface Choice {
  readonly chosen: readonly ChosenFix[]
  /** Those whose text one of the chosen changes: they wait for the next pass. */
  readonly waiting: number
}

/**
 * The fixes of some findings that may be applied together, in the order of the findings: all edits of a fix or none,
 * and no two fixes that touch or overlap. One fix that several findings have is taken once.
 *
 * @param unsafe whether those are taken, too, after which a running server may answer differently
 * @param readable the file as the audit read it, by the name that the report gives it; none where it cannot be changed
 */
export function chooseFixes(
  findings: readonly Finding[],
  unsafe: boolean,
  readable: (file: string) => Source | undefined,
): Choice {
  const taken = new Map<string, { readonly start: number; readonly end: number }[]>()
  const said = new Set<string>()
  const chosen: ChosenFix[] = []
  let waiting = 0
  for (const finding of findings) {
    const { fix } = finding
    if (fix === null || (fix.safety === 'unsafe' && !unsafe) || fix.edits.length === 0) continue
    const isSound = fix.edits.every(({ file, end }) => {
      const source = readable(file)
      return source !== undefined && !source.template && end <= source.text.length
    })
    if (
      !isSound ||
      fix.edits.some((edit, index) =>
        fix.edits.slice(0, index).some(other => meet(edit, other) && edit.file === other.file),
      )
    )
      continue
    const key = JSON.stringify(fix.edits.map(({ file, start, end, text }) => [file, start, end, text]))
    if (said.has(key)) continue
    if (fix.edits.some(edit => taken.get(edit.file)?.some(other => meet(edit, other)) === true)) {
      waiting++
      continue
    }
    said.add(key)
    chosen.push({ finding, fix })
    for (const { file, start, end } of fix.edits)
      taken.set(file, [...(taken.get(file) ?? []), { start, end }])
  }
  return { chosen, waiting }
}

/** Stretches that overlap or begin at one place: of two insertions there nobody knows which comes first. */
function meet(
  one: { readonly start: number; readonly end: number },
  other: { readonly start: number; readonly end: number },
): boolean {
  if (one.start === other.start) return true
  return one.start < other.end && other.start < one.end
}

/** Files with the edits of some fixes applied, by the names that the report gives them. */
export function applyFixes(
  fixes: readonly ChosenFix[],
  readable: (file: string) => Source | undefined,
): ReadonlyMap<string, string> {
  const byFile = new Map<string, FindingFix['edits'][number][]>()
  for (const { fix } of fixes)
    for (const edit of fix.edits) byFile.set(edit.file, [...(byFile.get(edit.file) ?? []), edit])
  const texts = new Map<string, string>()
  for (const [file, edits] of byFile) {
    const text = readable(file)?.text
    if (text === undefined) throw new RangeError(`${file} was not read`)
    // What is inserted ends its lines as the file does.
    const isDos = text.includes('\r\n')
    let changed = ''
    let at = 0
    for (const { start, end, text: inserted } of edits.sort((a, b) => a.start - b.start || a.end - b.end)) {
      changed += text.slice(at, start) + (isDos ? inserted.replace(/\r?\n/g, '\r\n') : inserted)
      at = end
    }
    texts.set(file, changed + text.slice(at))
  }
  return texts
}
