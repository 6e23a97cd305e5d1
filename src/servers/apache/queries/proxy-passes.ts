import { memo } from '../../../../parsers/collections/memo.ts'
import type { ApacheWord } from '../../../../parsers/apache/syntax.ts'
import { isUnknownWord, type Place } from '../../../../parsers/text/source.ts'
import { type Endpoint, parseHost, plainSocketPath } from '../../address.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { isReplaced } from './directives-in.ts'
import { argumentPlace, wordPlace } from './places.ts'
import { type PlainPass, plainPass } from './plain-pass.ts'

/** The schemes that a module of mod_proxy serves, with the port that holds where none is written. */
const DEFAULT_PORTS = {
  http: 80,
  https: 443,
  h2c: 80,
  h2: 443,
  ws: 80,
  wss: 443,
  fcgi: 8000,
  scgi: 4000,
  uwsgi: 3031,
  ajp: 8009,
  ftp: 21,
} as const

export type ProxyScheme = keyof typeof DEFAULT_PORTS

/** One line by which httpd proxies requests. `!`, which excludes a path, is none. */
export interface ProxyPass {
  readonly directive: ApacheDirective
  /** The path that it takes over; null for a handler, and an expression that is more than a path. */
  readonly path: string | null
  /** The target as `ProxyPass` would have it: without what an expression puts behind it; null where `path` is. */
  readonly base: string | null
  /** The target as written, `proxy:` of a handler left out. */
  readonly written: string
  readonly at: Place
  /** Unknown where a variable, a back-reference or a placeholder makes the target. */
  readonly scheme: Fact<ProxyScheme>
  /** Every place a connection may go to: the balancer's members, or the one address written. */
  readonly endpoints: readonly ProxyEndpoint[]
}

export interface ProxyEndpoint extends Endpoint {
  readonly at: Place
}

/**
 * Every `ProxyPass`, `ProxyPassMatch`, `SetHandler "proxy:…"`, `AddHandler "proxy:…"` and `RewriteRule … [P]`,
 * in that order, each kind in reading order.
 *
 * https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#handler
 */
export const proxyPasses = memo((configuration: ApacheConfiguration): readonly ProxyPass[] => {
  const { occurrences } = configuration
  const found: ProxyPass[] = []
  for (const name of ['proxypass', 'proxypassmatch']) {
    for (const directive of occurrences.get(name) ?? []) {
      const word = targetWord(directive)
      if (word === undefined || word.value === '!') continue
      found.push(read(configuration, directive, word, word.value, plainPassOf(directive, word.value)))
    }
  }
  for (const name of ['sethandler', 'addhandler']) {
    for (const directive of occurrences.get(name) ?? []) {
      const word = directive.args[0]
      if (word === undefined || !/^proxy:/i.test(word.value)) continue
      if (name === 'sethandler' && isReplaced(configuration, directive)) continue
      found.push(read(configuration, directive, word, word.value.slice('proxy:'.length), null))
    }
  }
  for (const directive of occurrences.get('rewriterule') ?? []) {
    const [, word, flags] = directive.args
    if (word === undefined || flags === undefined || !isProxied(flags.value)) continue
    found.push(read(configuration, directive, word, word.value, plainRule(configuration, directive)))
  }
  return found
})

/** In `<Location>` the section has the path, and the first word is the target. */
function targetWord({ args, parent }: ApacheDirective): ApacheWord | undefined {
  return isInLocation(parent) ? args[0] : args[1]
}

function isInLocation(parent: ApacheDirective | null): boolean {
  return parent !== null && /^Location/i.test(parent.name)
}

function plainPassOf({ name, args, parent }: ApacheDirective, target: string): PlainPass | null {
  if (/match$/i.test(name)) return isInLocation(parent) ? null : plainPass(args[0]?.value ?? '', target)
  const path = isInLocation(parent) ? locationPath(parent) : args[0]?.value
  return path === undefined || isUnknownWord(path) ? null : { path, target }
}

/** A rule of a server, which sees the whole path, for every request. */
function plainRule(configuration: ApacheConfiguration, rule: ApacheDirective): PlainPass | null {
  const { args, parent } = rule
  if (parent !== null && parent.name !== 'VirtualHost') return null
  if (!unconditional(parent?.children ?? configuration.top).has(rule)) return null
  return plainPass(args[0]?.value ?? '', args[1]?.value ?? '')
}

/** The rules of a scope before which no condition stands. */
const unconditional = memo((lines: readonly ApacheDirective[]): ReadonlySet<ApacheDirective> => {
  const found = new Set<ApacheDirective>()
  let isAsked = false
  for (const line of lines) {
    if (line.name === 'RewriteCond') isAsked = true
    if (line.name !== 'RewriteRule') continue
    if (!isAsked) found.add(line)
    isAsked = false
  }
  return found
})

/** The path of a `<Location>` that is no expression. */
function locationPath(section: ApacheDirective | null): string | undefined {
  if (section === null || /match$/i.test(section.name) || section.args[0]?.value === '~') return undefined
  return section.args[0]?.value
}

/** The flag `P` or `proxy` among those of a RewriteRule. */
function isProxied(flags: string): boolean {
  return flags
    .replace(/^\[|\]$/g, '')
    .split(',')
    .some(flag => /^(?:p|proxy)$/i.test(flag.trim()))
}

function read(
  configuration: ApacheConfiguration,
  directive: ApacheDirective,
  word: ApacheWord,
  written: string,
  plain: PlainPass | null,
): ProxyPass {
  const at = wordPlace(directive, word)
  const pass = { directive, path: plain?.path ?? null, base: plain?.target ?? null, written, at }
  const balancer = balancerName(written)
  if (balancer !== undefined) {
    const members = balancers(configuration).get(balancer) ?? []
    const first = members[0]
    return first === undefined
      ? { ...pass, scheme: unknown('the balancer has no member that can be read', at), endpoints: [] }
      : { ...pass, scheme: known(first.scheme, first.at), endpoints: members }
  }
  const target = parseProxyUrl(written)
  if (target === null)
    return { ...pass, scheme: unknown('a variable decides where it goes', at), endpoints: [] }
  const { scheme, address, port } = target
  return { ...pass, scheme: known(scheme, at), endpoints: [{ address, port, at }] }
}

interface BalancerMember extends ProxyEndpoint {
  readonly scheme: ProxyScheme
  readonly directive: ApacheDirective
}

/** The lower-case name in `balancer://shop/…`; undefined for any other URL. */
function balancerName(url: string): string | undefined {
  return /^balancer:\/\/([^/%$]+)/i.exec(url)?.[1]?.toLowerCase()
}

/**
 * The members of balancers, by their lower-case names: `BalancerMember` in `<Proxy "balancer://…">`, or outside of it
 * with the balancer before the URL.
 */
const balancers = memo(
  ({ occurrences }: ApacheConfiguration): ReadonlyMap<string, readonly BalancerMember[]> => {
    const found = new Map<string, BalancerMember[]>()
    for (const section of occurrences.get('proxy') ?? []) {
      const name = balancerName(section.args[0]?.value ?? '')
      if (name !== undefined && !found.has(name)) found.set(name, [])
    }
    for (const directive of occurrences.get('balancermember') ?? []) {
      const { args, parent } = directive
      const isInSection = parent !== null && parent.name === 'Proxy'
      const name = balancerName((isInSection ? parent : directive).args[0]?.value ?? '')
      const index = isInSection ? 0 : 1
      const target = parseProxyUrl(args[index]?.value ?? '')
      if (name === undefined || target === null) continue
      const members = found.get(name) ?? []
      members.push({ ...target, at: argumentPlace(directive, index), directive })
      found.set(name, members)
    }
    return found
  },
)

/** `scheme://host[:port]/…` and `unix:/path|scheme://host`; null where it is no URL that can be read. */
export function parseProxyUrl(text: string): {
  readonly scheme: ProxyScheme
  readonly address: Endpoint['address']
  readonly port: number | null
} | null {
  const bar = /^unix:/i.test(text) ? text.indexOf('|') : -1
  const url = bar === -1 ? text : text.slice(bar + 1)
  const parts =
    /^([a-z0-9]+):\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^/:?#]*)(?::(\d+))?(?=[/?#]|$|\$|%\{REQUEST_URI\})/i.exec(url)
  const scheme = parts?.[1]?.toLowerCase() ?? ''
  if (parts === null || !isProxyScheme(scheme)) return null
  if (bar !== -1) {
    const path = text.slice('unix:'.length, bar)
    return isUnknownWord(path) || /[$%]/.test(path)
      ? null
      : { scheme, address: { kind: 'unix', path: plainSocketPath(path) }, port: null }
  }
  const host = parts[2] ?? ''
  const port = parts[3] === undefined ? DEFAULT_PORTS[scheme] : Number(parts[3])
  if (host === '' || /[$%]/.test(host) || isUnknownWord(host) || port < 1 || port > 65535) return null
  return { scheme, address: parseHost(host), port }
}

function isProxyScheme(text: string): text is ProxyScheme {
  return Object.hasOwn(DEFAULT_PORTS, text)
}
