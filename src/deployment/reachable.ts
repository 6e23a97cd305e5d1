import { isLoopback, parseHost } from '../servers/address.ts'
import type { NginxConfiguration, NginxDirective } from '../servers/nginx/configuration.ts'
import { effective } from '../servers/nginx/queries/effective.ts'

export function isReachable(configuration: NginxConfiguration, block: NginxDirective): boolean | undefined {
  for (let scope: NginxDirective | null = block; scope !== null; scope = scope.parent) {
    if (scope.name === 'location' && scope.children.some(({ name }) => name === 'internal')) return undefined
  }
  const access = effective(configuration, block, 'deny')
  if (!access.known) return true
  for (const { name, args } of access.value.directives) {
    const what = args[0]?.value ?? ''
    if (name === 'deny' && what === 'all') return false
    if (name === 'allow' && isLoopback(parseHost(what)) !== true) return true
  }
  return true
}
