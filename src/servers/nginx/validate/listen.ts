import type { NginxWord } from '../../../../parsers/nginx/syntax.ts'
import type { NginxDirective } from '../configuration.ts'
import { formatEndpoint } from '../../address.ts'
import { isPossibleNginxHost, type NginxAddress, parseNginxAddress } from '../../addresses/nginx.ts'
import { parseNumber, parseSize, parseTime } from './numbers.ts'
import { SPDY_GONE, warnOfSpdy } from './spdy.ts'
import {
  type Check,
  isBefore,
  isSince,
  machineOf,
  nameOf,
  type Reading,
  report,
  type ServerFacts,
} from './unit.ts'
import { refuse, refuseParameter } from './values.ts'

interface ListenOptions {
  /** Some parameter sets an option of the socket itself: only one `listen` of an address may. */
  options: boolean
  defaultServer: boolean
  ssl: boolean
}

export const checkListen: Check = (reading, directive, facts) => {
  const [word] = directive.args
  if (word === undefined) return
  const address = parseNginxAddress(word.value, { listen: true })
  if (typeof address === 'string') {
    report(
      reading,
      'invalid-address',
      directive,
      word,
      `\`${word.value}\` is no address to listen on: ${address}`,
    )
    return
  }
  if (!isPossibleNginxHost(address)) {
    const message = `\`${word.value}\` is no port, no address and no name that a host can have`
    report(reading, 'invalid-address', directive, word, message)
    return
  }
  if (address.address.kind === 'name' && address.port === null && /^\d+[a-z_]{1,3}$/.test(address.host)) {
    const message = `nginx takes \`${word.value}\` for the name of a host, as it is no port`
    report(reading, 'invalid-address', directive, word, message, { fatal: false })
  }
  if (facts.program !== 'http' && address.port === null && address.address.kind !== 'unix') {
    report(reading, 'invalid-address', directive, word, `\`${word.value}\` names no port to listen on`)
    return
  }
  const options: ListenOptions = { options: false, defaultServer: false, ssl: false }
  for (const parameter of directive.args.slice(1)) {
    const read = facts.program === 'http' ? readHttpParameter : readOtherParameter
    if (!read(reading, directive, parameter, options)) return
  }
  if (facts.program === 'http') openSocket(reading, directive, address, options)
  else openStreamSocket(reading, directive, facts.program, address, options)
}

function readHttpParameter(
  reading: Reading,
  directive: NginxDirective,
  word: NginxWord,
  options: ListenOptions,
): boolean {
  const { value } = word
  switch (value) {
    case 'default_server':
    case 'default':
      options.defaultServer = true
      return true
    case 'ssl':
      options.ssl = true
      return true
    case 'http2':
    case 'proxy_protocol':
      return true
    case 'quic':
      return !isBefore(reading, '1.25.0') || refuseParameter(reading, directive, word)
    case 'spdy':
      if (isSince(reading, SPDY_GONE)) return refuseParameter(reading, directive, word)
      warnOfSpdy(reading, directive, word)
      return true
    case 'multipath':
      options.options = true
      return !isBefore(reading, '1.29.7') || refuseParameter(reading, directive, word)
    default:
      return readSocketParameter(reading, directive, word, options)
  }
}

function readOtherParameter(
  reading: Reading,
  directive: NginxDirective,
  word: NginxWord,
  options: ListenOptions,
): boolean {
  switch (word.value) {
    case 'ssl':
      options.ssl = true
      return true
    case 'udp':
    case 'proxy_protocol':
      return true
    case 'default_server':
      options.defaultServer = true
      return !isBefore(reading, '1.25.5') || refuseParameter(reading, directive, word)
    default:
      return readSocketParameter(reading, directive, word, options)
  }
}

/** `so_keepalive=on`, `off`, or `idle:interval:count` with any of the three left out but not all. */
function isKeepalive(value: string): boolean {
  if (value === 'on' || value === 'off') return true
  const parts = value.split(':')
  if (parts.length !== 3 || parts.every(part => part === '')) return false
  const [idle = '', interval = '', count = ''] = parts
  return (
    (idle === '' || parseTime(idle, true) !== null) &&
    (interval === '' || parseTime(interval, true) !== null) &&
    (count === '' || (parseNumber(count) ?? 0) > 0)
  )
}

function readSocketParameter(
  reading: Reading,
  directive: NginxDirective,
  word: NginxWord,
  options: ListenOptions,
): boolean {
  const equals = word.value.indexOf('=')
  const name = equals === -1 ? word.value : word.value.slice(0, equals + 1)
  const value = equals === -1 ? '' : word.value.slice(equals + 1)
  options.options = true
  switch (name) {
    case 'bind':
    case 'deferred':
    case 'reuseport':
    case 'setfib=':
    case 'accept_filter=':
      return true
    case 'backlog=':
    case 'fastopen=': {
      const number = parseNumber(value)
      if (number !== null && (number > 0 || name === 'fastopen=')) return true
      break
    }
    case 'rcvbuf=':
    case 'sndbuf=':
      if (parseSize(value) !== null) return true
      break
    case 'ipv6only=':
      if (value === 'on' || value === 'off') return true
      break
    case 'so_keepalive=':
      if (isKeepalive(value)) return true
      break
    default:
      return refuseParameter(reading, directive, word)
  }
  return refuse(reading, directive, word, `\`${word.value}\` is no value for this parameter of \`listen\``)
}

/** One key for each address that nginx takes for the same; null where only DNS tells. */
function socketKeys(listen: NginxAddress, fallback: number): readonly string[] | null {
  const { address } = listen
  if (address.kind === 'name') return null
  if (address.kind === 'unix') return [`unix:${address.path}`]
  const host = formatEndpoint({ address, port: null })
  const first = listen.port ?? fallback
  const last = listen.lastPort ?? first
  if (last - first > 1000) return null
  return Array.from({ length: last - first + 1 }, (_, index) => `${host}:${first + index}`)
}

function openSocket(
  reading: Reading,
  directive: NginxDirective,
  address: NginxAddress,
  options: ListenOptions,
): void {
  const server = reading.http.servers[reading.http.servers.length - 1]
  if (server === undefined || server.directive !== directive.parent) return
  const keys = socketKeys(address, 80)
  if (keys === null) {
    server.listens.push({ key: null, ssl: options.ssl, directive })
    return
  }
  const quic = directive.args.some(arg => arg.value === 'quic')
  for (const key of keys) {
    const name = `${quic ? 'quic ' : ''}${key}`
    server.listens.push({ key: name, ssl: options.ssl || quic, directive })
    if (!joinSocket(reading, directive, server, name, key, options)) return
  }
}

/** What several `listen` of one address may not do together. */
function joinSocket(
  reading: Reading,
  directive: NginxDirective,
  server: ServerFacts,
  name: string,
  shown: string,
  options: ListenOptions,
): boolean {
  const socketName = `http ${machineOf(reading, directive)} ${name}`
  const socket = reading.sockets.get(socketName)
  if (socket === undefined) {
    reading.sockets.set(socketName, {
      servers: new Set([server]),
      optionsAt: options.options ? directive : null,
      defaultAt: options.defaultServer ? directive : null,
      ssl: options.ssl,
    })
    return true
  }
  if (socket.servers.has(server)) {
    report(
      reading,
      'duplicate-listen',
      directive,
      directive.args[0] ?? null,
      `this server listens on ${shown} twice`,
    )
    return false
  }
  socket.servers.add(server)
  if (options.ssl) socket.ssl = true
  if (options.options) {
    if (socket.optionsAt !== null) {
      const related = [{ at: nameOf(socket.optionsAt), message: 'here they are set already' }]
      const message = `the options of the socket ${shown} are set a second time`
      report(reading, 'duplicate-listen', directive, directive.args[0] ?? null, message, { related })
      return false
    }
    socket.optionsAt = directive
  }
  if (options.defaultServer) {
    if (socket.defaultAt !== null) {
      const related = [{ at: nameOf(socket.defaultAt), message: 'the default server so far' }]
      const word = directive.args.find(arg => arg.value.startsWith('default')) ?? null
      const message = `${shown} has a default server already`
      report(reading, 'duplicate-default-server', directive, word, message, { related })
      return false
    }
    socket.defaultAt = directive
  }
  return true
}

function openStreamSocket(
  reading: Reading,
  directive: NginxDirective,
  program: string,
  address: NginxAddress,
  options: ListenOptions,
): void {
  const state = program === 'mail' ? reading.mail : reading.stream
  const server = state.servers[state.servers.length - 1]
  if (server === undefined || server.directive !== directive.parent) return
  const keys = socketKeys(address, 0)
  const udp = directive.args.some(arg => arg.value === 'udp') ? 'udp ' : ''
  if (keys === null) {
    server.listens.push({ key: null, ssl: options.ssl, directive })
    return
  }
  for (const key of keys) {
    server.listens.push({ key, ssl: options.ssl, directive })
    const name = `${program} ${machineOf(reading, directive)} ${udp}${key}`
    const socket = reading.sockets.get(name)
    // Since 1.25.5 several servers of a stream share an address and are told apart by name.
    const shared = program === 'stream' && !isBefore(reading, '1.25.5')
    if (socket === undefined) {
      const first = { optionsAt: null, defaultAt: null, ssl: options.ssl }
      reading.sockets.set(name, { servers: new Set([server]), ...first })
    } else if (!shared || socket.servers.has(server)) {
      const message = `the address and port ${key} are listened on twice`
      report(reading, 'duplicate-listen', directive, directive.args[0] ?? null, message)
      return
    } else socket.servers.add(server)
  }
}
