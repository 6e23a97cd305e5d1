import type { ChalkInstance } from 'chalk'
import type {
  DeploymentMap,
  MappedAddress,
  MappedApplication,
  MappedDaemon,
  MappedHop,
  MappedPlace,
  MappedSite,
  MappedTarget,
  MappedVirtualHost,
} from '../../deployment/map/deployment-map.ts'
import { type PlacedLine, placeColumn } from '../place-column.ts'
import { printable } from '../printable.ts'
import { labelName, protocolName } from '../../deployment/destination-words.ts'
import { addressName, hostsByPlace, keyOf, listed, siteName } from './map-words.ts'

/** The joined picture for a terminal: who listens, which site proxies to whom, and what answers there. */
export function mapText(maps: readonly DeploymentMap[], chalk: ChalkInstance): string {
  const drawn = maps.map(map => oneMap(map, chalk)).filter(text => text !== '\n')
  // Manifests and Dockerfiles alone have no server whose files are read.
  return drawn.length === 0 ? `${NOTHING}\n` : drawn.join('\n')
}

const NOTHING = 'nothing here tells what listens, and no site and no application is read'

function oneMap(map: DeploymentMap, chalk: ChalkInstance): string {
  const sections: readonly (readonly [string, readonly PlacedLine[]])[] = [
    ['Listeners', listenerLines(map)],
    ['Sites', siteLines(map)],
    ['Virtual hosts', virtualHostLines(map)],
    ['Process groups', daemonLines(map)],
    ['Unknown', map.unknowns.map(unknown => line('?', 0, unknown.reason, unknown))],
  ]
  // One column for the places of the whole picture.
  const drawn = placeColumn(
    sections.flatMap(([, lines]) => lines),
    chalk,
  )
  let from = 0
  const parts: string[] = []
  for (const [title, { length }] of sections) {
    if (length > 0) parts.push([chalk.bold(title), ...drawn.slice(from, from + length)].join('\n'))
    from += length
  }
  const marks = new Set(sections.flatMap(([, lines]) => lines.map(({ mark }) => mark)))
  if (map.faults.length > 0) parts.push([chalk.bold('Broken'), ...faultLines(map, chalk)].join('\n'))
  const legend = LEGEND.filter(([mark]) => marks.has(mark)).map(([mark, meaning]) => `${mark} ${meaning}`)
  if (legend.length > 0) parts.push(chalk.dim(legend.join('    ')))
  return `${parts.join('\n\n')}\n`
}

const LEGEND: readonly (readonly [PlacedLine['mark'], string])[] = [
  ['!', 'fails: an error is reported here, or the connection is refused'],
  ['?', 'not known from the files of the audit'],
]

function line(
  mark: PlacedLine['mark'],
  depth: number,
  text: string,
  at: MappedPlace | null,
  bold = false,
): PlacedLine {
  return { mark, text: '  '.repeat(depth) + text, place: at === null ? null : keyOf(at), bold }
}

function markOf({ broken }: { readonly broken: boolean }): PlacedLine['mark'] {
  return broken ? '!' : ' '
}

function listenerLines({ listeners }: DeploymentMap): readonly PlacedLine[] {
  const width = listeners.reduce((most, { address }) => Math.max(most, address.length), 0)
  const programs = listeners.reduce((most, { program }) => Math.max(most, labelName(program).length), 6)
  return listeners.map(listener => {
    const { program, address, tls, loopback } = listener
    const reach =
      loopback === null ? 'address not known' : loopback ? 'this machine only' : 'open to the network'
    const text = `${labelName(program).padEnd(programs)}  ${address.padEnd(width)}  ${tls === true ? 'TLS' : '   '}  ${reach}`
    return line(markOf(listener), 0, text, listener)
  })
}

function siteLines(map: DeploymentMap): readonly PlacedLine[] {
  const hosts = hostsByPlace(map)
  return map.sites.flatMap(site => {
    return [
      line(markOf(site), 0, siteName(site, ' '), site, true),
      ...site.listens.map(({ address, tls, default: isDefault }) =>
        line(' ', 1, `on ${address}${tls ? ', TLS' : ''}${isDefault ? ', default server' : ''}`, null),
      ),
      ...answerLines(site),
      ...site.hops.flatMap(hop => hopLines(hop, hosts)),
    ]
  })
}

function answerLines({ answer, redirect, hops }: MappedSite): readonly PlacedLine[] {
  if (redirect !== null) return [line(' ', 1, `redirects to ${redirect}`, null)]
  if (answer === 'refusal') return [line(' ', 1, 'rejects every request', null)]
  return answer === 'content' && hops.length === 0
    ? [line(' ', 1, 'serves files or fixed answers', null)]
    : []
}

function hopLines(hop: MappedHop, hosts: ReadonlyMap<string, MappedVirtualHost>): readonly PlacedLine[] {
  const host = hostWords(hop)
  return [
    passLine(hop, 1),
    ...targetLines(hop, 2),
    ...(hop.virtualHosts.length === 0 && host !== null ? [line(' ', 2, `sends ${host}`, null)] : []),
    ...hop.virtualHosts.map(at => {
      const reached = hosts.get(keyOf(at))
      return line(
        ' ',
        2,
        `${host ?? 'Host'} → virtual host ${reached?.name ?? '(no name)'}`,
        reached?.use ?? at,
      )
    }),
  ]
}

function passLine(hop: MappedHop, depth: number): PlacedLine {
  const { location, pass, protocol, reachable } = hop
  const spoken = protocol === null || /^https?$/.test(protocol) ? '' : ` by ${protocolName(protocol)}`
  const hidden = reachable === false ? ', not reachable for clients' : ''
  return line(markOf(hop), depth, `${location} → ${pass}${spoken}${hidden}`, hop)
}

/** The Host that the backend is sent; null where the protocol has none of its own. */
function hostWords({ hostHeaders, hosts, protocol }: MappedHop): string | null {
  if (protocol !== null && !/^https?$/.test(protocol)) return null
  if (hosts === null || hostHeaders === null) return 'a Host that is not known'
  // nginx passes the client's own on, and the site is for names that nobody can list.
  return hostHeaders.length === 0 ? 'Host as the client sent it' : `Host ${listed(hostHeaders, ', ')}`
}

function targetLines({ targets, pass }: MappedHop, depth: number): readonly PlacedLine[] {
  if (targets.length === 0)
    return [line('?', depth, `${pass}, which a variable or a placeholder decides`, null)]
  return targets.map(target => targetLine(target, depth))
}

function targetLine({ address, to, words, listener }: MappedTarget, depth: number): PlacedLine {
  const mark = to === 'refused' ? '!' : to === 'unclaimed' || to === 'unknown' ? '?' : ' '
  return line(mark, depth, `${address}, ${words}`, listener)
}

function virtualHostLines(map: DeploymentMap): readonly PlacedLine[] {
  const daemons = new Map(map.daemons.map(daemon => [daemon.name, daemon]))
  const applications = new Map<string, MappedApplication[]>()
  for (const application of map.applications) {
    const key = application.virtualHost === null ? '' : keyOf(application.virtualHost)
    const known = applications.get(key)
    if (known === undefined) applications.set(key, [application])
    else known.push(application)
  }
  const applicationLines = (key: string): readonly PlacedLine[] =>
    (applications.get(key) ?? []).map(application => applicationLine(application, daemons))
  const ofMainServer = applicationLines('')
  return [
    ...map.virtualHosts.flatMap(address => addressLines(address, applicationLines)),
    ...(ofMainServer.length === 0 ? [] : [line(' ', 0, 'main server', null), ...ofMainServer]),
  ]
}

function addressLines(
  mapped: MappedAddress,
  applicationLines: (key: string) => readonly PlacedLine[],
): readonly PlacedLine[] {
  const lines = [line(mapped.decidedElsewhere === true ? '?' : ' ', 0, addressName(mapped), null)]
  for (const host of mapped.hosts) {
    const aliases = [...host.aliases, ...host.wildAliases]
    const also = aliases.length === 0 ? '' : `, also ${listed(aliases, ', ')}`
    const first = host.default && mapped.hosts.length > 1 ? ', default' : ''
    lines.push(
      line(markOf(host), 1, `${host.name ?? '(name unknown)'}${also}${first}`, host.use ?? host, true),
      ...host.hops.flatMap(hop => [passLine(hop, 2), ...targetLines(hop, 3)]),
      ...applicationLines(keyOf(host)),
    )
  }
  return lines
}

function applicationLine(
  application: MappedApplication,
  daemons: ReadonlyMap<string | null, MappedDaemon>,
): PlacedLine {
  const { processGroup: group } = application
  const daemon = daemons.get(group)
  const isLost = group !== null && group !== '' && daemon === undefined
  const where =
    group === null
      ? 'in a process group that is not known'
      : group === ''
        ? 'in embedded mode'
        : isLost
          ? `in process group ${group}, which nothing declares`
          : `in process group ${group}`
  const text = `${application.path ?? '?'} → ${application.script ?? '?'} ${where}`
  return line(isLost ? '!' : markOf(application), 2, text, application)
}

function daemonLines({ daemons, applications }: DeploymentMap): readonly PlacedLine[] {
  const isEveryGroupKnown = applications.every(({ processGroup }) => processGroup !== null)
  const used = new Set(applications.map(({ processGroup }) => processGroup))
  return daemons.map(daemon => {
    const { name, processes, threads, options } = daemon
    const user = options.user === undefined ? '' : `, as user ${options.user ?? '?'}`
    const idle = isEveryGroupKnown && name !== null && !used.has(name) ? ', and no script runs in it' : ''
    const text = `${name ?? '?'}: ${processes ?? '?'} × ${threads ?? '?'} threads${user}${idle}`
    return line(markOf(daemon), 0, text, daemon)
  })
}

function faultLines({ faults }: DeploymentMap, chalk: ChalkInstance): readonly string[] {
  return faults.flatMap(fault => [
    `${chalk.red('!')} ${chalk.dim(printable(keyOf(fault)))}  ${fault.rule}`,
    `    ${chalk.red(printable(fault.message))}`,
  ])
}
