import type { Place } from '../../parsers/text/source.ts'

/** The option of uWSGI whose value stands at a place, on the same line. */
export function uwsgiNameBefore({ source, start }: Place): Place | null {
  const line = source.code.lastIndexOf('\n', start) + 1
  const found = /(?:^|\s)(-{0,2}[\w.-]+)\s*[=\s]\s*$/.exec(source.code.slice(line, start))
  if (found?.[1] === undefined) return null
  const from = line + found.index + found[0].indexOf(found[1])
  return { source, start: from, end: from + found[1].length }
}
