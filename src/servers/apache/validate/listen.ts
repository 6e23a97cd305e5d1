import type { ApacheWord } from '../../../../parsers/apache/syntax.ts'
import { parseIpv6Groups } from '../../address.ts'
import type { ApacheDirective } from '../configuration.ts'
import { argument, type Check, type Fault, invalid, mayNeverMeet, type Walk } from './check.ts'

/** `host` is null where only a port stands; `port` 0 where none does. */
interface AddressAndPort {
  readonly host: string | null
  readonly port: number
  readonly scope: boolean
}

/** Address and port as `apr_parse_addr_port` cuts them; null where it refuses the text. */
function parseAddressAndPort(text: string): AddressAndPort | null {
  const digits = /[0-9]*$/.exec(text)?.[0] ?? ''
  const head = text.slice(0, text.length - digits.length)
  if (head === '') {
    const port = Number(digits)
    return isPort(port) ? { host: null, port, scope: false } : null
  }
  let address = text
  let port = 0
  if (digits !== '' && head.endsWith(':')) {
    if (head === ':') return null
    port = Number(digits)
    if (!isPort(port)) return null
    address = head.slice(0, -1)
  }
  if (!address.startsWith('[')) return { host: address, port, scope: false }
  if (!address.endsWith(']')) return null
  const [plain = '', scope] = address.slice(1, -1).split('%')
  if (parseIpv6Groups(plain) === null) return null
  return { host: plain, port, scope: scope !== undefined }
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65535
}

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
  const parsed = parseAddressAndPort(word.value)
  if (parsed === null) return invalid(`\`${word.value}\` has no port from 1 to 65535`, word)
  if (parsed.port === 0) {
    return invalid(`\`${word.value}\` has no port`, word, 'write the port, as in `Listen 127.0.0.1:9000`')
  }
  return duplicateFault(directive, word, parsed, walk)
}

/** httpd compares the hosts as they are written: `0.0.0.0:80` beside `*:80` is left to the kernel. */
function duplicateFault(
  directive: ApacheDirective,
  word: ApacheWord,
  parsed: AddressAndPort,
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
    const text = value.length > 2 && value.endsWith(':*') ? value.slice(0, -2) : value
    const parsed = parseAddressAndPort(text)
    if (parsed === null) return invalid(`\`${value}\` is no address with a port from 1 to 65535`, word)
    if (parsed.host === null) {
      return invalid(`\`${value}\` is a port without an address`, word, `write \`*:${value}\``)
    }
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
