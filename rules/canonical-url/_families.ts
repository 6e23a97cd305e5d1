import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import type { NginxSocket } from '../../src/servers/nginx/queries/sockets.ts'

/** True for the socket of all addresses of a version of IP, and of no other. */
export function isOfFamilyAlone({ address, quic, ipv6only }: NginxSocket, family: 4 | 6): boolean {
  return !quic && address.kind === 'ip' && address.wildcard && address.family === family && ipv6only !== false
}

/** The names of a server as they are written, in small letters. */
export function namesWritten(server: NginxDirective): readonly string[] {
  return childrenNamed(server, 'server_name').flatMap(({ args }) =>
    args.map(({ value }) => value.toLowerCase()),
  )
}

/** The same `listen` for the other version of IP. */
export function twinOf({ args }: NginxDirective, address: string): string {
  const rest = args.slice(1).filter(({ value }) => !value.startsWith('ipv6only'))
  return `listen ${[address, ...rest.map(({ value }) => value)].join(' ')};`
}
