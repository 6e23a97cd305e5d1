import { type Address, covers, type Endpoint, parseHost } from '../servers/address.ts'
import type { Machine, Target } from './model.ts'

/** The addresses that `localhost` has on most machines; nginx takes both, in turn. */
export const LOOPBACKS = ['127.0.0.1', '::1'] as const

const ADDRESSES: readonly Address[] = LOOPBACKS.map(parseHost)

/** True for a connection of nginx to both addresses of `localhost`. */
export function isToLocalhost(machine: Machine, { address }: Pick<Target, 'address'>): boolean {
  return address.kind === 'name' && address.name === 'localhost' && hasBothFamilies(machine)
}

/** Where the hosts file tells, it counts; else both lines are taken to be there, as on most machines. */
function hasBothFamilies({ hosts }: Machine): boolean {
  const known = hosts?.get('localhost')
  return known === undefined || new Set(known.map(each => (each.kind === 'ip' ? each.family : 0))).size > 1
}

interface TakenLoopback<T extends Endpoint> {
  readonly address: Address
  readonly listener: T
}

/**
 * At which addresses of loopback a port is open, each with the first socket that takes it; null where a socket may
 * take one or not.
 */
export function loopbacksTaken<T extends Endpoint>(
  listeners: readonly T[],
  port: number | null,
): readonly TakenLoopback<T>[] | null {
  const taken: TakenLoopback<T>[] = []
  for (const address of ADDRESSES) {
    const answers = listeners.map(listener => covers(listener, { address, port }))
    const listener = listeners[answers.indexOf(true)]
    if (listener !== undefined) taken.push({ address, listener })
    else if (answers.includes(undefined)) return null
  }
  return taken
}
