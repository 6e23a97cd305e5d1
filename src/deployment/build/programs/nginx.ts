import { memo } from '../../../../parsers/collections/memo.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import { isLoopback } from '../../../servers/address.ts'
import { parseNginxListen } from '../../../servers/addresses/nginx.ts'
import { type Fact, known, unknown } from '../../../servers/fact.ts'
import type { NginxConfiguration } from '../../../servers/nginx/configuration.ts'
import { bringsNoServer } from '../../../servers/nginx/queries/scope.ts'
import { sockets } from '../../../servers/nginx/queries/sockets.ts'
import type { Machine, NginxListener, NginxProgram, Protocol } from '../../model.ts'
import { argumentPlace } from '../../places.ts'

export function nginxProgram(configuration: NginxConfiguration, machine: Machine): NginxProgram {
  return {
    kind: 'nginx',
    machine,
    configuration,
    listensKnown:
      configuration.main !== null &&
      (configuration.unread ?? []).every(({ path }) => bringsNoServer(configuration, path)) &&
      !hasUnknownListens(configuration) &&
      !configuration.problems.some(({ code }) => code === 'include-missing'),
  }
}

/** True where a template fills in the address of a socket, or directives that may open one. */
const hasUnknownListens = memo(
  ({ occurrences }: NginxConfiguration): boolean =>
    [...occurrences.keys()].some(isUnknownWord) ||
    (occurrences.get('listen') ?? []).some(({ args }) => args.some(({ value }) => isUnknownWord(value))),
)

const HTTP: Fact<Protocol> = known('http')
const HTTPS: Fact<Protocol> = known('https')
const NOT_HTTP: Fact<Protocol> = unknown('stream and mail speak what they proxy')

/** The sockets that one nginx opens: those of http, then those of stream and mail. */
export function nginxListeners(program: NginxProgram): readonly NginxListener[] {
  const { configuration } = program
  const found: NginxListener[] = []
  for (const socket of sockets(configuration)) {
    if (socket.quic) continue
    const [first, ...rest] = socket.servers
    if (first === undefined) continue
    found.push({
      kind: 'nginx',
      program,
      address: socket.address,
      port: socket.port,
      ...(socket.ipv6only === null ? {} : { ipv6only: socket.ipv6only }),
      protocol: socket.ssl ? HTTPS : HTTP,
      loopback: isLoopback(socket.address),
      directive: first.listen.directive ?? first.server,
      at: first.listen.at,
      others: rest.length === 0 ? NONE : rest.map(({ listen }) => listen.at),
    })
  }
  for (const directive of configuration.occurrences.get('listen') ?? []) {
    if (directive.context !== 'stream server' && directive.context !== 'mail server') continue
    if (directive.args.some(({ value }) => value === 'udp')) continue
    const parsed = parseNginxListen(directive.args[0]?.value ?? '')
    if (parsed === null) continue
    found.push({
      kind: 'nginx',
      program,
      address: parsed.address,
      port: parsed.port,
      ...(directive.args.some(({ value }) => value === 'ipv6only=off') ? { ipv6only: false } : {}),
      protocol: NOT_HTTP,
      loopback: isLoopback(parsed.address),
      directive,
      at: argumentPlace(directive, 0),
      others: NONE,
    })
  }
  return found
}

const NONE: readonly never[] = []
