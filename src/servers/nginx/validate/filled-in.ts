import { reveal } from '../../../../parsers/text/placeholder.ts'
import { countedLine, isUnknownWord } from '../../../../parsers/text/source.ts'
import type { NginxDirective } from '../configuration.ts'
import type { NginxDirectiveFacts } from '../directives.ts'
import { type Reading, report } from './unit.ts'

/** What a directive shows by itself, though a template fills in some of its words. */
export function checkFilledIn(reading: Reading, directive: NginxDirective, facts: NginxDirectiveFacts): void {
  checkNameToSet(reading, directive)
  checkQuotedOperand(reading, directive)
  checkSurplus(reading, directive, facts)
}

/** The name in front of a value that a template fills in. */
function checkNameToSet(reading: Reading, directive: NginxDirective): void {
  const [word] = directive.args
  if (
    directive.name !== 'set' ||
    word === undefined ||
    /^[^\w-]/.test(word.value) ||
    isUnknownWord(word.value)
  )
    return
  const message = `\`${word.value}\` is no variable: its name begins with \`$\``
  report(reading, 'invalid-variable-name', directive, word, message)
}

/** A quote behind the bracket of `if` quotes nothing: nginx compares only what begins with `$` there. */
function checkQuotedOperand(reading: Reading, directive: NginxDirective): void {
  const [word] = directive.args
  if (directive.name !== 'if' || word === undefined || !/^\(["']/.test(word.value)) return
  const operand = reveal(word.value.slice(1))
  report(reading, 'invalid-condition', directive, word, `\`${operand}\` is no condition`)
}

/** What is filled in, alone or in front of what may be the name of the next directive. */
const MAY_END = /^[\uE000-\uF8FF]+\w*$/

/**
 * More words than nginx takes, in front of any that may end the directive. Words of several lines are those of a
 * directive without its `;`.
 */
function checkSurplus(reading: Reading, directive: NginxDirective, facts: NginxDirectiveFacts): void {
  const { name, args, source, node } = directive
  const line = countedLine(source, node.name.start)
  const open = args.findIndex(({ value }) => MAY_END.test(value))
  const count = open === -1 ? args.length : open
  if (count <= facts.maximum || countedLine(source, node.terminator) !== line) return
  if (hasStatement(directive)) return
  report(reading, 'argument-count', directive, null, countMessage(name, count, facts), { certain: true })
}

/** True where a statement of a template, which is blank in the code, decides over a word. */
function hasStatement({ source: { text, code }, node }: NginxDirective): boolean {
  for (let at = node.name.end; at < node.terminator; at++)
    if (code[at] === ' ' && !/\s/.test(text[at] ?? '')) return true
  return false
}

export function countMessage(name: string, count: number, { minimum, maximum }: NginxDirectiveFacts): string {
  const wanted =
    maximum === Number.POSITIVE_INFINITY
      ? `at least ${minimum}`
      : minimum === maximum
        ? minimum === 0
          ? 'none'
          : String(minimum)
        : `${minimum} to ${maximum}`
  return `\`${name}\` has ${count} ${count === 1 ? 'argument' : 'arguments'}, where nginx wants ${wanted}`
}
