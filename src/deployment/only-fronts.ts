import { memo } from '../../parsers/collections/memo.ts'
import { isLoopback, parseHost } from '../servers/address.ts'
import type { NginxConfiguration } from '../servers/nginx/configuration.ts'
import type { Container } from './containers/container.ts'
import type { Connection, Deployment } from './model.ts'

type Joined = Pick<Deployment, 'connections' | 'nginx' | 'programOf'>

/**
 * The lines of other servers of the audit by which alone clients get to the nginx of a container: the host's nginx, where
 * the container publishes its ports to the host's loopback, or that of another container, where it publishes none. Empty
 * where clients may come otherwise, and where no line of the audit leads there.
 */
export function onlyFronts(deployment: Joined, configuration: NginxConfiguration): readonly Connection[] {
  return frontsByServer(deployment).get(configuration) ?? []
}

const frontsByServer = memo(
  (deployment: Joined): ReadonlyMap<NginxConfiguration, readonly Connection[]> =>
    new Map(
      deployment.nginx.flatMap(configuration => {
        const { container } = deployment.programOf(configuration).machine
        if (container === null || isOpenToNetwork(container)) return []
        const fronts = deployment.connections.all.filter(
          ({ from, targets }) =>
            from.configuration !== configuration &&
            targets.some(
              ({ to }) =>
                to.kind === 'listener' &&
                to.listener.kind === 'nginx' &&
                to.listener.program.configuration === configuration,
            ),
        )
        return fronts.length === 0 ? [] : [[configuration, fronts] as const]
      }),
    ),
)

/** Also where nobody knows. */
function isOpenToNetwork({ service }: Container): boolean {
  const { complete, labels, networkMode, ports } = service
  // A proxy that labels lead to it is none of the audit.
  if (!complete || networkMode !== null || labels.length > 0) return true
  return ports.some(({ hostIp }) => hostIp?.known !== true || isLoopback(parseHost(hostIp.value)) !== true)
}
