import type { ComposeService } from '../../parsers/compose/compose.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { DatabaseClient } from './_database-clients.ts'
import type { Database } from './_databases.ts'

/** A database on other networks, whose name nobody is told. */
export function apart(
  client: DatabaseClient,
  container: Container,
  { service, kind }: Database,
): RuleFinding | null {
  const { project } = container
  if (!client.whole || !project.complete || project.legacy || !knowsNames(container)) return null
  if (!service.complete || service.networkMode !== null || container.service.links.length > 0) return null
  if (container.service.extraHosts.length > 0) return null
  // Of a file that others are given, too, those who reach the database are the ones that read it.
  const readers = [...project.services.values()].filter(({ envFiles }) =>
    envFiles.some(({ path }) => path.known && path.value === client.at.source.path),
  )
  if (
    readers.some(
      reader => reader !== service && networkKeys(reader).some(key => networkKeys(service).includes(key)),
    )
  )
    return null
  return {
    at: client.at,
    message: `\`${client.host}\` is on none of the networks of \`${container.service.name}\`, which is told no address of it: Name or service not known`,
    label: 'on another network',
    related: [{ at: service.at, message: `the ${kind} of this name` }],
    help: `Write a network of \`${service.name}\` below \`networks:\` of \`${container.service.name}\``,
  }
}

/** A name of one word, which only a container can have, where all of them are known. */
export function unknownHost(
  client: DatabaseClient,
  container: Container,
  databases: ReadonlyMap<string, Database>,
): RuleFinding | null {
  const { project, service, allNames } = container
  if (!client.whole || client.host.includes('.') || client.host === 'localhost' || allNames.has(client.host))
    return null
  // Containers have names of their own, too: `shop-db-1`, `shop_db_1`.
  const [, named = ''] = /^(.+)[_-]\d+$/.exec(client.host) ?? []
  if ([...project.services.keys()].some(each => named.endsWith(`_${each}`) || named.endsWith(`-${each}`)))
    return null
  const alike = [...databases].find(([, { kind }]) => kind === client.kind)
  if (alike === undefined || !project.complete || project.legacy || !knowsNames(container)) return null
  if (
    service.links.length > 0 ||
    service.extraHosts.some(({ name }) => !name.known || name.value === client.host)
  )
    return null
  return {
    at: client.at,
    message: `no service is called \`${client.host}\`, and ${client.kind} is the service \`${alike[1].service.name}\`: Name or service not known`,
    label: 'no container of this name',
    related: [{ at: alike[1].service.at, message: 'the database' }],
    help: `Connect to \`${alike[1].service.name}\``,
  }
}

/** False where containers of other projects may be on a network, or one has a name that is not known. */
function knowsNames({ project, service }: Container): boolean {
  if (service.networkMode !== null || service.externalLinks.length > 0) return false
  const named = [...project.services.values()].every(
    ({ containerName, hostname, networks }) =>
      containerName?.known !== false &&
      hostname === null &&
      (networks ?? []).every(({ network, aliases }) => network.known && aliases.every(each => each.known)),
  )
  return named && [...project.networks.values()].every(({ external, name }) => !external && name === null)
}

export function sharesNetwork({ networks }: Container, other: ComposeService): boolean {
  return networkKeys(other).some(key => networks.includes(key))
}

function networkKeys({ networks }: ComposeService): readonly string[] {
  return networks === null
    ? ['default']
    : networks.flatMap(({ network }) => (network.known ? [network.value] : []))
}
