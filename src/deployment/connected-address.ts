import { type Address, isLoopback, parseHost } from '../servers/address.ts'
import type { Target } from './model.ts'

/** An address that no machine has, of those that a network gives. */
export const FROM_THE_NETWORK = parseHost('192.0.2.1')

/** The end of a connection on the machine that accepts it. */
export function connectedSocket(target: Target): { readonly address: Address; readonly port: number | null } {
  return { address: connectedAddress(target), port: connectedPort(target) }
}

function connectedPort({ published, port, to }: Target): number | null {
  return published && to.kind === 'listener' ? to.listener.port : port
}

/**
 * The address that a connection arrives at. What a name stands for on the network of containers nobody knows, and it is
 * none of the loopback: a socket for all addresses takes it.
 */
function connectedAddress({ address, addresses, published, to }: Target): Address {
  const ip = published ? undefined : addresses.find(({ kind }) => kind === 'ip')
  const isOfContainers = published || (address.kind === 'name' && isLoopback(address) !== true)
  if (ip !== undefined || !isOfContainers || to.kind !== 'listener') return ip ?? addresses[0] ?? address
  const opened = to.listener.address
  return opened.kind === 'ip' && !opened.wildcard ? opened : FROM_THE_NETWORK
}
