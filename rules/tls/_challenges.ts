import { memo } from '../../parsers/collections/memo.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'

/** What an authority asks for over plain HTTP (RFC 8555, section 8.3). */
export const CHALLENGE = `/.well-known/acme-challenge/${EXISTING}`

/** The names that the servers of nginx and Apache on a machine have. */
export const servedNames = memo((deployment: Deployment): ReadonlyMap<Machine, ReadonlySet<string>> => {
  const found = new Map<Machine, Set<string>>(deployment.machines.map(machine => [machine, new Set()]))
  for (const { configuration, names } of deployment.servers)
    for (const { name, exact } of names)
      if (exact) found.get(deployment.programOf(configuration).machine)?.add(name)
  for (const { configuration, names } of deployment.apacheHosts)
    for (const name of names) found.get(deployment.programOf(configuration).machine)?.add(name)
  return found
})
