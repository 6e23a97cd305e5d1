import { memo } from '../../parsers/collections/memo.ts'
import { placedPlaceholders } from '../../parsers/text/placeholder.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'

/**
 * A pattern with a letter for all that is filled in; null where one of the words stands in patterns alone, so that it
 * may be one itself. What is a path, a URL or the target of a redirect elsewhere in the configuration is no pattern.
 */
export function withPlainWords(pattern: string, configuration: ApacheConfiguration): string | null {
  let filled = pattern
  for (const word of wordsFilledIn(pattern)) {
    if (!plainWords(configuration).has(word)) return null
    filled = filled.replaceAll(word, 'x')
  }
  return filled
}

/** Placeholders of templates, and variables that nobody here defines. */
function wordsFilledIn(text: string): readonly string[] {
  const placeholders = [...placedPlaceholders(text)].map(({ start, end }) => text.slice(start, end))
  return [...placeholders, ...(text.match(/\$\{\w+\}/g) ?? [])]
}

const plainWords = memo(({ occurrences }: ApacheConfiguration): ReadonlySet<string> => {
  const found = new Set<string>()
  for (const name of TAKE_NO_PATTERN)
    for (const { args } of occurrences.get(name) ?? [])
      for (const { value } of args) for (const word of wordsFilledIn(value)) found.add(word)
  for (const name of ['redirectmatch', 'rewriterule'])
    for (const { args } of occurrences.get(name) ?? []) {
      // The target comes last, or in front of flags.
      const target = args.findLast(({ value }) => !value.startsWith('['))
      if (args.length > 1) for (const word of wordsFilledIn(target?.value ?? '')) found.add(word)
    }
  return found
})

const TAKE_NO_PATTERN: readonly string[] = [
  ...['alias', 'scriptalias', 'wsgiscriptalias', 'redirect', 'redirectpermanent', 'redirecttemp'],
  ...['documentroot', 'directory', 'location', 'servername', 'serveralias', 'rewritebase'],
  ...['proxypass', 'proxypassreverse', 'errorlog', 'customlog'],
]
