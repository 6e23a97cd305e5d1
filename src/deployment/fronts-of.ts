import { memo } from '../../parsers/collections/memo.ts'
import type { ApacheConfiguration, ApacheDirective } from '../servers/apache/configuration.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import type {
  ApacheHost,
  Application,
  Deployment,
  NginxConnection,
  NginxServer,
  VirtualApacheHost,
} from './model.ts'

/** The virtual host that this section makes. */
export function hostAt(deployment: Deployment, section: ApacheDirective): VirtualApacheHost | null {
  return hostIndex(deployment).get(section) ?? null
}

/** The virtual host of a section, or of none (null) the main server, where it is a site of its own. */
export function hostIn(
  deployment: Deployment,
  configuration: ApacheConfiguration,
  section: ApacheDirective | null,
): ApacheHost | null {
  return section === null ? (mainHosts(deployment).get(configuration) ?? null) : hostAt(deployment, section)
}

const hostIndex = memo(({ virtualHosts }: Deployment): ReadonlyMap<ApacheDirective, VirtualApacheHost> => {
  return new Map(virtualHosts.map(host => [host.directive, host]))
})

/** The hosts of one httpd in which a line of this section holds: of none (null), all of them. */
export function hostsUnder(
  deployment: Deployment,
  configuration: ApacheConfiguration,
  section: ApacheDirective | null,
): readonly ApacheHost[] {
  if (section === null) return deployment.apacheHosts.filter(host => host.configuration === configuration)
  const host = hostAt(deployment, section)
  return host === null ? [] : [host]
}

const mainHosts = memo(
  ({ apacheHosts }: Deployment): ReadonlyMap<ApacheConfiguration, ApacheHost> =>
    new Map(
      apacheHosts.flatMap(host => (host.directive === null ? [[host.configuration, host] as const] : [])),
    ),
)

/** The servers of nginx that certainly proxy to an application's host, each with its connections there. */
export function frontsOf(
  { connections }: Pick<Deployment, 'connections'>,
  { host }: Application,
): ReadonlyMap<NginxServer, readonly NginxConnection[]> {
  const certain = host === null ? [] : connections.reaching(host).filter(reached => reached.certain)
  return groupBy(
    certain.map(({ connection }) => connection),
    ({ server }) => server,
  )
}
