import { argumentPlace } from '../../src/deployment/places.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { locationTitle } from '../../src/servers/nginx/queries/locations.ts'

/** What a backend is told of a client, and what it needs to upgrade a connection. */
const TOLD = /^(?:host|forwarded|x-forwarded-[\w-]+|x-real-ip|x-client-ip|upgrade|connection|authorization)$/i

/**
 * `proxy_set_header` of a location that proxies nothing, when the location that proxies its requests sets headers of its
 * own: nginx takes them from where `proxy_pass` is, and from what is around it.
 */
export function* requestHeadersLeft(
  configuration: NginxConfiguration,
  location: NginxDirective,
  target: NginxDirective,
): Generator<RuleFinding> {
  const lines = location.children.filter(({ name }) => name === 'proxy_set_header')
  if (lines.length === 0 || proxies(location)) return
  if (!target.children.some(({ name }) => name === 'proxy_pass')) return
  const found = effective(configuration, target, 'proxy_set_header')
  if (!found.known || !found.value.complete) return
  const sent = new Set(found.value.directives.map(nameOf))
  const lost = lines.filter(line => TOLD.test(nameOf(line)) && !sent.has(nameOf(line)))
  const [first] = lost
  if (first === undefined) return
  const names = lost.map(({ args }) => `\`${args[0]?.value}\``)
  yield {
    at: argumentPlace(first, 0),
    message: `\`${locationTitle(location)}\` proxies nothing, and \`${locationTitle(target)}\`, which proxies its requests, sends no ${names.join(', ')}`,
    label: 'left behind',
    related: [{ at: argumentPlace(target, target.args.length - 1), message: 'its headers are sent' }],
  }
}

/** The named location to which `try_files` of a location hands over what is no file. */
export function namedFallback(location: NginxDirective, server: NginxDirective): NginxDirective | null {
  const name = location.children.find(line => line.name === 'try_files')?.args.at(-1)?.value
  if (name?.startsWith('@') !== true) return null
  return server.children.find(child => child.name === 'location' && child.args[0]?.value === name) ?? null
}

function nameOf({ args }: NginxDirective): string {
  return args[0]?.value.toLowerCase() ?? ''
}

/** True where some block in it proxies: it inherits the headers. */
function proxies({ children }: NginxDirective): boolean {
  return children.some(child => child.name === 'proxy_pass' || child.name === 'include' || proxies(child))
}
