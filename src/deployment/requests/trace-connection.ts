import { formatEndpoint } from '../../servers/address.ts'
import { destinationWords, programName, protocolName } from '../destination-words.ts'
import type { ApacheConnection, Connection, Target } from '../model.ts'
import type { TraceEnd, TraceStep } from './trace.ts'

/** The step by which a server opens a connection. */
export function connecting(
  layer: TraceStep['layer'],
  { protocol }: Connection,
  target: Target,
  count: number,
): TraceStep {
  const spoken = protocol.known && protocol.value !== 'http' ? ` by ${protocolName(protocol.value)}` : ''
  const more = count === 1 ? '' : `, one of ${count} servers that take turns`
  return { layer, text: `connects to ${formatEndpoint(target)}${spoken}${more}`, at: target.at, known: true }
}

/** What the client sees of a connection that leads out of nginx and Apache. */
export function endAt(target: Target, by: 'nginx' | 'apache'): TraceEnd {
  const address = formatEndpoint(target)
  const { to } = target
  if (to.kind === 'refused') {
    const reason = `connection refused: ${programName(to.by.kind)} does not listen on ${address}`
    return { kind: 'status', by, status: by === 'nginx' ? 502 : 503, reason }
  }
  return { kind: 'backend', address, reason: destinationWords(target) }
}

/** Where Apache's own proxying leads: mod_proxy answers 503 where the connection is refused. */
export function followApache(connection: ApacheConnection, steps: TraceStep[]): TraceEnd {
  const [target] = connection.targets
  if (target === undefined)
    return {
      kind: 'unknown',
      reason: `a variable decides where the request goes (\`${connection.written}\`)`,
    }
  steps.push(connecting('apache', connection, target, connection.targets.length))
  return endAt(target, 'apache')
}
