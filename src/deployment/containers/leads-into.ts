import { holdsPort } from '../../../parsers/compose/holds-port.ts'
import type { PublishedPort } from '../../../parsers/compose/compose.ts'
import { type Endpoint, isLoopback } from '../../servers/address.ts'
import { proxyPasses } from '../../servers/apache/queries/proxy-passes.ts'
import { PASSES } from '../../servers/nginx/queries/locations.ts'
import { proxyTarget } from '../../servers/nginx/queries/proxy-target.ts'
import type { MachineInput } from '../build/machines.ts'
import type { Container } from './container.ts'

/** True for servers that proxy to a port of their own machine which one of the containers, and no other, publishes. */
export function leadsInto(
  { nginx, apache }: Pick<MachineInput, 'nginx' | 'apache'>,
  containers: readonly Container[],
): boolean {
  const endpoints = [
    ...nginx.flatMap(configuration =>
      PASSES.flatMap(name => configuration.occurrences.get(name) ?? []).flatMap(pass => {
        const target = proxyTarget(configuration, pass)
        return target.known ? target.value.endpoints : []
      }),
    ),
    ...apache.flatMap(configuration => proxyPasses(configuration).flatMap(each => each.endpoints)),
  ]
  const ports = new Set(endpoints.flatMap(portOfLoopback))
  return [...ports].some(
    port =>
      containers.filter(({ service }) => service.ports.some(each => publishes(each, port))).length === 1,
  )
}

function portOfLoopback({ address, port }: Endpoint): readonly number[] {
  const isHere = isLoopback(address) === true || (address.kind === 'name' && address.name === 'localhost')
  return isHere && port !== null ? [port] : []
}

function publishes({ published, protocol }: PublishedPort, port: number): boolean {
  if (published?.known !== true || (protocol.known && protocol.value !== 'tcp')) return false
  return holdsPort(published.value, port)
}
