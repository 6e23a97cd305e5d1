import { isClosedQuote } from '../../../../parsers/apache/split-words.ts'
import type { ApacheWord } from '../../../../parsers/apache/syntax.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import type { ApacheDirective } from '../configuration.ts'
import type { ApacheArity, ApacheDirectiveFacts } from '../directives.ts'
import type { Fault } from './check.ts'

/**
 * How many words each kind takes, and how httpd says it. The first word may not be empty, nor may the
 * second where two are required; words of `each` end at the first empty one.
 */
const COUNTS: Partial<Record<ApacheArity, { least: number; most: number; says: string }>> = {
  '0': { least: 0, most: 0, says: 'no arguments' },
  '1': { least: 1, most: 1, says: 'one argument' },
  '2': { least: 2, most: 2, says: 'two arguments' },
  '3': { least: 3, most: 3, says: 'three arguments' },
  '1|2': { least: 1, most: 2, says: 'one or two arguments' },
  '1|3': { least: 1, most: 3, says: 'one or three arguments' },
  '2|3': { least: 2, most: 3, says: 'two or three arguments' },
  '1|2|3': { least: 1, most: 3, says: 'one, two or three arguments' },
  each: { least: 1, most: Number.POSITIVE_INFINITY, says: 'at least one argument' },
  'first-with-each': { least: 2, most: Number.POSITIVE_INFINITY, says: 'at least two arguments' },
}

/** What httpd's own count of the words refuses, before it calls the directive's handler. */
export function arityFault(directive: ApacheDirective, facts: ApacheDirectiveFacts): Fault | null {
  const { args } = directive
  if (facts.arity === 'raw' || facts.arity === 'argv') return null
  if (facts.arity === 'flag') {
    const word = args[0]?.value.toLowerCase()
    if (word === 'on' || word === 'off') return null
    const message =
      args.length === 0 || word === ''
        ? `\`${directive.name}\` has neither \`On\` nor \`Off\``
        : `\`${directive.name}\` is \`On\` or \`Off\`, never \`${args[0]?.value}\``
    return { code: 'invalid-value', message, word: args[0] }
  }
  const count = COUNTS[facts.arity]
  if (count === undefined) return null
  const empty = missingWord(directive, facts.arity, count.least)
  const oneOrThree = facts.arity === '1|3' && args.length === 2 && args[1]?.value !== ''
  if (!empty && !oneOrThree && args.length >= count.least && args.length <= count.most) return null
  const surplus = args.length > count.most ? args[count.most] : undefined
  return {
    code: 'wrong-argument-count',
    message: `\`${directive.name}\` takes ${count.says}, ${says(args.length)}`,
    word: surplus,
    help: helpFor(facts, surplus?.value),
  }
}

/**
 * The fault of a line of a template that has too many arguments however its placeholders come out: each of them stands
 * in quotes, where it is a part of one argument.
 */
export function surplusFault(directive: ApacheDirective, facts: ApacheDirectiveFacts): Fault | null {
  const { args, source } = directive
  const isOne = (word: ApacheWord): boolean =>
    !isUnknownWord(word.value) || isClosedQuote(source.code, word.start, word.end)
  if (isUnknownWord(directive.name) || !args.every(isOne)) return null
  const count = COUNTS[facts.arity]
  return count !== undefined && args.length > count.most ? arityFault(directive, facts) : null
}

function missingWord(directive: ApacheDirective, arity: ApacheArity, least: number): boolean {
  const { args } = directive
  if (least === 0) return false
  if (args[0]?.value === '') return true
  if (least >= 2 && arity !== 'first-with-each' && args[1]?.value === '') return true
  return least >= 3 && args[2]?.value === ''
}

function says(count: number): string {
  return count === 0 ? 'and none is given' : `and ${count} ${count === 1 ? 'is' : 'are'} given`
}

function helpFor(facts: ApacheDirectiveFacts, surplus: string | undefined): string | undefined {
  if (surplus?.startsWith('#')) return 'put the comment on a line of its own: here `#` is an argument'
  return facts.syntax === null ? undefined : `write \`${facts.syntax}\``
}
