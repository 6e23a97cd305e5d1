import type { Place, Source } from '../text/source.ts'

/** A plain value of a `.env` file that ends at a `#` for readers that need no blank before a comment. */
export interface CutValue {
  readonly name: string
  /** The value as Compose, systemd or a person reads it. */
  readonly at: Place
  /** What comes before the `#`. */
  readonly kept: string
}

const LINE =
  /^([ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*)([^\s"'`#][^\s"'`#]*)(#[^\s"'`]+)[ \t]*$/

/**
 * Values that `vlucas/phpdotenv` since 3, `dotenv` of npm since 15 and `node --env-file` cut at a `#`, though no blank
 * stands before it: Compose, python-dotenv, symfony/dotenv and systemd keep it. With a blank in what follows it is a comment.
 */
export function cutValues(source: Source): readonly CutValue[] {
  const { code } = source
  const found: CutValue[] = []
  let at = 0
  for (const line of code.split('\n')) {
    const [, head = '', name = '', kept = '', rest = ''] = LINE.exec(line.replace(/\r$/, '')) ?? []
    const start = at + head.length
    if (name !== '') found.push({ name, kept, at: { source, start, end: start + kept.length + rest.length } })
    // A value of several lines may hold anything.
    if (/=[ \t]*(["'])(?:\\.|(?!\1).)*$/.test(line)) break
    at += line.length + 1
  }
  return found
}
