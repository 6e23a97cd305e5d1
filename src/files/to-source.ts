import type { Source } from '../../parsers/text/source.ts'

/** The source of a file's text; `path` is the path inside the root. */
export function toSource(path: string, text: string, encoding: Source['encoding'] = 'utf8'): Source {
  return { path, text, code: text, encoding, template: false }
}
