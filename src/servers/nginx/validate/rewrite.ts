import type { NginxWord } from '../../../../parsers/nginx/syntax.ts'
import { judgePattern } from '../../pcre/judge-pattern.ts'
import type { NginxDirective } from '../configuration.ts'
import { parseNumber } from './numbers.ts'
import { compile, defineName, defineVariable, useVariable } from './script.ts'
import { type Check, type Program, programOf, type Reading, report } from './unit.ts'
import { refuse, refuseParameter } from './values.ts'

/** Hands a pattern to the reader of regular expressions; its named groups become variables. */
export function compileRegex(
  reading: Reading,
  program: Program,
  directive: NginxDirective,
  word: NginxWord,
  pattern: string,
): boolean {
  const { fault, names } = judgePattern(pattern, reading.pcre)
  if (fault !== null) {
    const message = `PCRE refuses the regular expression \`${pattern}\`: ${fault}`
    report(reading, 'invalid-regex', directive, word, message)
    return false
  }
  for (const name of names) if (!defineName(reading, program, directive, word, name)) return false
  return true
}

export const checkReturn: Check = (reading, directive, facts) => {
  const [code, text] = directive.args
  if (code === undefined) return
  const program = programOf(reading, facts)
  if (facts.program === 'stream') {
    compile(reading, program, directive, code)
    return
  }
  const status = parseNumber(code.value)
  if (status === null) {
    if (text === undefined && /^(?:https?:\/\/|\$scheme)/.test(code.value)) {
      compile(reading, program, directive, code)
      return
    }
    refuse(reading, directive, code, `\`${code.value}\` is no status to return`)
  } else if (status > 999) refuse(reading, directive, code, `\`${code.value}\` is no status to return`)
  else if (text !== undefined) compile(reading, program, directive, text)
}

const FLAGS = new Set(['last', 'break', 'redirect', 'permanent'])

export const checkRewrite: Check = (reading, directive) => {
  const [regex, replacement, flag] = directive.args
  if (regex === undefined || replacement === undefined) return
  if (!compileRegex(reading, reading.http, directive, regex, regex.value)) return
  if (replacement.value === '') {
    refuse(reading, directive, replacement, 'the replacement of a `rewrite` is empty')
    return
  }
  if (flag !== undefined && !FLAGS.has(flag.value)) {
    refuseParameter(reading, directive, flag)
    return
  }
  compile(reading, reading.http, directive, replacement)
}

export const checkSet: Check = (reading, directive, facts) => {
  const [variable, value] = directive.args
  if (variable === undefined || value === undefined) return
  const program = programOf(reading, facts)
  if (defineVariable(reading, program, directive, variable)) compile(reading, program, directive, value)
}

const REGEX_OPERATORS = new Set(['~', '~*', '!~', '!~*'])
const FILE_TESTS = new Set(['-f', '!-f', '-d', '!-d', '-e', '!-e', '-x', '!-x'])

/** The condition of an `if`: its parentheses may be words of their own or touch what they hold. */
export const checkIf: Check = (reading, directive) => {
  const { args } = directive
  const open = args[0]
  const close = args[args.length - 1]
  if (open === undefined || close === undefined) return
  if (!open.value.startsWith('(')) {
    invalid(reading, directive, open, open.value)
    return
  }
  const texts = args.map(arg => arg.value)
  let first = 0
  let last = args.length - 1
  texts[0] = open.value.slice(1)
  if (texts[0] === '') first = 1
  const end = texts[last] ?? ''
  if (!end.endsWith(')')) {
    invalid(reading, directive, close, end)
    return
  }
  texts[last] = end.slice(0, -1)
  if (texts[last] === '' && last > 0) last--
  checkCondition(reading, directive, texts, first, last)
}

function checkCondition(
  reading: Reading,
  directive: NginxDirective,
  texts: readonly string[],
  first: number,
  last: number,
): void {
  const subject = texts[first] ?? ''
  const subjectWord = directive.args[first] ?? directive.node.name
  const operand = texts[last] ?? ''
  const operandWord = directive.args[last] ?? directive.node.name
  if (subject.length > 1 && subject.startsWith('$')) {
    if (first !== last && first + 2 !== last) return void invalid(reading, directive, subjectWord, subject)
    useVariable(reading.http, subject.slice(1).toLowerCase(), directive, subjectWord)
    if (first === last) return
    const operator = texts[first + 1] ?? ''
    if (operator === '=' || operator === '!=') {
      compile(reading, reading.http, directive, operandWord, operand)
    } else if (REGEX_OPERATORS.has(operator)) {
      compileRegex(reading, reading.http, directive, operandWord, operand)
    } else {
      const word = directive.args[first + 1] ?? directive.node.name
      const help = operator === '==' ? { help: 'Compare with a single `=`' } : {}
      report(
        reading,
        'invalid-condition',
        directive,
        word,
        `\`${operator}\` is no operator of a condition`,
        help,
      )
    }
    return
  }
  if (FILE_TESTS.has(subject) && first + 1 === last) {
    compile(reading, reading.http, directive, operandWord, operand)
    return
  }
  invalid(reading, directive, subjectWord, subject)
}

function invalid(reading: Reading, directive: NginxDirective, word: NginxWord, text: string): void {
  report(reading, 'invalid-condition', directive, word, `\`${text}\` is no condition`)
}
