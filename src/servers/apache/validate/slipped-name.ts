import { isOneSlipAway } from '../../../../parsers/text/one-slip-away.ts'
import { ownTable } from '../../../../parsers/text/own-table.ts'
import type { ApacheDirective } from '../configuration.ts'
import { allApacheDirectives, apacheDirective, apacheSection } from '../directives.ts'

/**
 * What no module calls a directive: a URL, a sentence, a rule whose name is left out, a byte-order mark. Files of a
 * server's own may be written by a program that fills such words in; `.htaccess` is read as it lies there.
 */
export function isNoName({ name, section, args }: ApacheDirective): boolean {
  if (/[^\w-]/.test(name)) return true
  if (section) return false
  return /^(?:if|files|filesmatch|ifmodule|limit)$/i.test(name) || isSentence(name, args)
}

/**
 * True for the rest of the directive in the line above, which does not end in a backslash: an option with its value, the
 * flags of a rule or a quoted value, as no module calls a directive.
 */
export function continuesLineAbove({ source: { code }, nameStart, section }: ApacheDirective): boolean {
  const end = code.indexOf('\n', nameStart)
  if (section || !CONTINUATION.test(code.slice(nameStart, end === -1 ? undefined : end).trim())) return false
  const start = code.lastIndexOf('\n', nameStart)
  const above = code.slice(code.lastIndexOf('\n', start - 1) + 1, Math.max(start, 0))
  const [, name = ''] = /^\s*([A-Za-z]+)\s/.exec(above) ?? []
  return !above.endsWith('\\') && apacheDirective(name.toLowerCase())?.section === false
}

const CONTINUATION = /^(?:[a-z][a-z-]*=\S.*|\[(?:[A-Z]+|[A-Za-z]+=[^\],\s]+)(?:,[^\]\s]+)*\]|"[^"]+")$/

/** True for a comment without its `#`: words, among them one that is no value of anything. */
function isSentence(name: string, args: ApacheDirective['args']): boolean {
  const words = args.map(({ value }) => value)
  return (
    words.length >= 2 &&
    /^[A-Za-z][a-z]*$/.test(name) &&
    words.slice(0, 8).every(word => /^[\w/'"().,:-]+$/.test(word)) &&
    words.some(word => /^(?:a|an|the|of|to|for|with|from|in|into|and|is|are|if|this|that|these)$/i.test(word))
  )
}

/** The directive whose argument follows without a space, `<Location"/docs">` or `RewriteEngineOn`; undefined for none. */
export function gluedTo({ name, section, args }: ApacheDirective): string | undefined {
  const [, word = ''] = /^([a-z][a-z0-9]*)["'/*~^]/i.exec(name) ?? []
  const facts = section ? apacheSection(word.toLowerCase()) : apacheDirective(word.toLowerCase())
  if (facts?.section === section) return word
  const [, flag = ''] = (!section && args.length === 0 && /^([a-z]+)(?:on|off)$/i.exec(name)) || []
  return apacheDirective(flag.toLowerCase())?.arity === 'flag' ? flag : undefined
}

const slips = new Map<string, boolean>()

/** True for a name that is one slip away from that of a directive, or its plural. */
export function isSlipped(directive: ApacheDirective): boolean {
  const { section } = directive
  const lower = directive.name.toLowerCase()
  if (!/^[a-z]+[0-9]*$/.test(lower)) return false
  if (lower.length < 7) return !section && isSlippedShort(directive)
  const key = section ? `<${lower}` : lower
  const known = slips.get(key)
  if (known !== undefined) return known
  const isOne = [...allApacheDirectives()].some(facts => {
    const meant = facts.name.toLowerCase()
    if (facts.section !== section || meant.length < 7) return false
    if (meant[0] !== lower[0]) return meant.slice(1) === lower || lower.slice(1) === meant
    return isOneSlipAway(meant, lower) || lower === `${meant}es`
  })
  slips.set(key, isOne)
  return isOne
}

/** Short names have neighbours of their own: here what follows has to be what the directive takes, too. */
function isSlippedShort({ name, args }: ApacheDirective): boolean {
  const first = args[0]?.value.toLowerCase() ?? ''
  return Object.entries(FIRST_ARGUMENTS).some(
    ([meant, pattern]) => isOneSlipAway(meant, name.toLowerCase(), 4) && pattern.test(first),
  )
}

const FIRST_ARGUMENTS: Readonly<Record<string, RegExp>> = ownTable({
  allow: /^from$/,
  deny: /^from$/,
  header: /^(?:always|onsuccess|set|append|add|merge|unset|edit\*?|echo|note)$/,
  listen: /^(?:\S+:)?\d+$/,
  options:
    /^[+-]?(?:all|none|indexes|includes(?:noexec)?|followsymlinks|symlinksifownermatch|execcgi|multiviews)$/,
  order: /^(?:allow,deny|deny,allow)$/,
  require: /^(?:all|valid-user|user|group|ip|host|local|not|env|expr|method)$/,
})
