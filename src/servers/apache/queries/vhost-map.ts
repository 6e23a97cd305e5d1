import type { ApacheConfiguration } from '../configuration.ts'
import { unplacedMembers, type VirtualHostSet, virtualHostSets } from './select-virtual-host.ts'
import { hostName, type VirtualHost, virtualHosts } from './virtual-hosts.ts'

/** One line group of `apache2 -S`. */
export interface VirtualHostMapEntry {
  /** `*`, an address, or `[v6]`. */
  readonly address: string
  /** Null for `*`. */
  readonly port: number | null
  /** In reading order; the first is the default server of the address. */
  readonly hosts: readonly MappedHost[]
}

export interface MappedHost {
  readonly virtualHost: VirtualHost
  /** As `-S` shows it; null where only a resolver knows it. */
  readonly name: string | null
  readonly aliases: readonly string[]
  readonly wildAliases: readonly string[]
  /** As httpd names them: the place of the `<VirtualHost>` line. */
  readonly file: string
  readonly line: number
}

export interface VirtualHostMap {
  readonly entries: readonly VirtualHostMapEntry[]
  /** Addresses that httpd ignores because no resolver knows them. */
  readonly ignored: readonly { readonly virtualHost: VirtualHost; readonly text: string }[]
  /** Addresses that only a resolver or a template knows. */
  readonly unknown: readonly { readonly host: MappedHost; readonly text: string }[]
}

/** The picture that `apache2 -S` draws of the virtual hosts. */
export function vhostMap(configuration: ApacheConfiguration): VirtualHostMap {
  return {
    entries: virtualHostSets(configuration).map(set => toEntry(configuration, set)),
    ignored: virtualHosts(configuration).flatMap(virtualHost =>
      virtualHost.addresses.filter(({ dead }) => dead).map(({ text }) => ({ virtualHost, text })),
    ),
    unknown: unplacedMembers(configuration).map(({ virtualHost, address }) => ({
      host: toMapped(configuration, virtualHost),
      text: address.text,
    })),
  }
}

function toEntry(configuration: ApacheConfiguration, set: VirtualHostSet): VirtualHostMapEntry {
  const { address, port } = set
  return {
    address: address === null ? '*' : address.includes(':') ? `[${address}]` : address,
    port,
    hosts: set.members.map(({ virtualHost }) => toMapped(configuration, virtualHost)),
  }
}

function toMapped(configuration: ApacheConfiguration, virtualHost: VirtualHost): MappedHost {
  const name = hostName(configuration, virtualHost)
  const known = virtualHost.aliases.flatMap(({ name, wild }) =>
    name.known ? [{ name: name.value, wild }] : [],
  )
  return {
    virtualHost,
    name: name.known ? name.value.host : null,
    aliases: known.filter(({ wild }) => !wild).map(({ name }) => name),
    wildAliases: known.filter(({ wild }) => wild).map(({ name }) => name),
    file: virtualHost.directive.file,
    line: virtualHost.directive.line,
  }
}
