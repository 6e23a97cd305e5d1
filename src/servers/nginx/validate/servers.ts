import { memo } from '../../../../parsers/collections/memo.ts'
import type { NginxDirective } from '../configuration.ts'
import { effective } from './merge.ts'
import { nginxDirective } from '../directives.ts'
import { checkKeys, type HashedKey } from './hashes.ts'
import { compileRegex } from './rewrite.ts'
import {
  type Check,
  nameOf,
  type Program,
  programOf,
  type Reading,
  report,
  type ServerFacts,
} from './unit.ts'
import { refuse } from './values.ts'

export const checkServer: Check = (reading, directive, facts) => {
  programOf(reading, facts).servers.push({ directive, listens: [], names: [] })
}

export const checkServerName: Check = (reading, directive, facts) => {
  // In mail it is a name for a greeting and nothing more.
  if (facts.program === 'mail') return
  const program = programOf(reading, facts)
  const server = program.servers[program.servers.length - 1]
  for (const word of directive.args) {
    const { value } = word
    if ((value.startsWith('*') && (value.length < 3 || value.charAt(1) !== '.')) || value === '.') {
      report(reading, 'invalid-server-name', directive, word, `\`${value}\` is no name of a server`)
      return
    }
    if (value.startsWith('~')) {
      if (value.length === 1) return void refuse(reading, directive, word, 'the regular expression is empty')
      if (!compileRegex(reading, program, directive, word, value.slice(1))) return
    }
    if (server !== undefined && server.directive === directive.parent) server.names.push({ word, directive })
  }
}

/**
 * The names of the servers that share an address, as nginx hashes them when `http` ends: a name that is
 * taken already is passed over with a warning, one with a `*` in its middle is refused.
 */
export function checkServerNames(reading: Reading, program: Program): void {
  const bySocket = new Map<string, ServerFacts[]>()
  for (const server of program.servers) {
    if (server.directive.source.template) continue
    if (server.listens.some(({ key }) => key === null)) continue
    const keys = server.listens.length === 0 ? ['0.0.0.0:80'] : server.listens.map(({ key }) => key ?? '')
    for (const key of keys) {
      const servers = bySocket.get(key)
      if (servers === undefined) bySocket.set(key, [server])
      else servers.push(server)
    }
  }
  let isBuilt = true
  for (const [socket, servers] of bySocket) {
    // nginx makes no table for the names of one server.
    if (servers.length <= 1) continue
    checkNamesOn(reading, socket, servers)
    if (isBuilt) isBuilt = checkTable(reading, servers)
  }
}

/** False where a name is too long for the table of names. */
function checkTable(reading: Reading, servers: readonly ServerFacts[]): boolean {
  const http = servers[0]?.directive.parent ?? null
  if (http === null) return true
  return checkKeys(reading, 'server_names_hash_bucket_size', http, namesOf(servers))
}

/** Names without a pattern, as the table of exact names has them. */
function* namesOf(servers: readonly ServerFacts[]): Iterable<HashedKey> {
  for (const { names } of servers)
    for (const { word, directive } of names) {
      const name = word.value.toLowerCase()
      if (!/^[~*]|\*$/.test(name)) yield { key: name.replace(/^\./, ''), directive, word }
    }
}

function checkNamesOn(reading: Reading, socket: string, servers: readonly ServerFacts[]): void {
  const taken = new Map<string, ServerFacts>()
  const said = new Set<NginxDirective>()
  for (const server of servers) {
    for (const { word, directive } of server.names) {
      const name = word.value.toLowerCase()
      if (name.startsWith('~')) continue
      if (!isHashable(name)) {
        const message = `\`${word.value}\` is no name of a server: a \`*\` stands at its beginning or end alone`
        report(reading, 'invalid-server-name', directive, word, message)
        continue
      }
      // `.example.com` stands for the name itself and all below it.
      for (const key of name.startsWith('.') ? [name.slice(1), `*${name}`] : [name]) {
        const first = taken.get(key)
        if (first === undefined) taken.set(key, server)
        else if (!said.has(directive)) reportTaken(reading, socket, server, first, directive, word, said)
      }
    }
    if (server.names.length > 0) continue
    const first = taken.get('')
    if (first === undefined) taken.set('', server)
    else reportTaken(reading, socket, server, first, server.directive, server.directive.node.name, said)
  }
}

function reportTaken(
  reading: Reading,
  socket: string,
  server: ServerFacts,
  first: ServerFacts,
  directive: NginxDirective,
  word: Parameters<typeof report>[3],
  said: Set<NginxDirective>,
): void {
  // A name said twice in one server harms nobody; files that nobody joins may be of different machines.
  if (first === server || reading.unit.fragments) return
  said.add(directive)
  const name = word === directive.node.name ? '' : (word?.value ?? '')
  const related = [{ at: nameOf(first.directive), message: 'this server has it' }]
  const shown = name === '' ? 'the empty name' : `\`${name}\``
  const message = `${shown} belongs to another server on ${socket} already, so nginx ignores it here`
  report(reading, 'conflicting-server-name', directive, word, message, { fatal: false, related })
}

/** A `*` may be the first label or the last; no label may be empty, and no byte may be zero. */
function isHashable(name: string): boolean {
  if (name.includes('..') || name.includes('\0')) return false
  const star = name.indexOf('*')
  if (star === -1) return true
  if (name.indexOf('*', star + 1) !== -1) return false
  return name.startsWith('*.') ? name.length > 2 : name.endsWith('.*') && name.length > 2
}

/** Servers of a stream or of mail that cannot work: nothing to listen on, nothing to do. */
export function checkCompleteServers(reading: Reading, program: Program): void {
  for (const { directive, listens } of program.servers) {
    if (directive.source.template || mayHoldMore(reading, directive)) continue
    if (listens.length === 0) {
      report(reading, 'incomplete-server', directive, null, 'this server has no `listen`')
      return
    }
    if (program.name === 'mail' && !checkMailServer(reading, directive, listens)) return
    if (program.name === 'stream' && !directive.children.some(isHandler)) {
      report(
        reading,
        'incomplete-server',
        directive,
        null,
        'this server has nothing that answers, such as `proxy_pass`',
      )
      return
    }
  }
}

/** True where lines that nobody here can read may stand in a block, or in one around it. */
function mayHoldMore({ unit }: Reading, directive: NginxDirective): boolean {
  if (!unit.hasUnknownParts) return false
  if (unit.main === null || unit.fragments) return true
  const including = blocksThatInclude(unit.occurrences)
  for (let at: NginxDirective | null = directive; at !== null; at = at.parent)
    if (including.has(at) || at.source.template) return true
  return false
}

const blocksThatInclude = memo(
  (occurrences: Reading['unit']['occurrences']): ReadonlySet<NginxDirective | null> =>
    new Set((occurrences.get('include') ?? []).map(({ parent }) => parent)),
)

/** What answers in a stream; a directive that no table knows may do so too. */
function isHandler({ name }: NginxDirective): boolean {
  return name === 'proxy_pass' || name === 'return' || name === 'pass' || nginxDirective(name).length === 0
}
/** Ports that tell nginx which protocol a mail server without `protocol` speaks. */
const MAIL_PORTS = /:(?:25|465|587|110|995|143|993)$/

function checkMailServer(
  reading: Reading,
  directive: NginxDirective,
  listens: ServerFacts['listens'],
): boolean {
  const hasProtocol = directive.children.some(({ name }) => name === 'protocol')
  if (!hasProtocol && !listens.some(({ key }) => key === null || MAIL_PORTS.test(key))) {
    report(
      reading,
      'incomplete-server',
      directive,
      null,
      'this server has no `protocol`, and no port tells which',
    )
    return false
  }
  if (effective(directive, 'auth_http') === null) {
    report(reading, 'incomplete-server', directive, null, 'no `auth_http` holds for this server')
    return false
  }
  const starttls = effective(directive, 'starttls')
  if (starttls === null || starttls.args[0]?.value.toLowerCase() === 'off') return true
  if (effective(directive, 'ssl_certificate') !== null) return true
  report(reading, 'certificate-missing', starttls, null, '`starttls` stands where no `ssl_certificate` holds')
  return false
}
