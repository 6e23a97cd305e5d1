import { maskTemplate } from '../../parsers/text/mask-template.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { FilledWords } from '../../parsers/text/template/filled-words.ts'

/**
 * The source of a file's text, what only a template engine knows masked; `path` is the path inside the root.
 *
 * @param words what commands are seen to fill in, in this file
 */
export function toSource(
  path: string,
  text: string,
  encoding: Source['encoding'] = 'utf8',
  words: FilledWords | null = null,
): Source {
  return { path, text, encoding, ...maskTemplate(path, text, words) }
}
