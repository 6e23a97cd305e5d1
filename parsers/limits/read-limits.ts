import { lineStarts, type Place, type Source } from '../text/source.ts'

/** A line of `limits.conf` on open files, by which pam_limits raises them for those that log in. */
export interface FileLimit {
  /** An account, `@group`, `*`. */
  readonly domain: string
  /** Null for no limit. */
  readonly files: number | null
  readonly at: Place
}

/** https://www.man7.org/linux/man-pages/man5/limits.conf.5.html */
export function readFileLimits(source: Source): readonly FileLimit[] {
  const starts = lineStarts(source)
  return source.text.split('\n').flatMap((line, index) => {
    const [written, domain, value] =
      /^\s*([^\s#]\S*)\s+(?:soft|hard|-)\s+nofile\s+(\d{1,9}|unlimited|infinity|-1)\b/.exec(line) ?? []
    if (written === undefined || domain === undefined) return []
    const start = starts[index]! + written.search(/\S/)
    const at = { source, start, end: starts[index]! + written.length }
    return [{ domain, files: /^\d+$/.test(value ?? '') ? Number(value) : null, at }]
  })
}
