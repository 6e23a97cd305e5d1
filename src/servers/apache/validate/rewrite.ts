import type { PcreReleases } from '../../pcre/releases.ts'
import type { ApacheWord } from '../../../../parsers/apache/syntax.ts'
import type { ApacheDirective } from '../configuration.ts'
import { rewriteWords } from '../rewrite-words.ts'
import { argument, type Check, type Fault, invalid, mayBeLoaded } from './check.ts'
import { expressionFault } from './expression.ts'
import { existsFault } from './paths.ts'
import { regexFault } from './regex.ts'

const RULE_FLAGS = new Set(
  (
    'b backrefnoplus bnp bne bctls c chain co cookie dpi discardpath e env end f forbidden g gone h handler ' +
    'l last n next nc nocase ne noescape ns nosubreq p proxy pt passthrough qsa qsappend qsd qsdiscard qsl ' +
    'qslast r redirect s skip t type unc unsafeallow3f unsafeprefixstat'
  ).split(' '),
)
const CONDITION_FLAGS = new Set(['nc', 'nocase', 'nv', 'novary', 'or', 'ornext'])

/** The codes beyond 300 to 399 for which httpd has a status line: `R=404` answers without a redirect. */
const STATUS_CODES = new Set([
  100, 101, 102, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307,
  308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422,
  423, 424, 425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
])

export function hasStatusLine(code: number): boolean {
  return STATUS_CODES.has(code)
}

export const checkRewriteRule: Check = (directive, _scope, { pcre }) => {
  const words = rewriteWords(directive.text)
  if (words === null) return fewArguments(directive)
  const flags = readFlags(words.flags, directive)
  if (flags.fault !== null) return flags.fault
  for (const flag of flags.list) {
    const fault = ruleFlagFault(flag, directive.args[2])
    if (fault !== null) return fault
  }
  return patternFault(directive, 0, words.first, pcre)
}

export const checkRewriteCond: Check = (directive, _scope, walk) => {
  const words = rewriteWords(directive.text)
  if (words === null) return fewArguments(directive)
  const flags = readFlags(words.flags, directive)
  if (flags.fault !== null) return flags.fault
  const unknown = flags.list.find(flag => !CONDITION_FLAGS.has(keyOf(flag)))
  if (unknown !== undefined) {
    return invalid(`\`RewriteCond\` knows no flag \`${unknown}\``, directive.args[2], flagHelp(unknown))
  }
  const pattern = words.second
  if (words.first.toLowerCase() === 'expr') {
    const condition = pattern.startsWith('!') ? pattern.slice(1) : pattern
    const fault = expressionFault(condition, 'boolean', walk.names)
    if (fault === null) return null
    return {
      code: 'invalid-expression',
      message: `the condition is no expression: ${fault}`,
      word: directive.args[1],
    }
  }
  return comparesText(pattern) ? null : patternFault(directive, 1, pattern, walk.pcre)
}

/** `-f`, `=text`, `>text` and their like are no regular expressions. */
function comparesText(pattern: string): boolean {
  const bare = pattern.startsWith('!') ? pattern.slice(1) : pattern
  if (/^[<>=]/.test(bare)) return true
  if (/^-(?:[dfFlLhsUx]$|eq|ne|lt|le|gt|ge)/.test(bare)) return true
  return false
}

function patternFault(
  directive: ApacheDirective,
  index: number,
  pattern: string,
  pcre: PcreReleases,
): Fault | null {
  const fault = regexFault(pattern.startsWith('!') ? pattern.slice(1) : pattern, pcre)
  if (fault === null) return null
  return {
    code: 'invalid-regex',
    message: `the pattern of \`${directive.name}\` does not compile: ${fault}`,
    word: directive.args[index],
  }
}

function fewArguments(directive: ApacheDirective): Fault {
  const what =
    directive.name.toLowerCase() === 'rewritecond' ? 'a test string and a pattern' : 'a pattern and a target'
  return {
    code: 'wrong-argument-count',
    message: `\`${directive.name}\` takes ${what}`,
    word: directive.args[0],
  }
}

function readFlags(
  text: string | null,
  directive: ApacheDirective,
): { readonly fault: Fault | null; readonly list: readonly string[] } {
  if (text === null) return { fault: null, list: [] }
  if (!text.startsWith('[') || !text.endsWith(']') || text.length < 2) {
    const help = 'write the flags as one word: `[L,R=301]`, without blanks'
    const message = `the flags \`${text}\` do not stand in brackets`
    return { fault: invalid(message, directive.args[2], help), list: [] }
  }
  return {
    fault: null,
    list: text
      .slice(1, -1)
      .split(',')
      .map(flag => flag.trim()),
  }
}

function keyOf(flag: string): string {
  const equals = flag.indexOf('=')
  return (equals === -1 ? flag : flag.slice(0, equals)).toLowerCase()
}

function ruleFlagFault(flag: string, word: ApacheWord | undefined): Fault | null {
  const key = keyOf(flag)
  if (!RULE_FLAGS.has(key)) {
    return invalid(`\`RewriteRule\` knows no flag \`${flag}\``, word, flagHelp(flag))
  }
  if (key !== 'r' && key !== 'redirect') return null
  const value = flag.includes('=') ? flag.slice(flag.indexOf('=') + 1) : ''
  if (!/^[0-9]/.test(value)) return null
  const code = Number.parseInt(value, 10)
  if ((code >= 300 && code <= 399) || hasStatusLine(code)) return null
  return invalid(`\`${flag}\` names no status code that httpd knows`, word)
}

function flagHelp(flag: string): string | undefined {
  if (/^R[0-9]{3}$/i.test(flag)) return `write \`R=${flag.slice(1)}\``
  return flag === '' ? 'drop the comma that nothing follows' : undefined
}

export const checkRewriteBase: Check = (directive, scope, walk) => {
  if (scope.path === null && !walk.unit.fragments) {
    return {
      code: 'not-allowed-here',
      message: '`RewriteBase` stands outside every `<Directory>` or `<Location>`',
    }
  }
  if (argument(directive, 0).startsWith('/')) return null
  return invalid(`\`${argument(directive, 0)}\` does not begin with a slash`, directive.args[0])
}

const OPTIONS = new Set(
  (
    'inherit inheritbefore inheritdown inheritdownbefore ignoreinherit allownoslash mergebase ' +
    'ignorecontextinfo legacyprefixdocroot longurloptimization allowanyuri'
  ).split(' '),
)

export const checkRewriteOptions: Check = (directive, scope) => {
  for (const word of directive.args) {
    if (word.value === '') return null
    const lower = word.value.toLowerCase()
    const serverOnly = lower === 'longurloptimization' && scope.path !== null
    if ((OPTIONS.has(lower) && !serverOnly) || lower.startsWith('maxredirects=')) continue
    return invalid(`\`RewriteOptions\` knows no \`${word.value}\``, word)
  }
  return null
}

const INTERNAL_MAPS = new Set(['tolower', 'toupper', 'escape', 'unescape'])
const DBM_TYPES = new Set(['default', 'db', 'gdbm', 'ndbm', 'sdbm', 'lmdb'])

export const checkRewriteMap: Check = (directive, _scope, walk) => {
  const word = directive.args[1]
  const source = argument(directive, 1)
  const colon = source.indexOf(':')
  const type = colon === -1 ? '' : source.slice(0, colon)
  const rest = source.slice(colon + 1)
  if (type === 'int') {
    return INTERNAL_MAPS.has(rest) ? null : invalid(`there is no internal map \`${rest}\``, word)
  }
  if (type === 'dbd' || type === 'fastdbd') {
    if (mayBeLoaded(walk.unit, 'dbd_module')) return null
    return {
      code: 'module-not-loaded',
      message: `\`${type}:\` needs \`dbd_module\`, which is not loaded`,
      word,
    }
  }
  if (type === 'dbm' || type.startsWith('dbm=')) {
    const format = type.slice(4)
    if (type === 'dbm' || DBM_TYPES.has(format)) return null
    return invalid(`there is no database type \`${format}\``, word)
  }
  // A program is started with arguments; only its own file has to be there.
  const path = type === 'prg' ? (rest.split(' ')[0] ?? '') : type === 'txt' || type === 'rnd' ? rest : source
  // The words of a program are cut with their quotes, as a shell would.
  return path === '' || (type === 'prg' && /["']/.test(path))
    ? null
    : existsFault(directive, path, word, walk)
}
