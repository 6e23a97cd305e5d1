import { memo } from '../../parsers/collections/memo.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { maps } from '../../src/servers/nginx/queries/maps.ts'

/** Why no value of a variable is equal to an entry; null where one may be. */
export type Judge = (key: string) => string | null

/** What is to be said of the entries of a map; null where nobody knows what its source may hold. */
export function judgeOf(configuration: NginxConfiguration, map: NginxDirective): Judge | null {
  const source = (map.args[0]?.value ?? '').replace(/[{}]/g, '')
  const kind = KINDS.get(source)
  if (map.children.some(({ name }) => name === 'hostnames'))
    return HOSTS.has(source) ? key => (key.includes('*') ? null : anything(key)) : null
  if (kind !== undefined) return kind
  return variableNames(source).some(name => isMadeHere(configuration, name)) ? null : anything
}

/** True for a variable that lines of the configuration give a value, which may be whatever they say. */
function isMadeHere(configuration: NginxConfiguration, name: string): boolean {
  return /^\d$/.test(name) || maps(configuration).has(name) || namesSet(configuration).has(name)
}

const namesSet = memo(
  ({ occurrences }: NginxConfiguration): ReadonlySet<string> =>
    new Set((occurrences.get('set') ?? []).map(({ args }) => (args[0]?.value ?? '').slice(1).toLowerCase())),
)

/** What nobody writes in a plain text. */
const PATTERN = /^\^|\.\*|\.\+|\\[.dw/]|\(\?|[^$]\$$|^\(.*\|.*\)/

/** True for an entry that is meant as a regular expression. */
export function isPattern(key: string): boolean {
  return PATTERN.test(key)
}

/** True for what `hostnames` makes a wildcard. */
export function isHostWildcard(key: string): boolean {
  return /^(?:\*\.|\.)[a-z0-9-]+(?:\.[a-z0-9-]+)*$|^[a-z0-9.-]+\.\*$/i.test(key)
}

/** What is in no value that a client or a server sends, whatever variable holds it. */
const SURELY = /^\^|\.\*|\\\.|\\[dws][+*{]|\(\?|^\(.*\|.*\)|^[A-Z]{2}(?:\|[A-Z]{2})+$/

const anything: Judge = key =>
  SURELY.test(key) ? 'nothing is equal to it: a regular expression begins with `~`' : null

const path: Judge = key => {
  if (PATTERN.test(key)) return 'no path is equal to it: a regular expression begins with `~`'
  if (key.includes('*')) return 'no path holds a `*` where this one does'
  return key !== '' && !key.startsWith('/') ? 'every path begins with a slash' : null
}

const origin: Judge = key => {
  if (PATTERN.test(key)) return 'no origin is equal to it: a regular expression begins with `~`'
  if (key.includes('*')) return 'no origin holds a `*`'
  if (/^https?:\/\/[^/]+\/$/i.test(key)) return 'no origin ends in a slash'
  return /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?$/i.test(key) ? 'every origin begins with its scheme' : null
}

const agent: Judge = key => {
  if (PATTERN.test(key) || /^\*|\*$/.test(key))
    return 'no program calls itself so: a regular expression begins with `~`'
  return /^[a-z-]*(?:bot|spider|crawler)$|^(?:curl|wget)$/i.test(key)
    ? 'programs send more than that, such as a version'
    : null
}

const mediaType: Judge = key => {
  if (PATTERN.test(key) || key.includes('*'))
    return 'no media type is equal to it: a regular expression begins with `~`'
  return /^[a-z0-9]+$/i.test(key) ? 'every media type has a slash' : null
}

const cookies: Judge = key =>
  anything(key) ?? (key !== '' && !key.includes('=') ? 'cookies are sent as `name=value`' : null)

const host: Judge = key => {
  if (isHostWildcard(key)) return null
  if (PATTERN.test(key) || key.includes('*'))
    return 'no name is equal to it: a regular expression begins with `~`'
  if (/^https?:\/\//i.test(key)) return 'a name has no scheme'
  return null
}

const hostAlone: Judge = key => host(key) ?? (/^[\w.-]+:\d+$/.test(key) ? '`$host` has no port' : null)

const address: Judge = key => {
  if (/^[\d.]+\/\d+$|^[\da-f:]+\/\d+$/i.test(key))
    return 'no address is equal to a network: `geo` compares those'
  if (PATTERN.test(key)) return 'no address is equal to it: a regular expression begins with `~`'
  return /^(?:\d+\.){1,3}(?:\*|$)/.test(key) ? 'an address has four numbers' : null
}

const status: Judge = key =>
  /^(?:\d{3})?$/.test(key) ? null : 'a status has three digits: a regular expression begins with `~`'

const method: Judge = key =>
  /^[a-z_-]*$/i.test(key) ? null : 'no method is equal to it: a regular expression begins with `~`'

const accept: Judge = key =>
  anything(key) ??
  (/^\*[a-z]|[a-z]\*$/i.test(key)
    ? 'no list of types is equal to it: a regular expression begins with `~`'
    : null)

const referer: Judge = key => {
  if (PATTERN.test(key) || key.includes('*'))
    return 'no URL is equal to it: a regular expression begins with `~`'
  return /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(key) ? 'every URL begins with its scheme' : null
}

const query: Judge = key =>
  anything(key) ?? (key.startsWith('?') ? 'the question mark is no part of the query' : null)

const oneOf =
  (values: readonly string[]): Judge =>
  key =>
    key === '' || values.includes(key.toLowerCase())
      ? null
      : `it is ${values.map(value => (value === '' ? 'empty' : `\`${value}\``)).join(' or ')}`

/** Variables that hold the name of a host alone. */
const HOSTS: ReadonlySet<string> = new Set([
  '$host',
  '$http_host',
  '$ssl_server_name',
  '$ssl_preread_server_name',
])

const KINDS: ReadonlyMap<string, Judge> = new Map([
  ['$uri', path],
  ['$request_uri', path],
  ['$document_uri', path],
  ['$http_origin', origin],
  ['$http_user_agent', agent],
  ['$http_cookie', cookies],
  ['$host', hostAlone],
  ['$http_host', host],
  ['$ssl_server_name', host],
  ['$ssl_preread_server_name', host],
  ['$remote_addr', address],
  ['$realip_remote_addr', address],
  ['$proxy_protocol_addr', address],
  ['$http_x_real_ip', address],
  ['$http_x_forwarded_for', address],
  ['$status', status],
  ['$request_method', method],
  ['$http_accept', accept],
  ['$http_referer', referer],
  ['$args', query],
  ['$query_string', query],
  ['$scheme', oneOf(['http', 'https'])],
  ['$https', oneOf(['on', ''])],
  ['$sent_http_content_type', mediaType],
  ['$upstream_http_content_type', mediaType],
])
