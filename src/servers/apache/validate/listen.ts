import type { ApacheWord } from '../../../../parsers/apache/syntax.ts'
import {
  type AprAddress,
  parseApacheHostAddress,
  parseApacheListen,
  parseAprAddress,
} from '../../addresses/apache.ts'
import type { ApacheDirective } from '../configuration.ts'
import { argument, type Check, type Fault, invalid, mayNeverMeet, type Walk } from './check.ts'

export const checkListen: Check = (directive, _scope, walk) => {
  const { args } = directive
  const word = args[0]
  const count = args.length
  if (word === undefined || word.value === '' || count > 2) {
    return {
      code: 'wrong-argument-count',
      message: '`Listen` takes an address with its port, and a protocol if need be',
      word: args[2],
    }
  }
  const parsed = parseAprAddress(word.value)
  if (parsed === null) return invalid(`\`${word.value}\` is no address with a port from 1 to 65535`, word)
  if (parsed.port === null) {
    return invalid(`\`${word.value}\` has no port`, word, 'write the port, as in `Listen 127.0.0.1:9000`')
  }
  if (parseApacheListen(word.value).kind === 'unresolvable')
    return invalid(`no resolver knows the address of \`${word.value}\``, word)
  return duplicateFault(directive, word, parsed, walk)
}

/** httpd compares the hosts as they are written: `0.0.0.0:80` beside `*:80` is left to the kernel. */
function duplicateFault(
  directive: ApacheDirective,
  word: ApacheWord,
  parsed: AprAddress,
  walk: Walk,
): Fault | null {
  const host = parsed.host === null || parsed.host === '*' ? '*' : parsed.host
  const key = `listen ${host}:${parsed.port}`
  const earlier = walk.defined.get(key)
  if (earlier === undefined) {
    walk.defined.set(key, directive)
    return null
  }
  if (mayNeverMeet(walk.unit, earlier, directive)) return null
  return {
    code: 'duplicate-listen',
    message: `\`${host}:${parsed.port}\` is opened by two \`Listen\``,
    word,
    related: [
      { at: { source: earlier.source, start: earlier.start, end: earlier.end }, message: 'opened here too' },
    ],
    help: 'keep one of the two',
  }
}

/** What `<VirtualHost>` refuses of its addresses; a name that does not resolve is only a warning. */
export function virtualHostAddressFault(directive: ApacheDirective): Fault | null {
  for (const word of directive.args) {
    const value = word.value
    if (value === '') break
    if (parseApacheHostAddress(value).kind !== 'malformed') continue
    const port = parseAprAddress(value)
    if (port === null) return invalid(`\`${value}\` is no address with a port from 1 to 65535`, word)
    return invalid(`\`${value}\` is a port without an address`, word, `write \`*:${value}\``)
  }
  return null
}

export const checkServerName: Check = directive => {
  const word = directive.args[0]
  const value = argument(directive, 0)
  if (/[*?]|\[.*\]/.test(value)) {
    return invalid(`\`ServerName ${value}\` is a pattern`, word, 'keep patterns for `ServerAlias`')
  }
  const scheme = value.indexOf('://')
  const rest = scheme === -1 ? value : value.slice(scheme + 3)
  const colon = rest.indexOf(':')
  if (colon === -1) return null
  const port = Number.parseInt(rest.slice(colon + 1), 10)
  if (port >= 1 && port <= 65535) return null
  return invalid(`\`${value}\` has no port from 1 to 65535 behind its colon`, word)
}

export const checkServerAlias: Check = (directive, scope, walk) => {
  if (scope.virtualHost !== null || walk.unit.fragments) return null
  return {
    code: 'not-allowed-here',
    message: `\`${directive.name}\` stands outside every \`<VirtualHost>\``,
    help: 'move it into the virtual host',
  }
}
