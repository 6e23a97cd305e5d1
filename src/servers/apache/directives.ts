import { once } from '../../../parsers/collections/once.ts'
import { DIRECTIVE_ROWS } from './directives.generated.ts'

/**
 * How httpd cuts a directive's arguments before it calls the handler: `1|2` is TAKE12, `each` ITERATE,
 * `first-with-each` ITERATE2, `argv` TAKE_ARGV, and `raw` leaves the cutting to the handler.
 */
export type ApacheArity =
  | '0'
  | '1'
  | '2'
  | '3'
  | '1|2'
  | '1|3'
  | '2|3'
  | '1|2|3'
  | 'each'
  | 'first-with-each'
  | 'flag'
  | 'raw'
  | 'argv'

/** A place in which a directive may stand; `if` covers `<ElseIf>` and `<Else>`, `limit` `<LimitExcept>`. */
export type ApacheContext =
  | 'server'
  | 'virtualhost'
  | 'directory'
  | 'location'
  | 'files'
  | 'if'
  | 'limit'
  | 'proxy'

/** The classes that `AllowOverride` gives to `.htaccess` files. */
export type OverrideClass = 'AuthConfig' | 'FileInfo' | 'Indexes' | 'Limit' | 'Options'

/**
 * The bits of httpd's `req_override`. A directive may stand where the scope's own bits and the
 * directive's have one in common.
 */
export const ALLOW = {
  Limit: 1,
  Options: 2,
  FileInfo: 4,
  AuthConfig: 8,
  Indexes: 16,
  any: 31,
  section: 64,
  server: 128,
  proxy: 2048,
} as const

/** One directive of httpd 2.4.71 or of the modules that Debian ships with it, mod_wsgi 4.9.4 among them. */
export interface ApacheDirectiveFacts {
  /** The canonical spelling; no `<`. */
  readonly name: string
  readonly section: boolean
  /** Ids of the modules that own the name; each that is loaded runs it. */
  readonly modules: readonly string[]
  readonly arity: ApacheArity
  /** True where the reading phase runs it at its line, before the enclosing sections are known. */
  readonly executed: boolean
  /** True for what only the documentation knows: another platform's or a later release's. */
  readonly documentedOnly: boolean
  /** The bits of {@link ALLOW} with which it may stand. */
  readonly allowed: number
  /** What the handler turns away though the bits allow it: such a section around it, at any depth. */
  readonly refused: ReadonlySet<ApacheContext>
  /** The default as the documentation writes it, directive included; null where it has none. */
  readonly default: string | null
  /** The documented syntax; null for what is not documented. */
  readonly syntax: string | null
}

/** Rows of the table by lower-case name, each decoded when it is first asked for: files write few of them. */
class Facts {
  readonly #rows = new Map<string, string>()
  readonly #decoded = new Map<string, ApacheDirectiveFacts>()

  add(name: string, row: string): void {
    this.#rows.set(name, row)
  }

  get(name: string): ApacheDirectiveFacts | undefined {
    const known = this.#decoded.get(name)
    if (known !== undefined) return known
    const row = this.#rows.get(name)
    if (row === undefined) return undefined
    const facts = decode(row)
    this.#decoded.set(name, facts)
    return facts
  }

  *all(): Iterable<ApacheDirectiveFacts> {
    for (const row of this.#rows.values()) yield decode(row)
  }
}

const table = once(() => {
  const directives = new Facts()
  const sections = new Facts()
  for (const row of DIRECTIVE_ROWS.split('\n')) {
    const name = row.slice(0, row.indexOf('\t'))
    const facts = row.startsWith('s', name.length + 1) ? sections : directives
    facts.add(name.toLowerCase(), row)
  }
  return { directives, sections }
})

/**
 * The facts of a directive or section, by lower-case name without `<`; undefined where the table has no
 * such name. Where a directive and a section share the name (`MDomain`, the hooks of mod_lua) it is the
 * directive's: ask {@link apacheSection} for the section.
 */
export function apacheDirective(name: string): ApacheDirectiveFacts | undefined {
  const { directives, sections } = table()
  return directives.get(name) ?? sections.get(name)
}

/** The facts of a section, by lower-case name without `<`. */
export function apacheSection(name: string): ApacheDirectiveFacts | undefined {
  return table().sections.get(name)
}

/** Every directive and section, in alphabetical order. */
export function allApacheDirectives(): Iterable<ApacheDirectiveFacts> {
  const { directives, sections } = table()
  return [...directives.all(), ...sections.all()]
}

/** The contexts in which httpd accepts a directive. */
export function acceptedContexts(facts: ApacheDirectiveFacts): ReadonlySet<ApacheContext> {
  const accepted = new Set<ApacheContext>()
  for (const context of CONTEXTS) {
    if (facts.executed || (facts.allowed & scopeBits(context)) !== 0) accepted.add(context)
  }
  for (const context of facts.refused) accepted.delete(context)
  return accepted
}

/** The `AllowOverride` classes that let a directive stand in `.htaccess`; empty where none does. */
export function overrideClasses(facts: ApacheDirectiveFacts): readonly OverrideClass[] {
  return OVERRIDES.filter(name => (facts.allowed & ALLOW[name]) !== 0)
}

/**
 * The bits that a scope gives to what stands in it: neither the main server nor a virtual host has
 * AuthConfig and Limit, so `Require` and `Order` belong into a section.
 */
export function scopeBits(context: ApacheContext): number {
  if (context === 'server' || context === 'virtualhost') {
    return ALLOW.server | (ALLOW.any & ~ALLOW.AuthConfig & ~ALLOW.Limit)
  }
  return ALLOW.any | ALLOW.section | (context === 'proxy' ? ALLOW.proxy : 0)
}

const OVERRIDES = ['AuthConfig', 'FileInfo', 'Indexes', 'Limit', 'Options'] as const
const CONTEXTS = [
  'server',
  'virtualhost',
  'directory',
  'location',
  'files',
  'if',
  'limit',
  'proxy',
] as const satisfies readonly ApacheContext[]

const NOTHING_REFUSED: ReadonlySet<ApacheContext> = new Set()

function decode(row: string): ApacheDirectiveFacts {
  const [name = '', flags = '', modules, arity, allowed, refused, value, syntax] = row.split('\t')
  return {
    name,
    section: flags.includes('s'),
    modules: split(modules, ' '),
    arity: (arity ?? 'raw') as ApacheArity,
    executed: flags.includes('x'),
    documentedOnly: flags.includes('d'),
    allowed: split(allowed, ',').reduce((bits, word) => bits | ALLOW[word as keyof typeof ALLOW], 0),
    refused: refused ? new Set(split(refused, ',') as ApacheContext[]) : NOTHING_REFUSED,
    default: value || null,
    syntax: syntax || null,
  }
}

function split(text: string | undefined, separator: string): readonly string[] {
  return text ? text.split(separator) : []
}

/** Names that modules outside the table of directives bring, by how they begin, as people write them. */
const FOREIGN: readonly (readonly [prefix: string, module: string])[] = [
  ['php_', 'PHP'],
  ['Sec', 'mod_security'],
  ['Passenger', 'Passenger'],
  ['Fcgid', 'mod_fcgid'],
  ['FastCgi', 'mod_fastcgi'],
  ['Jk', 'mod_jk'],
  ['Perl', 'mod_perl'],
  ['Python', 'mod_python'],
  ['GeoIP', 'mod_geoip'],
  ['MaxMind', 'mod_maxminddb'],
  ['DOS', 'mod_evasive'],
  ['ModPagespeed', 'mod_pagespeed'],
  ['Krb', 'mod_auth_kerb'],
  ['Gssapi', 'mod_auth_gssapi'],
  ['OIDC', 'mod_auth_openidc'],
  ['Mellon', 'mod_auth_mellon'],
  ['CAS', 'mod_auth_cas'],
  ['Shib', 'mod_shib'],
  ['SVN', 'mod_dav_svn'],
  ['QS_', 'mod_qos'],
  ['XSendFile', 'mod_xsendfile'],
  ['RPAF', 'mod_rpaf'],
  ['CloudFlare', 'mod_cloudflare'],
  ['RUidGid', 'mod_ruid2'],
  ['AssignUserID', 'mpm-itk'],
  ['suPHP_', 'mod_suphp'],
  ['NSS', 'mod_nss'],
  ['GnuTLS', 'mod_gnutls'],
  ['ModTile', 'mod_tile'],
]

/** The module that brings directives which begin so, in any case; undefined where none is known. */
export function foreignModule(name: string): string | undefined {
  const lower = name.toLowerCase()
  return FOREIGN.find(([prefix]) => lower.startsWith(prefix.toLowerCase()))?.[1]
}

/** True for a directive of such a module as its documentation writes it: `SecRuleEngine`, and no `SecretKey`. */
export function isWrittenAsForeign(name: string): boolean {
  return FOREIGN.some(
    ([prefix]) =>
      name.startsWith(prefix) && (!/^[a-z]/.test(name.slice(prefix.length)) || /^[A-Z]{4}/.test(prefix)),
  )
}
