import { mainServerLines } from '../queries/main-server-lines.ts'
import { memo } from '../../../../parsers/collections/memo.ts'
import { hasWildcard } from '../../../../parsers/wildcard/tokens.ts'
import { fromBytes, toBytes } from '../../regex.ts'
import { type ApacheDirective, isModuleLoaded } from '../configuration.ts'
import { directivesAt, effective, serverLevels } from '../queries/effective.ts'
import { isSettled, namePlace } from '../queries/places.ts'
import { isPrefixOf } from '../queries/wsgi-script-aliases.ts'
import { environmentValue } from './environment.ts'
import { matchPattern } from './match-pattern.ts'
import { prefixLength } from './prefix-length.ts'
import {
  addStep,
  DECLINED,
  failed,
  OK,
  type Phase,
  type RequestRecord,
  type StatusPhase,
  undecided,
} from './request.ts'
import { substitute } from './url-text.ts'

/** A `ProxyPass` or `ProxyPassMatch`. */
interface Passing {
  readonly directive: ApacheDirective
  readonly pattern: string
  readonly isRegex: boolean
  /** `!` for what is not passed on. */
  readonly target: string
  readonly parameters: readonly string[]
}

const passingAmong = memo((directives: readonly ApacheDirective[]): readonly Passing[] =>
  directives.filter(({ name }) => name === 'ProxyPass' || name === 'ProxyPassMatch').flatMap(readPassing),
)

function readPassing(directive: ApacheDirective): readonly Passing[] {
  const words = directive.args.map(({ value }) => value)
  const hasTilde = words[0] === '~'
  if (hasTilde) words.shift()
  const [pattern, target, ...parameters] = words
  if (pattern === undefined || target === undefined) return []
  return [
    { directive, pattern, isRegex: hasTilde || directive.name === 'ProxyPassMatch', target, parameters },
  ]
}

/** `ProxyPass` of a `<Location>`, then those of the main server, then those of the virtual host. */
export function proxyTranslate(record: RequestRecord): Phase {
  const { configuration, host } = record.walk
  if (record.isProxied) return OK
  const { occurrences } = configuration
  if (!occurrences.has('proxypass') && !occurrences.has('proxypassmatch')) return DECLINED
  const off = environmentValue(record, 'no-proxy')
  if (!off.known) return undecided(off.reason, off.at)
  if (off.value !== '') return DECLINED
  const located = inLocation(record)
  if (located === 'unknown') return undecided('a section that may apply has a `ProxyPass`', null)
  const lists = [
    located === null ? [] : [located],
    passingAmong(mainServerLines(configuration)),
    host === null ? [] : passingAmong(host.directive.children),
  ]
  for (const list of lists) {
    for (const passing of list) {
      const phase = tryPassing(record, passing)
      if (phase !== null) return phase
    }
  }
  return DECLINED
}

function inLocation({ levels, walk: { configuration } }: RequestRecord): Passing | 'unknown' | null {
  let found: Passing | 'unknown' | null = null
  for (const level of levels) {
    const { section, kind } = level
    if (section === null || (kind !== 'location' && kind !== 'if')) continue
    const line = ['ProxyPass', 'ProxyPassMatch']
      .flatMap(name => directivesAt(configuration, level, name))
      .sort((a, b) => a.start - b.start)
      .at(-1)
    if (line === undefined) continue
    const [first, second] = section.args
    const pattern = (first?.value === '~' ? second?.value : first?.value) ?? ''
    const isRegex = line.name === 'ProxyPassMatch' || hasWildcard(pattern)
    const [target = '', ...parameters] = line.args.map(({ value }) => value)
    found =
      level.applies === undefined ? 'unknown' : { directive: line, pattern, isRegex, target, parameters }
  }
  return found
}

/** Null where the line does not match. */
function tryPassing(
  record: RequestRecord,
  { directive, pattern, isRegex, target, parameters }: Passing,
): Phase | null {
  const at = namePlace(directive)
  if (!isSettled(pattern))
    return undecided(`\`${directive.name}\` may match, whose path is not known here`, at)
  const { uri } = record
  const real = toBytes(target.replace(/^unix:[^|]*\|/i, ''))
  let found: string
  if (isRegex) {
    const match = matchPattern(pattern, uri)
    if (match === undefined) return undecided(`\`${pattern}\` cannot be evaluated here`, at)
    if (match === null) return null
    const substituted = substitute(real, match.captures)
    // Without a group in the target, the whole path comes behind it.
    found = substituted === real ? real + uri : substituted
  } else {
    const bytes = toBytes(pattern)
    if (!isPrefixOf(bytes, uri)) return null
    found = real + uri.slice(prefixLength(bytes, uri))
  }
  if (target === '!') {
    addStep(record, 'proxy', `\`${directive.name} ${pattern} !\` keeps it here`, at, directive)
    return DECLINED
  }
  if (!isSettled(target)) return undecided('the target of the proxy is not known here', at)
  const words = parameters.map(word => word.toLowerCase())
  if (words.includes('interpolate')) return undecided('`interpolate` puts variables into the target', at)
  record.filename = `proxy:${found}`
  record.isProxied = true
  record.handler = 'proxy-server'
  record.passedBy = directive
  record.isCanonical = words.includes('nocanon')
  if (words.includes('noquery')) record.args = null
  return OK
}

/** Where a proxied request goes. */
export interface ProxyUrl {
  readonly url: string
  readonly socket: string | null
}

const USUAL_PORTS: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  h2: 443,
  h2c: 80,
  ws: 80,
  wss: 443,
  fcgi: 8000,
  ajp: 8009,
}

const MODULES: Readonly<Record<string, string>> = {
  http: 'proxy_http_module',
  https: 'proxy_http_module',
  h2: 'proxy_http2_module',
  h2c: 'proxy_http2_module',
  fcgi: 'proxy_fcgi_module',
  ajp: 'proxy_ajp_module',
  uwsgi: 'proxy_uwsgi_module',
  scgi: 'proxy_scgi_module',
  balancer: 'proxy_balancer_module',
  ftp: 'proxy_ftp_module',
}

/** The URL of a proxied record as mod_proxy makes it: escaped anew, with the query; or the status that it answers. */
export function proxyUrl(record: RequestRecord): ProxyUrl | StatusPhase {
  const at = record.passedBy === null ? null : namePlace(record.passedBy)
  const whole = (record.filename ?? '').slice('proxy:'.length)
  const socket = /^unix:([^|]*)\|/i.exec(whole)?.[1] ?? socketOf(record.passedBy)
  const url = whole.replace(/^unix:[^|]*\|/i, '')
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/?]*)(.*)$/is.exec(url)
  if (parts === null) return failed(400, `\`${fromBytes(url)}\` is no URL to proxy to`, at)
  const scheme = parts[1]?.toLowerCase() ?? ''
  const module = MODULES[scheme]
  if (module !== undefined && isModuleLoaded(record.walk.configuration, module) === false)
    return failed(500, `\`${scheme}://\` needs \`${module}\`, which is not loaded`, at)
  const host = canonicalHost(parts[2] ?? '', scheme)
  if (host === null) return failed(400, `\`${fromBytes(parts[2] ?? '')}\` is no host and port`, at)
  const path = (parts[3] ?? '').replace(/^\//, '')
  // FastCGI and its like get the query as a parameter of its own.
  const sendsQuery = !['fcgi', 'scgi', 'uwsgi'].includes(scheme)
  const query = record.args === null || !sendsQuery || record.isCanonical ? '' : `?${record.args}`
  const escaped = record.isCanonical ? path : escapeProxied(path, keepsSlashes(record))
  if (escaped === null)
    return failed(
      400,
      'a `%` in the path is no escape, and `AllowEncodedSlashes NoDecode` lets none be made',
      at,
    )
  return { url: `${scheme}://${host}/${escaped}${query}`, socket }
}

function socketOf(directive: ApacheDirective | null): string | null {
  const word = directive?.args.find(({ value }) => /^(?:proxy:)?unix:/i.test(value))
  return word === undefined ? null : (/unix:([^|]*)\|/i.exec(word.value)?.[1] ?? null)
}

/** Lower case, without the usual port; null for a port that is no number. */
function canonicalHost(netloc: string, scheme: string): string | null {
  const host = netloc.slice(netloc.lastIndexOf('@') + 1)
  const match = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(host)
  if (match === null) return null
  const [, name = '', port] = match
  if (port === undefined) return name.toLowerCase()
  if (!/^[0-9]+$/.test(port)) return null
  return USUAL_PORTS[scheme] === Number(port) ? name.toLowerCase() : `${name.toLowerCase()}:${port}`
}

/**
 * True where an encoded slash is passed on as it came. `AllowEncodedSlashes` of a host is lost where the section of
 * a URL is merged into it.
 */
function keepsSlashes(record: RequestRecord): boolean {
  const { levels, walk } = record
  if (levels.some(({ kind }) => kind === 'location' || kind === 'if')) return false
  const { directives } = effective(walk.configuration, serverLevels(walk.host), 'AllowEncodedSlashes')
  return directives.at(-1)?.args[0]?.value.toLowerCase() === 'nodecode'
}

/** Null for what mod_proxy answers with 400. */
function escapeProxied(path: string, keepsEscapes: boolean): string | null {
  if (keepsEscapes && /%(?![0-9A-Fa-f]{2})/.test(path)) return null
  return path.replace(
    keepsEscapes ? /[^A-Za-z0-9~$\-_.+!*'(),;:@&=/%]/g : /[^A-Za-z0-9~$\-_.+!*'(),;:@&=/]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}
