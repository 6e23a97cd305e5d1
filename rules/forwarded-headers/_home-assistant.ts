import { readYaml } from '../../parsers/yaml/read-yaml.ts'
import { writtenPlace } from '../../parsers/yaml/written-place.ts'
import type { YamlMap, YamlNode, YamlScalar } from '../../parsers/yaml/yaml-node.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { Connection } from '../../src/deployment/model.ts'
import {
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
export function proxyFault(
  http: YamlMap,
  container: Container,
  { from }: Pick<Connection, 'from'>,
): ProxyFault | null {
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
  if (!networks.every(each => each !== null) || !isUntrusted(networks, container, from.machine.container))
    return null
  return {
    at: writtenPlace(items[0]!),
    severity: 'error',
    message: `Home Assistant answers 400 to what has \`X-Forwarded-For\`, for ${programName(from)} comes from a network of Docker, which ${items.length === 1 ? 'this is' : 'these are'} not`,
  }
}

function scalarsOf(node: YamlNode): readonly YamlScalar[] | null {
  const items = node.kind === 'list' ? node.items : [node]
  const scalars = items.flatMap(each => (each.kind === 'scalar' && each.tag === null ? [each] : []))
  return scalars.length === items.length ? scalars : null
}

/**
 * True where none of the networks may be that by which one container reaches the other, or through whose gateway the host
 * reaches it, by a port that it publishes.
 */
function isUntrusted(trusted: readonly IpNetwork[], container: Container, front: Container | null): boolean {
  if (container.service.networkMode !== null) return false
  if (front !== null && (front.project !== container.project || front.service.networkMode !== null))
    return false
  const shared = container.networks.filter(name => front === null || front.networks.includes(name))
  return (
    shared.length > 0 &&
    shared.every(name => {
      const network = container.project.networks.get(name)
      if (network?.external === true || network?.driver != null) return false
      const subnets = network?.subnets ?? []
      // Docker chooses one that is never of the loopback.
      if (subnets.length === 0) return trusted.every(each => isLoopbackNetwork(each))
      return subnets.every(subnet => {
        const own = subnet.known ? parseNetwork(subnet.value) : null
        return own !== null && !trusted.some(each => networksMeet(each, own))
      })
    })
  )
}

function isLoopbackNetwork({ ip, prefix }: IpNetwork): boolean {
  return ip.length === 4
    ? ip[0] === 127 && prefix >= 8
    : prefix === 128 && ip.slice(0, 15).every(octet => octet === 0) && ip[15] === 1
}
