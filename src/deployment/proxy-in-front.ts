import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { NginxDirective } from '../servers/nginx/configuration.ts'
import { conditionWords } from '../servers/nginx/queries/conditions.ts'
import { argumentPlace } from '../servers/nginx/queries/places.ts'
import { effective } from '../servers/nginx/queries/effective.ts'
import { childrenNamed } from '../servers/nginx/queries/scope.ts'
import { directivesByServer } from '../servers/nginx/queries/servers.ts'
import type { NginxServer } from './model.ts'

/** A proxy on another machine whose connections a server of nginx takes, as its own lines tell. */
export interface ProxyInFront {
  readonly name: string
  /** The line that tells it. */
  readonly at: Place
  readonly told: string
}

/**
 * The proxy that a server is written for, though nobody names its address: Cloudflare, whose certificate it asks for or
 * whose headers it reads, or one that says in `X-Forwarded-Proto` which requests are to be redirected to TLS, which a
 * client that connects itself never says.
 */
export const proxyInFront = memo(
  (server: NginxServer): ProxyInFront | null =>
    originPulls(server) ?? cloudflareHeader(server) ?? schemeAsked(server),
)

/** https://developers.cloudflare.com/ssl/origin-configuration/authenticated-origin-pull/ */
function originPulls({ directive }: NginxServer): ProxyInFront | null {
  const [authority] = childrenNamed(directive, 'ssl_client_certificate')
  const [verify] = childrenNamed(directive, 'ssl_verify_client')
  if (authority === undefined || verify?.args[0]?.value !== 'on') return null
  if (!/cloudflare|origin[-_]pull/i.test(authority.args[0]?.value ?? '')) return null
  return { name: 'Cloudflare', at: argumentPlace(authority, 0), told: 'its certificate is asked for' }
}

/** What hands a variable on to the backend, or decides by it. */
const READERS = ['proxy_set_header', 'grpc_set_header', 'fastcgi_param', 'uwsgi_param', 'if', 'set'] as const

function cloudflareHeader({ configuration, directive }: NginxServer): ProxyInFront | null {
  for (const name of READERS) {
    const byServer = directivesByServer(configuration, name)
    const line = byServer.get(directive)?.find(readsCloudflare)
    if (line !== undefined) return told(line)
  }
  return null
}

function told(line: NginxDirective): ProxyInFront {
  const index = line.args.findIndex(({ value }) => CLOUDFLARE.test(value))
  return { name: 'Cloudflare', at: argumentPlace(line, index), told: 'only Cloudflare sends this header' }
}

const readsCloudflare = ({ args }: NginxDirective): boolean =>
  args.some(({ value }) => CLOUDFLARE.test(value))

const CLOUDFLARE = /\$\{?http_cf_(?:connecting_ip|ray|visitor|ipcountry)\b/

/** True where surely no line takes the address of the client from a proxy: `$remote_addr` is whoever connects. */
export function keepsAddressOfPeer({ configuration }: NginxServer, block: NginxDirective): boolean {
  const sources = effective(configuration, block, 'set_real_ip_from')
  return sources.known && sources.value.directives.length === 0
}

function schemeAsked({ configuration, directive, listens }: NginxServer): ProxyInFront | null {
  if (listens.length === 0 || listens.some(({ tls }) => tls)) return null
  const line = (directivesByServer(configuration, 'if').get(directive) ?? []).find(leadsPlainToTls)
  if (line === undefined) return null
  return {
    name: 'the proxy',
    at: argumentPlace(line, 0),
    told: 'only a proxy in front says which scheme the client used',
  }
}

/** `if ($http_x_forwarded_proto = http) { return 301 https://…; }`, or `!= https`. */
function leadsPlainToTls(line: NginxDirective): boolean {
  const [variable, operator, value] = conditionWords(line)
  if (!/^\$\{?http_x_forwarded_(?:proto|scheme)\}?$/.test(variable ?? '')) return false
  if (operator !== '=' ? operator !== '!=' || value !== 'https' : value !== 'http') return false
  return line.children.some(
    ({ name, args }) => /^(?:return|rewrite)$/.test(name) && args.some(word => /^https:/.test(word.value)),
  )
}
