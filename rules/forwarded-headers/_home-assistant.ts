import { readYaml } from '../../parsers/yaml/read-yaml.ts'
import { writtenPlace } from '../../parsers/yaml/written-place.ts'
import type { YamlMap, YamlNode, YamlScalar } from '../../parsers/yaml/yaml-node.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { ComposeResource } from '../../parsers/compose/compose.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { isOnHost } from '../../src/deployment/containers/read-containers.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { Connection } from '../../src/deployment/model.ts'
import {
  isLoopbackNetwork,
  isNetworkAddress,
  networksMeet,
  parseIp,
  parseNetwork,
  type IpNetwork,
} from '../../src/servers/addresses/ip.ts'

interface ProxyFault {
  readonly at: Place
  readonly severity: 'error'
  readonly message: string
}

/** `http:` of Home Assistant; null where it is not written there, or in a way that is not read here. */
export function httpOf(source: Source): YamlMap | null {
  const { documents, broken } = readYaml(source)
  const [root] = documents
  if (broken || root?.kind !== 'map') return null
  const http = root.entries.get('http')?.value
  return http?.kind === 'map' && http.tag === null ? http : null
}

/**
 * What is wrong with the proxies that `http:` names, where it names any. Both keys are of one group for its reader:
 * one without the other is refused, and so is a network with bits behind its prefix.
 * https://github.com/home-assistant/core/blob/dev/homeassistant/components/http/__init__.py
 */
export function proxyFault(http: YamlMap, container: Container, connection: Connection): ProxyFault | null {
  const trusted = http.entries.get('trusted_proxies')
  if (trusted === undefined) return null
  const asked = http.entries.get('use_x_forwarded_for')
  if (asked === undefined)
    return {
      at: trusted.key,
      severity: 'error',
      message:
        'Home Assistant does not take `trusted_proxies` without `use_x_forwarded_for`, and refuses `http`: some but not all values in the same group of inclusion',
    }
  const { value } = asked
  if (value.kind === 'scalar' && /^(?:false|no|off)$/i.test(value.text.text))
    return {
      at: writtenPlace(value),
      severity: 'error',
      message: 'Home Assistant answers 400 to what has `X-Forwarded-For`, for it is told not to use it',
    }
  const items = scalarsOf(trusted.value)
  if (items === null || items.length === 0) return null
  for (const item of items) {
    const [address = '', bits] = item.text.text.split('/')
    const ip = parseIp(address)
    if (ip === null || bits === undefined || isNetworkAddress(ip, Number(bits))) continue
    return {
      at: writtenPlace(item),
      severity: 'error',
      message: `Home Assistant refuses \`http\`: ${item.text.text} has host bits set`,
    }
  }
  const networks = items.map(({ text }) => parseNetwork(text.text))
  if (!networks.every(each => each !== null)) return null
  const origin = originOf(container, connection)
  if (origin === null || !isUntrusted(networks, origin)) return null
  return {
    at: writtenPlace(items[0]!),
    severity: 'error',
    message: `Home Assistant answers 400 to what has \`X-Forwarded-For\`, for ${programName(connection.from)} comes from ${origin === 'loopback' ? 'the loopback of the machine' : 'a network of Docker'}, which ${items.length === 1 ? 'this is' : 'these are'} not`,
  }
}

function scalarsOf(node: YamlNode): readonly YamlScalar[] | null {
  const items = node.kind === 'list' ? node.items : [node]
  const scalars = items.flatMap(each => (each.kind === 'scalar' && each.tag === null ? [each] : []))
  return scalars.length === items.length ? scalars : null
}

/** The networks of Docker of which a connection may come by any, with the addresses of the host that it asks for. */
interface DockerOrigin {
  readonly networks: readonly (ComposeResource | undefined)[]
  readonly asked: readonly string[]
}

/** Where a connection to Home Assistant comes from, for Home Assistant; null where nobody knows. */
function originOf(container: Container, { from, targets }: Connection): DockerOrigin | 'loopback' | null {
  const { container: front } = from.machine
  const isBridged = ({ service }: Container): boolean => service.networkMode === null
  if (front !== null && (front.project !== container.project || !isBridged(front))) return null
  const named = ({ project, networks }: Container): DockerOrigin['networks'] =>
    networks.map(name => project.networks.get(name))
  if (isOnHost(container.service)) {
    if (front === null) return 'loopback'
    // What goes to the host itself keeps the address of the container.
    const asked = targets.flatMap(({ addresses }) =>
      addresses.flatMap(each => (each.kind === 'ip' ? each.ip : [])),
    )
    return { networks: named(front), asked }
  }
  if (!isBridged(container)) return null
  // The host reaches a port that is published through the gateway.
  const shared = container.networks.filter(name => front === null || front.networks.includes(name))
  return { networks: shared.map(name => container.project.networks.get(name)), asked: [] }
}

/** True where none of the networks may be that from which a connection comes. */
function isUntrusted(trusted: readonly IpNetwork[], origin: DockerOrigin | 'loopback'): boolean {
  if (origin === 'loopback') return !LOOPBACKS.some(own => trusted.some(each => networksMeet(each, own)))
  return (
    origin.networks.length > 0 &&
    origin.networks.every(network => {
      if (network?.external === true || network?.driver != null) return false
      const subnets = network?.subnets ?? []
      // Docker chooses one that is never of the loopback, nor one in which the host has an address.
      if (subnets.length === 0)
        return trusted.every(each => isLoopbackNetwork(each) || isOneOf(each, origin.asked))
      return subnets.every(subnet => {
        const own = subnet.known ? parseNetwork(subnet.value) : null
        return own !== null && !trusted.some(each => networksMeet(each, own))
      })
    })
  )
}

const LOOPBACKS: readonly IpNetwork[] = ['127.0.0.0/8', '::1'].flatMap(each => parseNetwork(each) ?? [])

/** True for a network that is one address, which is among these. */
function isOneOf({ ip, prefix }: IpNetwork, addresses: readonly string[]): boolean {
  return prefix === ip.length * 8 && addresses.some(each => parseIp(each)?.join() === ip.join())
}
