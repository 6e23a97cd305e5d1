import { isOneSlipAway } from '../../../../parsers/text/one-slip-away.ts'
import { ownTable } from '../../../../parsers/text/own-table.ts'
import type { ApacheDirective } from '../configuration.ts'
import {
  type ApacheDirectiveFacts,
  allApacheDirectives,
  apacheDirective,
  apacheSection,
} from '../directives.ts'

/**
 * What no module calls a directive: a URL, a sentence, a rule whose name is left out, a byte-order mark. Files of a
 * server's own may be written by a program that fills such words in; `.htaccess` is read as it lies there.
 */
export function isNoName({ name, section, args }: ApacheDirective): boolean {
  if (/[^\w-]/.test(name)) return true
  if (section) return false
  return /^(?:if|files|filesmatch|ifmodule|limit)$/i.test(name) || isSentence(name, args)
}

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

const slips = new Map<string, ApacheDirectiveFacts | undefined>()

/** The directive that a name is one slip away from, or the plural of; undefined for none. */
export function slippedFrom(directive: ApacheDirective): ApacheDirectiveFacts | undefined {
  const { section } = directive
  const lower = directive.name.toLowerCase()
  if (!/^[a-z]+[0-9]*$/.test(lower)) return undefined
  if (lower.length < 7) return section ? undefined : slippedFromShort(directive)
  const key = section ? `<${lower}` : lower
  if (slips.has(key)) return slips.get(key)
  const meant = [...allApacheDirectives()].find(facts => {
    const known = facts.name.toLowerCase()
    if (facts.section !== section || known.length < 7) return false
    if (known[0] !== lower[0]) return known.slice(1) === lower || lower.slice(1) === known
    return isOneSlipAway(known, lower) || lower === `${known}es`
  })
  slips.set(key, meant)
  return meant
}

/** Short names have neighbours of their own: here what follows has to be what the directive takes, too. */
function slippedFromShort({ name, args }: ApacheDirective): ApacheDirectiveFacts | undefined {
  const first = args[0]?.value.toLowerCase() ?? ''
  const meant = Object.keys(FIRST_ARGUMENTS).find(
    known => isOneSlipAway(known, name.toLowerCase(), 4) && FIRST_ARGUMENTS[known]?.test(first),
  )
  return meant === undefined ? undefined : apacheDirective(meant)
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
