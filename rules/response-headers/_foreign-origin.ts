import { endsUnknown, isUnknownWord, placedPlaceholders } from '../../parsers/text/placeholder.ts'
import { compilePcre } from '../../src/servers/regex.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'

/**
 * The origin of a foreign site that a pattern matches; null for none that is tried.
 *
 * @param isTaken what has to hold beside the match, such as that the whole origin is sent back
 */
export function foreignOrigin(
  written: string,
  caseless: boolean,
  isTaken: (origin: string) => boolean = () => true,
): string | null {
  const pattern = withDomain(written)
  if (pattern === null) return null
  const regex = compilePcre(pattern, { caseless })
  if (regex === null) return null
  for (const text of sampleTexts(pattern, { caseless, filler: 'a' }).texts.slice(0, 24)) {
    const own = /^https?:\/\//.test(text) ? text : `https://${text.replace(/^:?\/*/, '')}`
    if (!/^https?:\/\/[a-z0-9.:*-]+$/i.test(own)) continue
    const host = own.replace(/^https?:\/\//, '').replace(/:\d*$/, '')
    // A pattern of one word, such as `localhost`, is not a name with a domain.
    if (!host.replace(/^\./, '').includes('.')) continue
    const foreign = [
      `${own.replace(/:\d*$/, '')}.evil.example`,
      own.replace('://', '://evil-').replace('evil-.', 'evil.'),
      dotless(own),
    ]
    for (const origin of foreign)
      if (origin !== null && isForeign(origin, host) && regex.test(origin) === true && isTaken(origin))
        return origin
  }
  return null
}

/**
 * A pattern with a domain for the one that a template fills in; null where what is filled in begins or ends the pattern,
 * and may bring the `^` or `$` that it needs.
 */
function withDomain(pattern: string): string | null {
  if (!isUnknownWord(pattern)) return pattern
  const [first, ...others] = placedPlaceholders(pattern)
  if (first === undefined || others.length > 0 || first.start === 0 || endsUnknown(pattern)) return null
  return `${pattern.slice(0, first.start)}example\\.org${pattern.slice(first.end)}`
}

/** The same name with a letter in place of a dot in front of its domain: what an unescaped dot lets in. */
function dotless(origin: string): string | null {
  const match = /^(https?:\/\/(?:.*\.)?)([^.]+)\.([^.]+)$/.exec(origin)
  if (match === null) return null
  const [, before = '', name = '', domain = ''] = match
  return before.endsWith('.') ? `${before.slice(0, -1)}x${name}.${domain}` : null
}

/** True for a host of another registered domain than the one that is meant. */
function isForeign(origin: string, meant: string): boolean {
  const host = origin.replace(/^https?:\/\//, '').replace(/:\d*$/, '')
  const domain = meant.split('.').slice(-2).join('.')
  return host !== domain && !host.endsWith(`.${domain}`)
}
