import { NO_BREAK_SPACE } from '../../../../parsers/text/no-break-space.ts'
import type { NginxDirective } from '../configuration.ts'
import { type NginxDirectiveFacts, nginxDirective } from '../directives.ts'
import { CHECKS } from './checks.ts'
import { countMessage } from './filled-in.ts'
import { reportUnknown } from './unknown-directive.ts'
import { hasUnknownArgument, isBefore, isGone, type Level, type Reading, report } from './unit.ts'
import { checkValue } from './values.ts'

/**
 * What is wrong with a line of which nobody knows in which block it is meant to stand: no block takes it with so many
 * words, or with this value.
 */
export function checkLoneLine(reading: Reading, directive: NginxDirective, level: Level): void {
  const { name, args, node } = directive
  if (node.block !== null || hasUnknownArgument(directive)) return
  if (name.includes(NO_BREAK_SPACE) && nginxDirective(name.replaceAll(NO_BREAK_SPACE, '')).length > 0) {
    reportUnknown(reading, directive)
    return
  }
  const known = nginxDirective(name).filter(facts => mayBeMeant(reading, facts))
  const [first] = known
  if (first === undefined) return
  const fitting = known.filter(({ minimum, maximum }) => args.length >= minimum && args.length <= maximum)
  const [facts] = fitting
  if (facts === undefined) {
    if (known.every(each => each.minimum === first.minimum && each.maximum === first.maximum))
      report(reading, 'argument-count', directive, null, countMessage(name, args.length, first))
    return
  }
  if (fitting.some(({ value, words }) => value !== facts.value || words.join() !== facts.words.join())) return
  if (facts.value !== '' && !checkValue(reading, directive, facts)) return
  if (OF_ANY_BLOCK.has(name)) CHECKS.get(name)?.(reading, directive, facts, level)
}

function mayBeMeant(reading: Reading, { block, since, until }: NginxDirectiveFacts): boolean {
  return (
    !block && (since === null || !isBefore(reading, since)) && (until === null || !isGone(reading, until))
  )
}

/** Directives that are read the same way in every block. */
const OF_ANY_BLOCK: ReadonlySet<string> = new Set([
  'add_header',
  'add_trailer',
  'allow',
  'auth_request_set',
  'deny',
  'expires',
  'fastcgi_cache_valid',
  'proxy_cache_valid',
  'scgi_cache_valid',
  'set',
  'set_real_ip_from',
  'uwsgi_cache_valid',
])
