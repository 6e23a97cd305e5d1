import { memo } from '../../../parsers/collections/memo.ts'
import type { ApacheConfiguration } from '../../servers/apache/configuration.ts'
import { htaccessOfHosts } from '../../servers/apache/queries/htaccess.ts'
import { virtualHostOf } from '../../servers/apache/queries/virtual-hosts.ts'
import type { Deployment } from '../model.ts'
import { type AskedHost, askedHosts } from './ask-host.ts'

/**
 * The virtual hosts for which one of some directives stands anywhere: in the host, in the main server, which
 * hosts inherit from, or in a `.htaccess` below what the host serves. A rule that asks what such a directive
 * does to a request asks these alone: of ten thousand hosts few have one.
 *
 * @param names in lower case
 */
export function hostsHolding(deployment: Deployment, names: readonly string[]): readonly AskedHost[] {
  const holding = holdersOf(deployment)
  return askedHosts(deployment).filter(({ configuration, host }) => {
    const holders = holding.get(configuration)
    return names.some(name => {
      const hosts = holders?.get(name)
      return hosts !== undefined && (hosts.has(null) || hosts.has(host?.directive ?? null))
    })
  })
}

/** The virtual host's directive; null for the main server. */
type Holder = object | null

/** By the names that were asked for, each looked up once a configuration. */
const holdersOf = memo(
  (deployment: Deployment): ReadonlyMap<ApacheConfiguration, { get(name: string): ReadonlySet<Holder> }> =>
    new Map(
      deployment.apache.map(configuration => {
        const known = new Map<string, ReadonlySet<Holder>>()
        const get = (name: string): ReadonlySet<Holder> => {
          const found = known.get(name) ?? find(deployment, configuration, name)
          known.set(name, found)
          return found
        }
        return [configuration, { get }]
      }),
    ),
)

function find(deployment: Deployment, configuration: ApacheConfiguration, name: string): ReadonlySet<Holder> {
  const holders = new Set<Holder>()
  for (const directive of configuration.occurrences.get(name) ?? [])
    holders.add(virtualHostOf(configuration, directive)?.directive ?? null)
  for (const { file, virtualHost } of htaccessOfHosts(configuration, deployment.filesOf(configuration)))
    if (file.occurrences.has(name)) holders.add(virtualHost?.directive ?? null)
  return holders
}
