import type { NginxWord } from '../../../../parsers/nginx/syntax.ts'
import type { NginxDirective } from '../configuration.ts'
import type { NginxDirectiveFacts } from '../directives.ts'
import type { NginxProblemCode } from '../problem-codes.ts'
import { isNginxBind } from '../../addresses/nginx.ts'
import { parseNumber, parseSize, parseTime } from './numbers.ts'
import { compile } from './script.ts'
import { isBefore, programOf, type Reading, report } from './unit.ts'

/**
 * The values that nginx's common handlers read: flags, numbers, sizes, times, fixed words. False where
 * one is refused; nginx stops at the first.
 */
export function checkValue(reading: Reading, directive: NginxDirective, facts: NginxDirectiveFacts): boolean {
  const { args } = directive
  const first = args[0]
  if (first === undefined) return true
  switch (facts.value) {
    case 'on|off': {
      const lower = first.value.toLowerCase()
      if (lower === 'on' || lower === 'off') return true
      return refuse(
        reading,
        directive,
        first,
        `\`${directive.name}\` is \`on\` or \`off\`, not \`${first.value}\``,
      )
    }
    case 'number':
      return checkNumber(reading, directive, facts, first)
    case 'size':
    case 'offset':
      if (parseSize(first.value, facts.value === 'offset') !== null)
        return checkSize(reading, directive, first)
      return refuse(reading, directive, first, `\`${first.value}\` is no size such as \`64k\` or \`10m\``)
    case 'time-ms':
    case 'time-s':
      if (parseTime(first.value, facts.value === 'time-s') !== null) return true
      return refuse(reading, directive, first, `\`${first.value}\` is no time such as \`30s\` or \`5m\``)
    case 'count size':
      return checkCountAndSize(reading, directive)
    case 'word':
      return facts.words.length === 0 || checkWord(reading, directive, facts, first)
    case 'words':
      if (facts.words.length > 0)
        for (const word of args) if (!checkWord(reading, directive, facts, word)) return false
      return true
    case 'access':
      return checkAccess(reading, directive)
    case 'path':
      return checkPath(reading, directive)
    case 'bind':
      return checkBind(reading, directive, facts)
    case 'complex-size':
      if (first.value.includes('$') || parseSize(first.value) !== null) return true
      return refuse(reading, directive, first, `\`${first.value}\` is no size such as \`64k\` or \`10m\``)
    default:
      return true
  }
}

/** Reports a value that nginx refuses. */
export function refuse(reading: Reading, directive: NginxDirective, word: NginxWord, message: string): false {
  report(reading, 'invalid-value', directive, word, message)
  return false
}

/** Reports a parameter that the directive does not know. */
export function refuseParameter(reading: Reading, directive: NginxDirective, word: NginxWord): false {
  const message = `\`${directive.name}\` has no parameter \`${word.value}\``
  report(reading, 'invalid-parameter', directive, word, message)
  return false
}

function checkNumber(
  reading: Reading,
  directive: NginxDirective,
  facts: NginxDirectiveFacts,
  word: NginxWord,
): boolean {
  const value = parseNumber(word.value)
  if (value === null) return refuse(reading, directive, word, `\`${word.value}\` is no number`)
  if (directive.name === 'http2_streams_index_size' && !isPowerOfTwo(value, 1, 2 ** 62))
    return refuse(reading, directive, word, 'the index of the streams of HTTP/2 is a power of two')
  if (facts.bounds === null) return true
  const [low, high] = facts.bounds
  if (value >= low && value <= high) return true
  return refuse(reading, directive, word, `\`${directive.name}\` is between ${low} and ${high}, not ${value}`)
}

/** Sizes that a further check of nginx binds to powers of two or to a smallest value. */
function checkSize(reading: Reading, directive: NginxDirective, word: NginxWord): boolean {
  const size = parseSize(word.value) ?? 0
  switch (directive.name) {
    case 'connection_pool_size':
    case 'request_pool_size':
      if (size >= 256 && size % 16 === 0) return true
      return refuse(reading, directive, word, 'a pool is at least 256 bytes, in multiples of 16')
    case 'http2_pool_size':
      if (size >= 112 && size % 16 === 0) return true
      return refuse(reading, directive, word, 'a pool of HTTP/2 is at least 112 bytes, in multiples of 16')
    case 'gzip_window':
      if (isPowerOfTwo(size, 512, 32_768)) return true
      return refuse(reading, directive, word, 'a gzip window is a power of two from 512 to 32k')
    case 'gzip_hash':
      if (isPowerOfTwo(size, 512, 131_072)) return true
      return refuse(reading, directive, word, 'a gzip hash is a power of two from 512 to 128k')
    default:
      return true
  }
}

function isPowerOfTwo(value: number, low: number, high: number): boolean {
  return value >= low && value <= high && Number.isInteger(Math.log2(value))
}

function checkCountAndSize(reading: Reading, directive: NginxDirective): boolean {
  const [count, size] = directive.args
  if (count === undefined || size === undefined) return true
  if (!(parseNumber(count.value) ?? 0))
    return refuse(reading, directive, count, `\`${count.value}\` is no number of buffers`)
  if (!(parseSize(size.value) ?? 0))
    return refuse(reading, directive, size, `\`${size.value}\` is no size of a buffer`)
  return true
}

function checkWord(
  reading: Reading,
  directive: NginxDirective,
  facts: NginxDirectiveFacts,
  word: NginxWord,
): boolean {
  const lower = word.value.toLowerCase()
  for (const known of facts.words)
    if (known.word.toLowerCase() === lower && (known.since === null || !isBefore(reading, known.since)))
      return true
  const choice = facts.words.map(known => `\`${known.word}\``).join(', ')
  const message = `\`${directive.name}\` takes ${choice}, not \`${word.value}\``
  return refuse(reading, directive, word, message)
}

function checkAccess(reading: Reading, directive: NginxDirective): boolean {
  for (const word of directive.args)
    if (!/^(?:user:|group:|all:)(?:rw|r)$/.test(word.value))
      return refuse(reading, directive, word, `\`${word.value}\` is no access such as \`group:rw\``)
  return true
}

function checkPath(reading: Reading, directive: NginxDirective): boolean {
  for (const word of directive.args.slice(1))
    if (!(parseNumber(word.value) ?? 0))
      return refuse(
        reading,
        directive,
        word,
        `\`${word.value}\` is no number of letters for a level of directories`,
      )
  return true
}

function checkBind(reading: Reading, directive: NginxDirective, facts: NginxDirectiveFacts): boolean {
  const [address, parameter] = directive.args
  if (address === undefined || (address.value === 'off' && parameter === undefined)) return true
  if (address.value.includes('$')) {
    if (!compile(reading, programOf(reading, facts), directive, address)) return false
  } else if (!isNginxBind(address.value))
    return refuse(reading, directive, address, `\`${address.value}\` is no address to bind to`)
  if (parameter !== undefined && parameter.value !== 'transparent')
    return refuseParameter(reading, directive, parameter)
  return true
}

/** The value behind `name=`, or null where the word is another parameter. */
export function parameter(word: NginxWord, name: string): string | null {
  return word.value.startsWith(`${name}=`) ? word.value.slice(name.length + 1) : null
}

/** nginx masks the address of a network, and warns where that changes it. */
export function warnOfHostBits(
  reading: Reading,
  code: NginxProblemCode,
  directive: NginxDirective,
  word: NginxWord | null,
  text: string,
): void {
  const message = `the low bits of the address in \`${text}\` mean nothing behind its mask`
  report(reading, code, directive, word, message, { fatal: false })
}
