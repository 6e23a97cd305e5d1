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
