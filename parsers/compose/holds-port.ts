import type { PortRange } from './compose.ts'

/** True for a port of a range, whose ends belong to it. */
export function holdsPort({ first, last }: PortRange, port: number): boolean {
  return first <= port && port <= last
}
