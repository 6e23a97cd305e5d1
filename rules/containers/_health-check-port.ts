import type { Deployment } from '../../src/deployment/model.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { claimsOf } from './_claimed-ports.ts'
import { unclaimedIn } from './_opened-ports.ts'

/**
 * Health checks without a port, which ask port 80, in a container that names other ports alone: a proxy connects to one
 * of them. What listens in it nobody knows, and nothing that keeps to ports above 1024 has a second server on 80.
 */
export function* healthChecksOfPort80(deployment: Deployment): Iterable<RuleFinding> {
  for (const [{ container }, asked] of unclaimedIn(deployment)) {
    if (container === null || !container.service.complete) continue
    const { service, image } = container
    const facts = [
      ...service.ports.map(({ target }) => target),
      ...[...service.expose, ...(image?.exposes ?? [])].map(({ port }) => port),
    ]
    const named = facts.flatMap(fact => (fact.known ? [fact.value] : []))
    if (named.length < facts.length || named.some(({ first }) => first < 1024)) continue
    const meant = asked.find(({ port }) => named.some(({ first, last }) => first <= port && port <= last))
    if (meant === undefined || asked.some(({ port }) => port < 1024)) continue
    for (const { at, first, isInside } of claimsOf(container)) {
      if (!isInside || first !== 80) continue
      yield {
        at,
        severity: 'warning',
        confidence: 'medium',
        message: `the health check connects to port 80, and ${meant.proxy} to port ${meant.port}, as all that this container names: it never gets healthy`,
        label: 'another port',
        related: [{ at: meant.at, message: `${meant.proxy} connects here` }],
        help: `Ask for port ${meant.port}`,
      }
    }
  }
}
