import type {
  DeploymentMap,
  MappedAddress,
  MappedPlace,
  MappedSite,
  MappedVirtualHost,
} from '../../deployment/map/deployment-map.ts'

/** A place as one word: what parts of a map refer to each other by. */
export function keyOf({ file, line }: MappedPlace): string {
  return `${file}:${line}`
}

/** Virtual hosts by the places of their sections. */
export function hostsByPlace({ virtualHosts }: DeploymentMap): ReadonlyMap<string, MappedVirtualHost> {
  return new Map(virtualHosts.flatMap(({ hosts }) => hosts.map(host => [keyOf(host), host] as const)))
}

/** The address of virtual hosts as `apache2 -S` shows it. */
export function addressName({ address, port, decidedElsewhere }: MappedAddress): string {
  return decidedElsewhere === true ? address : `${address}:${port ?? '*'}`
}

/** What clients call a site: the default server of a port without a name of its own is for all others. */
export function siteName({ names, listens }: MappedSite, separator: string): string {
  const own = names.filter(name => name !== '_' && name !== '')
  if (own.length > 0) return listed(own, separator)
  return listens.some(listen => listen.default) ? 'any other name' : names[0] || '(no name)'
}

/** A list of which a reader sees the first few: a site of many tenants has hundreds of names. */
export function listed(words: readonly string[], separator: string): string {
  const most = 4
  if (words.length <= most + 1) return words.join(separator)
  return `${words.slice(0, most).join(separator)} and ${words.length - most} more`
}
