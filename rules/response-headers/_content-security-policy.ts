import { distance } from 'fastest-levenshtein'
import type { ResourceKind } from '../../parsers/html/page-resources.ts'

/** The sources of each directive of one policy, by its name in lower case. */
export type Policy = ReadonlyMap<string, readonly string[]>

/** Null for a policy of which something is filled in elsewhere. */
export function readPolicy(value: string): Policy | null {
  if (/[$%{]|\u0000/.test(value)) return null
  const policy = new Map<string, readonly string[]>()
  for (const part of value.split(';')) {
    const [name = '', ...sources] = part.trim().split(/\s+/)
    // The first of a name counts.
    if (name !== '' && !policy.has(name.toLowerCase())) policy.set(name.toLowerCase(), sources)
  }
  return policy
}

/** https://www.w3.org/TR/CSP3/#directive-fallback-list */
const ASKED: Readonly<Record<ResourceKind, readonly string[]>> = {
  script: ['script-src-elem', 'script-src', 'default-src'],
  style: ['style-src-elem', 'style-src', 'default-src'],
  connect: ['connect-src', 'default-src'],
  frame: ['frame-src', 'child-src', 'default-src'],
}

/**
 * The directive of a policy by which browsers surely refuse something; null where it may be let through.
 *
 * @param own the names of the site; null where it may have others than are known
 */
export function refusing(
  policy: Policy,
  kind: ResourceKind,
  host: string | null,
  own: readonly string[] | null,
): string | null {
  const name = ASKED[kind].find(each => policy.has(each))
  if (name === undefined) return null
  const sources = (policy.get(name) ?? []).map(each => each.toLowerCase())
  return sources.some(source => (host === null ? letsInline(source) : letsHost(source, host, own)))
    ? null
    : name
}

/** A hash or a nonce may be that of what stands in the page. */
const letsInline = (source: string): boolean =>
  /^'(?:unsafe-inline|nonce-|sha\d+-|strict-dynamic)/.test(source)

function letsHost(source: string, host: string, own: readonly string[] | null): boolean {
  if (source === '*' || /^[a-z][a-z\d+.-]*:$/.test(source)) return true
  // Scripts that a trusted one loads, and those with a nonce.
  if (/^'(?:nonce-|sha\d+-|strict-dynamic)/.test(source)) return true
  if (source === "'self'") return own === null ? !OF_OTHERS.test(host) : own.includes(host)
  if (source.startsWith("'")) return false
  const name = source.replace(/^[a-z][a-z\d+.-]*:\/\//, '').replace(/[:/].*$/s, '')
  return name.startsWith('*.') ? host.endsWith(name.slice(1)) : name === '*' || name === host
}

/** Hosts from which pages of everybody load scripts, fonts and frames: no site of one's own has such a name. */
const OF_OTHERS =
  /(?:^|\.)(?:googleapis\.com|gstatic\.com|googletagmanager\.com|google-analytics\.com|google\.com|cloudflare\.com|cloudflareinsights\.com|jsdelivr\.net|unpkg\.com|jquery\.com|bootstrapcdn\.com|fontawesome\.com|youtube\.com|youtube-nocookie\.com|vimeo\.com|stripe\.com|facebook\.net|typekit\.net|hcaptcha\.com|polyfill\.io|plausible\.io)$/

/** What browsers know, or knew: https://www.w3.org/TR/CSP3/#csp-directives */
const DIRECTIVES: ReadonlySet<string> = new Set([
  ...['default-src', 'script-src', 'script-src-elem', 'script-src-attr', 'style-src', 'style-src-elem'],
  ...['style-src-attr', 'img-src', 'font-src', 'connect-src', 'media-src', 'object-src', 'frame-src'],
  ...['child-src', 'worker-src', 'manifest-src', 'prefetch-src', 'fenced-frame-src', 'base-uri', 'sandbox'],
  ...['form-action', 'frame-ancestors', 'navigate-to', 'report-uri', 'report-to', 'webrtc', 'referrer'],
  ...['require-trusted-types-for', 'trusted-types', 'upgrade-insecure-requests', 'block-all-mixed-content'],
  ...['plugin-types', 'reflected-xss', 'require-sri-for', 'disown-opener', 'options', 'policy-uri'],
])

const KEYWORD = /^(?:self|none|unsafe-inline|unsafe-eval|strict-dynamic)$/i

/** Why browsers pass over a part of a policy, or of the policies of one header; null where they know all of it. */
export function policyFault(value: string): string | null {
  for (const policy of value.split(',')) {
    const known = new Map<string, string>()
    for (const part of policy.split(';')) {
      const [name = '', ...sources] = part.trim().split(/\s+/)
      if (name === '') continue
      const fault = directiveFault(name, sources)
      if (fault !== null) return fault
      const former = known.get(name.toLowerCase())
      if (former !== undefined && former !== sources.join(' '))
        return `browsers take the first \`${name}\` of a policy, and pass over the second`
      known.set(name.toLowerCase(), sources.join(' '))
    }
  }
  return null
}

function directiveFault(name: string, sources: readonly string[]): string | null {
  const lowered = name.toLowerCase()
  if (DIRECTIVES.has(lowered)) {
    const bare = sources.find(source => KEYWORD.test(source))
    return bare === undefined || !/-(?:src|src-elem|src-attr|ancestors|uri|action)$/.test(lowered)
      ? null
      : `without quotes \`${bare}\` in \`${name}\` is the name of a host: the keyword is written \`'${bare}'\``
  }
  const plain = lowered.replace(/[:=]$/, '')
  if (plain !== lowered && DIRECTIVES.has(plain))
    return `browsers know no directive \`${name}\`: no sign stands behind \`${name.slice(0, -1)}\``
  // A source where a name stands: a semicolon ends the directive before it.
  if (/^(?:'.*'|\*|(?:https?|wss?|data|blob):.*)$/.test(lowered))
    return `a semicolon ends the directive in front of \`${name}\`, which is a source of it no more`
  const meant = [...DIRECTIVES].find(known => known.length > 8 && distance(known, lowered) <= 2)
  return meant === undefined ? null : `browsers know no directive \`${name}\`: it is \`${meant}\``
}
