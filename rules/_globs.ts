import { sampleTexts } from '../src/servers/pcre/sample-texts.ts'
import { compilePcre, toBytes } from '../src/servers/regex.ts'

/**
 * A text that a regular expression does not match, and would if its `*` were the one of file names; null where it
 * says what it means.
 */
export function lostToGlob(pattern: string, caseless: boolean): string | null {
  const meant = GLOBS.reduce((text, [glob, right]) => text.replace(glob, right), pattern)
  if (meant === pattern) return null
  const written = compilePcre(pattern, { caseless })
  const { texts } = sampleTexts(meant, { caseless, filler: 'page' })
  return texts.find(text => written?.test(toBytes(text)) === false) ?? null
}

const GLOBS: readonly (readonly [RegExp, string])[] = [
  // `/*` behind a name and in front of an extension.
  [/(?<=\w\/)\*(?=\\?\.(?:\w|\(\w))/g, '[^/]+'],
  // `\.*` at the end of a pattern, or of one of several.
  [/(?<=\w)\\\.\*(?=[|)$]|$)/g, '\\.[^/]+'],
  // `/*/` between two names.
  [/(?<=\w\/)\*\/(?=\w)/g, '[^/]+/'],
  // Behind the letters of a name and in front of an extension. `page-s*\.html` may ask for one `s` or none.
  [/(?<=(?<!\\)[\w-]{2}(?:(?<!s)|(?!\*\\)))\*(?=\\?\.(?:\w{2}|\(\w))/gi, '[^/]*'],
]
