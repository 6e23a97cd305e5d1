import { maskTemplate } from '../../parsers/text/mask-template.ts'
import type { Source } from '../../parsers/text/source.ts'

/** The source of a file's text, what only a template engine knows masked; `path` is the path inside the root. */
export function toSource(path: string, text: string, encoding: Source['encoding'] = 'utf8'): Source {
  return { path, text, encoding, ...maskTemplate(path, text) }
}
