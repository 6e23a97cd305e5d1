import { type Address, parseHost } from '../servers/address.ts'
import type { Target } from './model.ts'

/** An address that no machine has, of those that a network gives. */
export const FROM_THE_NETWORK = parseHost('192.0.2.1')

/**
 * The address that a connection arrives at. What a name stands for on the network of containers nobody knows, and it is
 * none of the loopback: a socket for all addresses takes it.
 */
export function connectedAddress({ address, addresses, to }: Target): Address {
  const ip = addresses.find(({ kind }) => kind === 'ip')
  if (ip !== undefined || address.kind !== 'name' || to.kind !== 'listener')
    return ip ?? addresses[0] ?? address
  const opened = to.listener.address
  return opened.kind === 'ip' && !opened.wildcard ? opened : FROM_THE_NETWORK
}
