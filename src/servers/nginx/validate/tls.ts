import type { NginxWord } from '../../../../parsers/nginx/syntax.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import type { DirectoryEntry, FileSystem } from '../../../files/file-system.ts'
import type { NginxDirective } from '../configuration.ts'
import { childrenNamed } from '../queries/scope.ts'
import { effective, effectiveAll } from './merge.ts'
import { parseNumber, parseSize } from './numbers.ts'
import {
  type Check,
  hasUnknownArgument,
  isWhole,
  type Program,
  type Reading,
  report,
  type ServerFacts,
} from './unit.ts'
import { refuse } from './values.ts'
import { declareZone } from './zones.ts'

export const checkSessionCache: Check = (reading, directive) => {
  for (const word of directive.args) {
    const { value } = word
    if (value === 'off' || value === 'none' || value === 'builtin') continue
    if (value.startsWith('builtin:')) {
      if (parseNumber(value.slice(8)) === null)
        return void refuse(reading, directive, word, `\`${value}\` is no cache of sessions`)
      continue
    }
    const [, name = '', size = ''] = value.startsWith('shared:') ? value.split(':') : []
    const bytes = parseSize(size)
    if (name === '' || bytes === null || bytes < 32_768)
      return void refuse(
        reading,
        directive,
        word,
        `\`${value}\` is no cache of sessions such as \`shared:SSL:10m\``,
      )
    if (!declareZone(reading, directive, word, 'ssl sessions', name, bytes)) return
  }
}

export const checkOcspCache: Check = (reading, directive) => {
  const [word] = directive.args
  if (word === undefined || word.value === 'off') return
  const [kind, name = '', size = ''] = word.value.split(':')
  const bytes = parseSize(size)
  if (kind !== 'shared' || name === '' || bytes === null || bytes < 32_768)
    refuse(reading, directive, word, `\`${word.value}\` is no cache such as \`shared:name:1m\``)
  else declareZone(reading, directive, word, 'ssl ocsp', name, bytes)
}

/** Directives whose file nginx opens when it merges a server that has a certificate. */
const FILES = [
  'ssl_certificate',
  'ssl_certificate_key',
  'ssl_client_certificate',
  'ssl_trusted_certificate',
  'ssl_crl',
  'ssl_dhparam',
  'ssl_session_ticket_key',
] as const

/** Names of TLS 1.3 alone, of which OpenSSL's list of ciphers knows none. */
const SUITE = /^TLS_(?:AES_(?:128|256)_(?:GCM|CCM(?:_8)?)|CHACHA20_POLY1305)_SHA(?:256|384)$/

/**
 * A list of ciphers in which OpenSSL finds none: nginx hands it on for each server that has a certificate. What a server
 * sets itself no other file can change.
 */
export function checkCiphers(reading: Reading, servers: Program['servers']): void {
  if (!reading.unit.occurrences.has('ssl_ciphers')) return
  for (const { directive } of servers) {
    const line = hasCertificate(directive) ? effective(directive, 'ssl_ciphers') : null
    if (line === null || (line.parent !== directive && !isWhole(reading))) continue
    if (!checkCiphersOf(reading, line)) return
  }
}

/**
 * The same of lines outside of servers: they are for those of the file that set none, or for those of other files, and a
 * second one in front of them is refused too.
 */
export function checkLoneCiphers(reading: Reading): void {
  const servers = reading.http.servers.filter(({ directive }) => hasCertificate(directive))
  for (const line of reading.unit.top) {
    if (line.name !== 'ssl_ciphers') continue
    const own = servers.filter(({ directive }) => directive.source === line.source)
    const isRead =
      own.length === 0 || own.some(({ directive }) => childrenNamed(directive, line.name).length === 0)
    if (isRead && !checkCiphersOf(reading, line)) return
  }
}

/** False where OpenSSL finds no cipher. */
function checkCiphersOf(reading: Reading, line: NginxDirective): boolean {
  const [word] = line.args
  if (word === undefined || hasUnknownArgument(line)) return true
  const names = word.value.split(/[:, ]+/).filter(name => name !== '' && !/^[!+@-]/.test(name))
  if (names.length === 0 || !names.every(name => SUITE.test(name))) return true
  const message = `\`${line.name}\` names ciphers of TLS 1.3 alone, which OpenSSL does not look for here: no cipher matches`
  const help =
    'Those are on by themselves: name ciphers of TLS 1.2 here, or write `ssl_conf_command Ciphersuites …;`'
  report(reading, 'invalid-value', line, word, message, { help })
  return false
}

/** The files of TLS that hold for some server with a certificate. */
export function checkTlsFiles(reading: Reading, program: Program): void {
  const { main, occurrences } = reading.unit
  if (main === null || !FILES.some(name => occurrences.has(name))) return
  const blocks = new Set<NginxDirective>()
  const verifying = new Set<NginxDirective>()
  for (const { directive } of program.servers) {
    if (!hasCertificate(directive)) continue
    const verify = effective(directive, 'ssl_verify_client')?.args[0]?.value.toLowerCase() ?? 'off'
    for (const block of [directive, ...(directive.parent === null ? [] : [directive.parent])]) {
      blocks.add(block)
      if (verify !== 'off') verifying.add(block)
    }
  }
  for (const name of FILES) {
    // Authorities of clients are read where clients are asked for a certificate.
    const readIn = name === 'ssl_client_certificate' ? verifying : blocks
    for (const directive of occurrences.get(name) ?? [])
      if (directive.parent !== null && readIn.has(directive.parent)) checkFile(reading, directive)
  }
}

/** nginx reads passwords while it reads the directive. */
export function checkPasswordFile(reading: Reading, directive: NginxDirective): void {
  checkFile(reading, directive)
}

/** A file of TLS that is not there: fatal where its absence is evidence. */
function checkFile(reading: Reading, directive: NginxDirective): void {
  const [word] = directive.args
  const { main, files } = reading.unit
  if (word === undefined || main === null || directive.source.template) return
  const { value } = word
  if (value === '' || value.includes('$') || /^(?:data|engine|store):/.test(value)) return
  const path = value.startsWith('/') ? value : `${main.path.slice(0, main.path.lastIndexOf('/'))}/${value}`
  if (!isSurelyMissing(files, path)) return
  // A key beside its certificate is what the owner of a copy or a repository leaves out on purpose.
  if (directive.name.endsWith('_key') && !files.covers(NOWHERE)) return
  const message = `\`${value}\` is not there`
  report(reading, 'certificate-missing', directive, word, message)
}

/** A path that no machine has: who vouches for it vouches for every path, as a whole machine does. */
const NOWHERE = '/-/-/-'

/** Repositories leave out certificates by their extension: only a directory that has another one shows them. */
function keepsTheKind(entries: readonly DirectoryEntry[], name: string): boolean {
  const dot = name.lastIndexOf('.')
  return dot > 0 && entries.some(entry => entry.name.endsWith(name.slice(dot)))
}

/**
 * True where the directory that would hold the file can be listed and does not, or, on a whole machine, is
 * itself not there: out of a copy or a repository the directories of certificates are left as a whole.
 */
export function isSurelyMissing(files: FileSystem, path: string): boolean {
  if (!files.covers(path) || files.kind(path) !== null) return false
  let directory = path
  while (directory !== '') {
    directory = directory.slice(0, directory.lastIndexOf('/'))
    const entries = files.list(directory === '' ? '/' : directory)
    if (entries !== null) {
      const name = path.slice(directory.length + 1).split('/')[0] ?? ''
      // A link that leads out of what is audited is there, whatever it leads to.
      if (entries.some(entry => entry.name === name)) return false
      return files.covers(NOWHERE) || keepsTheKind(entries, name)
    }
    if (files.kind(directory === '' ? '/' : directory) !== null || !files.covers(NOWHERE)) return false
  }
  return false
}

/**
 * Each key beside its certificate, and a certificate for each address that speaks TLS: on such an address
 * the default server needs one, or refuses handshakes, which then binds all the others.
 */
export function checkCertificates(reading: Reading, program: Program): void {
  if (isWhole(reading)) {
    if (!checkEachServer(reading, program)) return
  } else if (program.name !== 'http' || reading.unit.fragments || reading.unit.unknownServers === null) return
  if (program.name === 'http') checkSockets(reading, program)
  else checkOwnListens(reading, program)
}

/** What each server has, whatever others have; false where something was told of it. */
function checkEachServer(reading: Reading, program: Program): boolean {
  const { occurrences } = reading.unit
  const mayLack = occurrences.has('ssl_certificate') || occurrences.has('ssl')
  for (const { directive } of mayLack ? program.servers : []) {
    const certificates = effectiveAll(directive, 'ssl_certificate')
    const keys = effectiveAll(directive, 'ssl_certificate_key')
    const last = certificates[certificates.length - 1]
    if (last !== undefined && keys.length < certificates.length) {
      const word: NginxWord | null = last.args[0] ?? null
      report(
        reading,
        'certificate-missing',
        last,
        word,
        `no \`ssl_certificate_key\` belongs to \`${word?.value}\``,
      )
      return false
    }
    const verify = effective(directive, 'ssl_verify_client')
    const wanted = verify?.args[0]?.value.toLowerCase()
    if (
      last !== undefined &&
      verify !== null &&
      (wanted === 'on' || wanted === 'optional') &&
      effective(directive, 'ssl_client_certificate') === null &&
      effective(directive, 'ssl_trusted_certificate') === null
    ) {
      const message = '`ssl_verify_client` stands where no `ssl_client_certificate` holds'
      report(reading, 'certificate-missing', verify, null, message)
      return false
    }
    const [ssl] = effectiveAll(directive, 'ssl')
    if (ssl?.args[0]?.value.toLowerCase() === 'on' && last === undefined) {
      report(reading, 'certificate-missing', ssl, null, '`ssl on` stands where no `ssl_certificate` holds')
      return false
    }
  }
  return true
}

/** A certificate for each address that speaks TLS: its default server needs one. */
function checkSockets(reading: Reading, program: Program): void {
  const { unknownServers } = reading.unit
  // A server without `listen` may have it where nobody can read.
  if (program.servers.some(each => each.listens.length === 0 && unknownServers?.has(each.directive) === true))
    return
  const tls = new Set<string>()
  for (const { listens } of program.servers)
    for (const { key, ssl } of listens) if (ssl && key !== null) tls.add(key)
  if (tls.size === 0) return
  const sockets = new Map<string, ServerFacts[]>()
  const defaults = new Map<string, ServerFacts>()
  for (const server of program.servers)
    for (const { key, directive } of server.listens) {
      if (key === null) continue
      const servers = sockets.get(key)
      if (servers === undefined) sockets.set(key, [server])
      else servers.push(server)
      if (directive.args.some(arg => arg.value === 'default_server' || arg.value === 'default'))
        defaults.set(key, server)
    }
  for (const key of tls) {
    const servers = sockets.get(key) ?? []
    const fallback = defaults.get(key) ?? servers[0]
    // What another server includes brings no certificate to this one.
    if (fallback === undefined || unknownServers?.has(fallback.directive) === true) continue
    if (hasCertificate(fallback.directive)) {
      if (key.startsWith('quic ') && refusesQuic(reading, fallback.directive)) return
      continue
    }
    const refuses = (server: ServerFacts): boolean =>
      effectiveAll(server.directive, 'ssl_reject_handshake')[0]?.args[0]?.value.toLowerCase() === 'on'
    const bare = refuses(fallback)
      ? servers.find(server => !hasCertificate(server.directive) && !refuses(server))
      : fallback
    if (bare === undefined) continue
    reportBare(reading, bare.directive, key)
    return
  }
}

/** QUIC has no handshake but that of TLS 1.3. */
function refusesQuic(reading: Reading, server: NginxDirective): boolean {
  const [line] = effectiveAll(server, 'ssl_protocols')
  const words = line?.args ?? []
  if (line === undefined || words.some(({ value }) => value === 'TLSv1.3' || isUnknownWord(value)))
    return false
  const message = '`listen … quic` needs `TLSv1.3` in `ssl_protocols`'
  report(reading, 'invalid-value', line, words[0] ?? null, message)
  return true
}

function hasCertificate(server: NginxDirective): boolean {
  return effectiveAll(server, 'ssl_certificate').length > 0
}

function checkOwnListens(reading: Reading, program: Program): void {
  for (const server of program.servers) {
    const listen = server.listens.find(({ ssl }) => ssl)
    if (listen === undefined || hasCertificate(server.directive)) continue
    reportBare(reading, server.directive, listen.key ?? '')
    return
  }
}

function reportBare(reading: Reading, server: NginxDirective, socket: string): void {
  const message = `this server answers TLS on ${socket} and has no \`ssl_certificate\``
  report(reading, 'certificate-missing', server, null, message)
}
