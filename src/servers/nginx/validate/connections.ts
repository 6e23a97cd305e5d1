import { argumentPlace } from '../queries/places.ts'
import { parseNumber } from './numbers.ts'
import type { Reading } from './unit.ts'

/** What a worker process has where `worker_connections` is not written. */
const USUAL = 512

/**
 * nginx wants a connection of each worker process for every socket it listens on, and one for the channel to
 * the master. Sockets of which only DNS knows the address are not counted.
 */
export function checkConnections(reading: Reading): void {
  const { occurrences } = reading.unit
  const written = occurrences.get('worker_connections')?.[0]
  const at = written ?? occurrences.get('events')?.[0]
  const connections = written === undefined ? USUAL : parseNumber(written.args[0]?.value ?? '')
  const sockets = fewestSockets(reading.sockets)
  if (at === undefined || connections === null || connections > sockets) return
  const message = `${connections} connections are too few for ${sockets} listening ${sockets === 1 ? 'socket' : 'sockets'} and the channel to the master`
  reading.problems.push({
    code: 'few-connections',
    fatal: true,
    message,
    at: argumentPlace(at, 0),
    closing: null,
  })
}

/** On a port whose wildcard is listened on, nginx opens of the other addresses those alone that have options. */
function fewestSockets(sockets: Reading['sockets']): number {
  const byPort = new Map<string, { all: number; withOptions: number; wildcard: boolean }>()
  for (const [name, { optionsAt }] of sockets) {
    const parts = /^(.*? )(\S*?):(\d+)$/.exec(name)
    const host = parts?.[2] ?? ''
    const isWildcard = host === '0.0.0.0' || host === '[::]'
    const key = parts === null ? name : `${parts[1]}${host.startsWith('[') ? 6 : 4} ${parts[3]}`
    const port = byPort.get(key) ?? { all: 0, withOptions: 0, wildcard: false }
    port.all++
    if (isWildcard) port.wildcard = true
    else if (optionsAt !== null) port.withOptions++
    byPort.set(key, port)
  }
  let count = 0
  for (const { all, withOptions, wildcard } of byPort.values()) count += wildcard ? 1 + withOptions : all
  return count
}
