import type { ContainerStarter } from '../../parsers/compose/compose.ts'
import { known } from '../../parsers/text/fact.ts'
import type { Container } from '../../src/deployment/containers/container.ts'

export interface Network {
  /** Its key in the compose file. */
  readonly key: string
  /** What tells it apart from the others of the repository; null for what is unknown. */
  readonly id: string | null
  /** What Docker calls it; null where the name of the project stands before the key. */
  readonly name: string | null
}

/** The networks that a container is on. */
export function networksOf({ service, project }: Pick<Container, 'service' | 'project'>): readonly Network[] {
  const keys = service.networks?.map(({ network }) => (network.known ? network.value : null)) ?? ['default']
  return keys.map(key => {
    const resource = key === null ? undefined : project.networks.get(key)
    const name = resource?.name ?? (resource?.external === true ? known(resource.key) : null)
    const plain = name?.known === true ? name.value : null
    if (key === null || (name !== null && plain === null)) return { key: key ?? '', id: null, name: null }
    return { key, id: plain === null ? `${project.directory}: ${key}` : plain, name: plain }
  })
}

/** True where Docker has one network for both, whatever the project is called whose own it is. */
export function isSameNetwork(one: Network, other: Network): boolean {
  if (one.id === null || other.id === null) return false
  return one.id === other.id || isOwnOf(one, other) || isOwnOf(other, one)
}

/** `edge_default` is what Docker calls the network `default` of the project `edge`. */
function isOwnOf(named: Network, own: Network): boolean {
  return own.name === null && named.name?.endsWith(`_${own.key}`) === true
}

/** What gives two containers of Docker's own bridge a network on which they have names. */
export const OWN_NETWORK: Readonly<Record<ContainerStarter, string>> = {
  compose: 'Give both a network of their own',
  nobody: 'Give both a network of their own',
  'docker run': '`docker network create shop`, and `--network shop` for both',
  ansible: 'Make a network with `docker_network`, and name it in `networks` of both',
  pods: 'Make a Service that selects the pods',
  quadlet: 'Add `Network=shop.network` to both, and a file `shop.network` with `[Network]`',
}
