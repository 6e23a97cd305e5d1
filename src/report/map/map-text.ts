import type { ChalkInstance } from 'chalk'
import type {
  DeploymentMap,
  MappedDaemon,
  MappedHop,
  MappedPlace,
  MappedTarget,
} from '../../deployment/deployment-map.ts'
import { maskMessage } from '../mask.ts'

/** The joined picture for a terminal: who listens, which site hands on to whom, and what answers there. */
export function mapText(map: DeploymentMap, chalk: ChalkInstance): string {
  const lines: string[] = []
  const place = (at: MappedPlace) => chalk.dim(`${at.file}:${at.line}`)
  const broken = brokenLines(map)
  const mark = (at: MappedPlace, text: string) =>
    broken.has(`${at.file}:${at.line}`) ? chalk.red(text) : text

  heading('Listeners', map.listeners.length)
  for (const listener of map.listeners) {
    const reach = listener.loopback === null ? 'unknown' : listener.loopback ? 'loopback' : 'public'
    const what = [
      listener.program.padEnd(7),
      listener.address.padEnd(24),
      listener.tls === true ? 'tls ' : '    ',
      reach,
    ]
    lines.push(`  ${mark(listener, what.join(' '))}  ${place(listener)}`)
  }

  heading('Sites', map.sites.length)
  const daemons = new Map(map.daemons.map(daemon => [daemon.name ?? '', daemon]))
  for (const site of map.sites) {
    const names = site.names.length === 0 ? '(no name)' : site.names.join(' ')
    const listens = site.listens.map(
      ({ address, tls, default: isDefault }) =>
        `${address}${tls ? ' tls' : ''}${isDefault ? ' default' : ''}`,
    )
    lines.push(`  ${mark(site, chalk.bold(names))}  ${listens.join(', ')}  ${place(site)}`)
    if (site.redirect !== null) lines.push(`    redirects to ${site.redirect}`)
    else if (site.answer === 'refusal') lines.push('    refuses')
    for (const hop of site.hops) lines.push(...hopLines(hop))
  }

  heading('Virtual hosts', map.virtualHosts.length)
  for (const { address, port, hosts } of map.virtualHosts) {
    lines.push(`  ${address}:${port ?? '*'}`)
    for (const host of hosts) {
      const aliases = [...host.aliases, ...host.wildAliases]
      const text = `${host.name ?? '(name unknown)'}${aliases.length === 0 ? '' : ` (${aliases.join(', ')})`}`
      lines.push(
        `    ${mark(host, text)}${host.default && hosts.length > 1 ? ' default' : ''}  ${place(host)}`,
      )
    }
  }

  heading('Process groups', map.daemons.length)
  for (const daemon of map.daemons) lines.push(`  ${mark(daemon, describeDaemon(daemon))}  ${place(daemon)}`)

  heading('Unknown', map.unknowns.length)
  for (const unknown of map.unknowns) lines.push(`  ${unknown.reason}  ${place(unknown)}`)

  heading('Broken', map.faults.length)
  for (const fault of map.faults)
    lines.push(`  ${chalk.red(maskMessage(fault.message))}  ${place(fault)} ${chalk.dim(fault.rule)}`)

  return `${lines.join('\n')}\n`

  function heading(title: string, count: number): void {
    if (count === 0) return
    if (lines.length > 0) lines.push('')
    lines.push(chalk.bold(title))
  }

  function hopLines(hop: MappedHop): readonly string[] {
    const hidden = hop.reachable === false ? ', not from outside' : ''
    const hosts = hop.hosts === null ? 'Host unknown' : `Host ${hop.hosts.join(', ') || '(none)'}`
    const result = [`    ${mark(hop, `${hop.location} → ${hop.pass}`)}  ${hosts}${hidden}  ${place(hop)}`]
    for (const target of hop.targets) result.push(`      ${targetText(target)}`)
    for (const at of hop.virtualHosts) {
      const host = findHost(at)
      result.push(`      virtual host ${host ?? '(no name)'}  ${place(at)}`)
      for (const application of map.applications) {
        if (application.virtualHost !== null && isSame(application.virtualHost, at)) {
          const group = application.processGroup
          const daemon = group === null ? undefined : daemons.get(group)
          const runs =
            group === null
              ? 'process group unknown'
              : group === ''
                ? 'embedded in Apache'
                : daemon === undefined
                  ? chalk.red(`process group ${group}, which nothing declares`)
                  : `process group ${describeDaemon(daemon)}`
          result.push(
            `        ${application.path ?? '?'} ${application.script ?? '?'}  ${runs}  ${place(application)}`,
          )
        }
      }
    }
    return result
  }

  function targetText({ address, backend, listener, reason }: MappedTarget): string {
    if (backend === 'nobody') return chalk.red(`${address}: nothing listens there`)
    if (listener === null) return `${address}: ${reason ?? 'unknown'}`
    return `${address}: ${backend} listens  ${place(listener)}`
  }

  function findHost(at: MappedPlace): string | null {
    for (const { hosts } of map.virtualHosts) for (const host of hosts) if (isSame(host, at)) return host.name
    return null
  }
}

function describeDaemon({ name, processes, threads }: MappedDaemon): string {
  return `${name ?? '?'} (${processes ?? '?'} × ${threads ?? '?'} threads)`
}

function isSame(a: MappedPlace, b: MappedPlace): boolean {
  return a.file === b.file && a.line === b.line
}

function brokenLines(map: DeploymentMap): ReadonlySet<string> {
  return new Set(map.faults.map(({ file, line }) => `${file}:${line}`))
}
