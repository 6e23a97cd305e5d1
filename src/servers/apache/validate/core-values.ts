import type { PcreReleases } from '../../pcre/releases.ts'
import type { ApacheWord } from '../../../../parsers/apache/syntax.ts'
import { isUrl } from './alias.ts'
import { argument, type Check, type Fault, invalid, textAfterWords } from './check.ts'
import { expressionFault } from './expression.ts'
import { checkCondition } from './module-values.ts'
import { directoryFault, fileFault } from './paths.ts'
import { hasStatusLine } from './rewrite.ts'

const OPTIONS = new Set(
  'indexes includes includesnoexec followsymlinks symlinksifownermatch execcgi multiviews runscripts all none'.split(
    ' ',
  ),
)

/** `Options`: either all words with a sign or none, but behind `None` and `All`, which take none themselves. */
export const checkOptions: Check = directive => {
  let signs = 0
  let first = true
  let isSet = false
  for (const word of directive.args) {
    const sign = /^[+-]/.test(word.value)
    const name = (sign ? word.value.slice(1) : word.value).toLowerCase()
    if (sign ? !first && signs === 0 && !isSet : signs > 0) {
      return invalid(
        'options with and without a sign stand in one line',
        word,
        'give all of them a `+` or `-`, or none',
      )
    }
    if (sign) signs++
    if (!OPTIONS.has(name)) return invalid(`there is no option \`${word.value}\``, word, optionHelp(word))
    if (sign && (name === 'none' || name === 'all'))
      return invalid(`\`${word.value}\`: \`${name}\` takes no sign`, word)
    if ((name === 'none' || name === 'all') && !first) {
      return invalid(`\`${word.value}\` is not the first option`, word)
    }
    if (first) isSet = name === 'none' || name === 'all'
    first = false
  }
  return null
}

/** What word processors and web pages make of a hyphen. */
const DASHES = /^[\u2010-\u2015\u2212]/

function optionHelp(word: ApacheWord): string | undefined {
  if (word.value.includes(',')) return 'part options by blanks'
  if (DASHES.test(word.value))
    return `write \`-${word.value.replace(DASHES, '')}\` with the hyphen of the keyboard`
  return word.value.startsWith('#') ? 'put the comment on a line of its own' : undefined
}

const ETAG_PARTS = new Set(['inode', 'mtime', 'size', 'digest', 'all', 'none'])

export const checkFileETag: Check = directive => {
  const wrong = directive.args.find(word => !ETAG_PARTS.has(word.value.replace(/^[+-]/, '').toLowerCase()))
  return wrong === undefined ? null : invalid(`there is no part \`${wrong.value}\` of an ETag`, wrong)
}

const REGEX_OPTIONS = /^(?:none|[+-]?(?:icase|dotall|dollar_endonly))$/i

export const checkRegexOptions: Check = directive => {
  for (const word of directive.args) {
    if (word.value === '') return null
    if (!REGEX_OPTIONS.test(word.value)) {
      return invalid(`there is no option \`${word.value}\` of regular expressions`, word)
    }
  }
  return null
}

const OVERRIDES = new Set(['authconfig', 'fileinfo', 'indexes', 'limit', 'options', 'all', 'none'])

export const checkAllowOverride: Check = directive => {
  for (const word of directive.args) {
    const equals = word.value.indexOf('=')
    const name = (equals === -1 ? word.value : word.value.slice(0, equals)).toLowerCase()
    if (name === 'nonfatal') {
      if (equals === -1)
        return invalid(
          '`Nonfatal` is not followed by `=`',
          word,
          'write `Nonfatal=Override`, `Nonfatal=Unknown` or `Nonfatal=All`',
        )
      continue
    }
    if (!OVERRIDES.has(name)) return invalid(`there is no override class \`${word.value}\``, word)
    if (name !== 'options' || equals === -1) continue
    for (const option of word.value.slice(equals + 1).split(',')) {
      if (option !== '' && !OPTIONS.has(option.toLowerCase()))
        return invalid(`there is no option \`${option}\``, word)
    }
  }
  return null
}

export const checkAllowOverrideList: Check = directive => {
  const { args } = directive
  if (args.length < 2) return null
  const none = args.find(word => word.value.toLowerCase() === 'none')
  return none === undefined ? null : invalid('`None` stands beside names of directives', none)
}

export const checkErrorDocument: Check = (directive, _scope, walk) => {
  const code = Number.parseInt(argument(directive, 0), 10)
  if (!hasErrorStatus(code)) {
    return invalid(`\`${argument(directive, 0)}\` is no status code that httpd knows`, directive.args[0])
  }
  const word = directive.args[1]
  const target = word?.value ?? ''
  if (target.toLowerCase() === 'default') return null
  // Whatever the kind of the target, httpd reads it as a string expression, unless it is a URL.
  if (isUrl(target)) return null
  const fault = expressionFault(target, 'string', walk.names)
  return fault === null
    ? null
    : { code: 'invalid-expression', message: `the text is no expression: ${fault}`, word }
}

function hasErrorStatus(code: number): boolean {
  return hasStatusLine(code) && code !== 425
}

export const checkDocumentRoot: Check = (directive, scope, walk) => {
  const fault = directoryFault(directive, argument(directive, 0), directive.args[0], walk)
  if (fault === null) return null
  // Of a virtual host httpd only warns.
  return { ...fault, fatal: scope.virtualHost === null }
}

/** A file that has to be there. */
export const checkFile: Check = (directive, _scope, walk) =>
  fileFault(directive, argument(directive, 0), directive.args[0], walk)

/** A directory that has to be there, such as `CoreDumpDirectory`. */
export const checkDirectory: Check = (directive, _scope, walk) =>
  directoryFault(directive, argument(directive, 0), directive.args[0], walk)

/** `Error` refuses the configuration with its own words. */
export const checkError: Check = directive => {
  const text = textAfterWords(directive, 0)
  const message =
    text === '' ? '`Error` stops the server, without a word' : `\`Error\` stops the server: ${text}`
  return { code: 'error-directive', message, word: directive.args[0] }
}

const FILE_MUTEXES = new Set(['flock', 'fcntl', 'file'])
const MUTEXES = new Set(['none', 'default', 'sem', 'sysvsem', 'posixsem', 'pthread', ...FILE_MUTEXES])

export const checkMutex: Check = (directive, _scope, walk) => {
  const word = directive.args[0]
  if (word === undefined) return { code: 'wrong-argument-count', message: '`Mutex` names no mechanism' }
  const colon = word.value.indexOf(':')
  const kind = (colon === -1 ? word.value : word.value.slice(0, colon)).toLowerCase()
  if (!MUTEXES.has(kind)) return invalid(`there is no mutex \`${word.value}\``, word)
  const directory = colon === -1 ? '' : word.value.slice(colon + 1)
  return directory === '' ? null : directoryFault(directive, directory, word, walk)
}

const EXPIRY_UNITS: readonly (readonly [word: string, least: number])[] = [
  ['years', 1],
  ['months', 2],
  ['weeks', 1],
  ['days', 1],
  ['hours', 1],
  ['minutes', 2],
  ['seconds', 1],
]

/** httpd compares only the first letters: one, or two where one would not tell `months` from `minutes`. */
function isUnit(word: string): boolean {
  const lower = word.toLowerCase()
  return EXPIRY_UNITS.some(([unit, least]) => lower.slice(0, least) === unit.slice(0, least))
}

/** An expiry such as `A3600` or `access plus 1 month`; null where httpd takes it. */
function expiryFault(text: string, word: ApacheWord | undefined): Fault | null {
  if (/^[AM]/.test(text)) return null
  const words = text.split(/\s+/).filter(part => part !== '')
  const base = words.shift() ?? ''
  if (!/^[amn]/i.test(base))
    return invalid(
      `\`${base}\` is no moment from which to count`,
      word,
      'begin with `access` or `modification`',
    )
  if (/^p/i.test(words[0] ?? '')) words.shift()
  for (let index = 0; index < words.length; index += 2) {
    const number = words[index] ?? ''
    const unit = words[index + 1]
    if (!/^[0-9]/.test(number)) return invalid(`\`${number}\` is no number`, word)
    if (unit === undefined) return invalid(`no unit follows \`${number}\``, word)
    if (!isUnit(unit)) return invalid(`\`${unit}\` is no unit of time`, word)
  }
  return null
}

/** `CookieExpires`: seconds, or numbers with their units. */
export const checkCookieExpires: Check = directive => {
  const text = argument(directive, 0)
  if (/^[0-9]/.test(text) && /[0-9]$/.test(text)) return null
  return expiryFault(`access ${text}`, directive.args[0])
}

export const checkExpiresDefault: Check = directive => expiryFault(argument(directive, 0), directive.args[0])

export const checkExpiresByType: Check = directive => {
  if (!argument(directive, 0).includes('/')) {
    return invalid(`\`${argument(directive, 0)}\` has no slash, so it is no media type`, directive.args[0])
  }
  return expiryFault(argument(directive, 1), directive.args[1])
}

/** `SetEnvIf` and its kin: what is looked at, a pattern, and the variables. */
export function setEnvIfCheck(
  names: boolean,
  regexFault: (pattern: string, pcre: PcreReleases) => string | null,
): Check {
  return (directive, _scope, { pcre }) => {
    const { args } = directive
    const attribute = names ? argument(directive, 0) : ''
    const index = names ? 1 : 0
    if (
      (names && attribute === '') ||
      argument(directive, index) === '' ||
      argument(directive, index + 1) === ''
    ) {
      return {
        code: 'wrong-argument-count',
        message: `\`${directive.name}\` lacks ${names ? 'a header, a pattern or a variable' : 'a pattern or a variable'}`,
        word: args[args.length - 1],
      }
    }
    const nameFault = names && !/^[A-Za-z0-9_-]*$/.test(attribute) ? regexFault(attribute, pcre) : null
    if (nameFault !== null) {
      return {
        code: 'invalid-regex',
        message: `the name's pattern does not compile: ${nameFault}`,
        word: args[0],
      }
    }
    const fault = regexFault(argument(directive, index), pcre)
    if (fault === null) return null
    return {
      code: 'invalid-regex',
      message: `the pattern of \`${directive.name}\` does not compile: ${fault}`,
      word: args[index],
    }
  }
}

export const checkSetEnvIfExpr: Check = (directive, scope, walk) => {
  if (argument(directive, 0) === '' || argument(directive, 1) === '') {
    return { code: 'wrong-argument-count', message: '`SetEnvIfExpr` takes an expression and variables' }
  }
  return checkCondition(directive, scope, walk)
}
