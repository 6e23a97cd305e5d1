import { isOneSlipAway } from '../../../../parsers/text/one-slip-away.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import type { ApacheDirective } from '../configuration.ts'
import { ALLOW } from '../directives.ts'
import type { AuthorizationSection, Check, Fault, Scope, Walk } from './check.ts'
import { contextBit, invalid, isInside, mayBeLoaded, textAfterWords, argument } from './check.ts'
import { expressionFault } from './expression.ts'
import { isRegisteredMethod } from './methods.ts'
import { type Opening, openerFault } from './opener.ts'
import { isApacheSource, parseApacheNetwork } from '../../addresses/apache.ts'

export function authorizationSection(
  kind: AuthorizationSection['kind'],
  directive: ApacheDirective,
): AuthorizationSection {
  return { kind, directive, positives: 0, negatives: 0 }
}

/** How a provider of `Require` reads the rest of its line. */
type LineKind = 'free' | 'all' | 'addresses' | 'methods' | 'condition' | 'text' | 'nothing'

/** The providers of `Require`, by name, which is case-sensitive: the module that brings it, and its line. */
const PROVIDERS: ReadonlyMap<string, readonly [module: string, line: LineKind]> = new Map([
  ['all', ['authz_core_module', 'all']],
  ['env', ['authz_core_module', 'free']],
  ['method', ['authz_core_module', 'methods']],
  ['expr', ['authz_core_module', 'condition']],
  ['ip', ['authz_host_module', 'addresses']],
  ['host', ['authz_host_module', 'text']],
  ['forward-dns', ['authz_host_module', 'text']],
  ['local', ['authz_host_module', 'free']],
  ['user', ['authz_user_module', 'text']],
  ['valid-user', ['authz_user_module', 'free']],
  ['group', ['authz_groupfile_module', 'text']],
  ['file-owner', ['authz_owner_module', 'free']],
  ['file-group', ['authz_owner_module', 'free']],
  ['dbm-group', ['authz_dbm_module', 'text']],
  ['dbm-file-group', ['authz_dbm_module', 'free']],
  ['dbd-group', ['authz_dbd_module', 'text']],
  ['dbd-login', ['authz_dbd_module', 'free']],
  ['dbd-logout', ['authz_dbd_module', 'free']],
  ['ldap-user', ['authnz_ldap_module', 'text']],
  ['ldap-group', ['authnz_ldap_module', 'text']],
  ['ldap-dn', ['authnz_ldap_module', 'text']],
  ['ldap-attribute', ['authnz_ldap_module', 'text']],
  ['ldap-filter', ['authnz_ldap_module', 'text']],
  ['ldap-search', ['authnz_ldap_module', 'text']],
  ['ssl', ['ssl_module', 'nothing']],
  ['ssl-verify-client', ['ssl_module', 'nothing']],
  ['wsgi-group', ['wsgi_module', 'free']],
])

/** Password sources of `AuthBasicProvider` and its like: the module, and whether digests can use it. */
const PASSWORD_PROVIDERS: ReadonlyMap<string, readonly [module: string, digest: boolean]> = new Map([
  ['file', ['authn_file_module', true]],
  ['dbm', ['authn_dbm_module', true]],
  ['dbd', ['authn_dbd_module', true]],
  ['socache', ['authn_socache_module', true]],
  ['anon', ['authn_anon_module', false]],
  ['ldap', ['authnz_ldap_module', false]],
  ['wsgi', ['wsgi_module', true]],
])

const SECTION_NAMES = { all: 'RequireAll', any: 'RequireAny', none: 'RequireNone' } as const

export const checkRequire: Check = (directive, scope, walk) => {
  const negated = argument(directive, 0).toLowerCase() === 'not'
  const index = negated ? 1 : 0
  const name = argument(directive, index)
  const fault = requireFault(directive, index, name, walk)
  if (fault !== null) return fault
  const section = scope.authorization
  if (!negated) {
    section.positives++
    return null
  }
  section.negatives++
  return section.kind === 'all' ? null : negativeFault(directive, section, walk)
}

/** A section without `RequireAll` is an OR, in which a negation decides nothing. */
function negativeFault(directive: ApacheDirective, section: AuthorizationSection, walk: Walk): Fault | null {
  if (walk.unit.fragments && !section.directive.section) return null
  return {
    code: 'invalid-value',
    message: `\`${directive.name} not\` has no effect in \`<${SECTION_NAMES[section.kind]}>\`, so httpd refuses it`,
    word: directive.args[0],
    help: 'put it into `<RequireAll>` together with what grants',
  }
}

/** What a name that no module gives a provider stands for: a slip, a word of `all`, an address. */
function meantProvider(name: string): string | undefined {
  const lower = name.toLowerCase()
  if (PROVIDERS.has(lower)) return lower
  if (lower === 'granted' || lower === 'denied') return `all ${lower}`
  if (/^\d{1,3}(?:\.\d{1,3}){1,3}(?:\/[\d.]+)?$/.test(name)) return `ip ${name}`
  const isSlip = isOneSlipAway('valid-user', lower) || /^(?:valid_?users?|value-user)$/.test(lower)
  return isSlip ? 'valid-user' : undefined
}

function requireFault(directive: ApacheDirective, index: number, name: string, walk: Walk): Fault | null {
  const word = directive.args[index]
  if (walk.defined.has(`authz ${name}`)) return null
  const provider = PROVIDERS.get(name)
  if (provider === undefined) {
    const meant = meantProvider(name)
    if (meant === undefined && (walk.names.open || !walk.unit.modulesComplete)) return null
    const message = name === '' ? '`Require` names no provider' : `no module knows \`Require ${name}\``
    return { code: 'unknown-provider', message, word, ...(meant && { help: `write \`Require ${meant}\`` }) }
  }
  const [module, line] = provider
  if (!mayBeLoaded(walk.unit, module)) {
    if (walk.names.open) return null
    return {
      code: 'unknown-provider',
      message: `\`Require ${name}\` needs \`${module}\`, which is not loaded`,
      word,
      help: `load \`${module}\``,
    }
  }
  return lineFault(directive, line, index, walk)
}

function lineFault(directive: ApacheDirective, line: LineKind, index: number, walk: Walk): Fault | null {
  const words = directive.args.slice(index + 1)
  const name = argument(directive, index)
  switch (line) {
    case 'free':
      return null
    case 'nothing':
      return words.length === 0 ? null : invalid(`\`Require ${name}\` takes nothing more`, words[0])
    case 'all': {
      // The rest of the line is compared as it stands, quotes and all.
      const rest = textAfterWords(directive, index + 1).toLowerCase()
      if (rest === 'granted' || rest === 'denied') return null
      return invalid('`Require all` is either `granted` or `denied`, with nothing behind it', words[0])
    }
    case 'addresses': {
      if (words.length === 0) return invalid('`Require ip` names no address', directive.args[index])
      const wrong = words.find(word => parseApacheNetwork(word.value) === null)
      if (wrong === undefined) return null
      return invalid(`\`${wrong.value}\` is no address or network`, wrong)
    }
    case 'methods': {
      const wrong = words.find(
        word => !isRegisteredMethod(word.value) && !walk.defined.has(`method ${word.value}`),
      )
      return wrong === undefined ? null : invalid(`there is no method \`${wrong.value}\``, wrong)
    }
    case 'condition':
    case 'text': {
      let text = textAfterWords(directive, index + 1)
      // `Require expr "…"`: the quotes around the whole condition are taken off.
      if (line === 'condition' && words.length === 1) text = words[0]?.value ?? text
      const fault = expressionFault(text, line === 'condition' ? 'boolean' : 'string', walk.names)
      if (fault === null) return null
      return {
        code: 'invalid-expression',
        message: `\`Require ${name}\` cannot be read: ${fault}`,
        word: words[0],
      }
    }
  }
}

/** `<RequireAll>`, `<RequireAny>`, `<RequireNone>`. */
export function requireSection(
  kind: AuthorizationSection['kind'],
): (directive: ApacheDirective, scope: Scope, walk: Walk) => Opening {
  return (directive, scope) => {
    const own = authorizationSection(kind, directive)
    const inside: Scope = {
      ...scope,
      bits: ALLOW.AuthConfig,
      // httpd treats it as `<Limit>`: neither `<Files>` nor `<If>` may stand in it.
      around: scope.around | contextBit('limit'),
      authorization: own,
      branch: { open: false },
    }
    const word = directive.args[0]
    let fault = openerFault(directive, false)
    if (fault === null && word !== undefined) {
      fault = {
        code: 'section-opener-malformed',
        message: `\`<${directive.name}>\` takes no argument`,
        word,
      }
    }
    return { fault, inside, after: walk => closeSection(directive, scope.authorization, own, walk) }
  }
}

function closeSection(
  directive: ApacheDirective,
  outer: AuthorizationSection,
  own: AuthorizationSection,
  walk: Walk,
): Fault | null {
  if (own.positives + own.negatives === 0) {
    if (isFilledIn(directive)) return null
    return {
      code: 'invalid-value',
      message: `\`<${directive.name}>\` holds nothing that grants or denies`,
      help: 'put a `Require` into it or drop the section',
    }
  }
  if (own.kind === 'none') {
    outer.negatives++
    if (outer.kind !== 'all') {
      return {
        code: 'invalid-value',
        message: `\`<${directive.name}>\` has no effect in \`<${SECTION_NAMES[outer.kind]}>\`, so httpd refuses it`,
        help: 'put it into `<RequireAll>` together with what grants',
      }
    }
    return null
  }
  if (own.kind === outer.kind) {
    // Sections of one kind are joined: what the inner one holds stands in the outer.
    outer.positives += own.positives
    outer.negatives += own.negatives
    return null
  }
  outer.positives++
  if (own.positives === 0) {
    walk.reportLater(directive, {
      code: 'negative-authorization-only',
      message: `\`<${directive.name}>\` only denies: nothing in it can grant access`,
      help: 'add `Require all granted`, or whatever is to be granted',
    })
  }
  return null
}

/** True where a template puts lines of its own into a section, or stands in place of one. */
function isFilledIn({ source: { template, code, gaps }, name, end }: ApacheDirective): boolean {
  if (!template) return false
  const close = code.slice(end).search(new RegExp(`^[ \\t]*</${name}`, 'im'))
  const until = close === -1 ? code.length : end + close
  return isUnknownWord(code.slice(end, until)) || gaps.some(gap => gap >= end && gap < until)
}

/** `<AuthzProviderAlias base name line>` and `<AuthnProviderAlias base name>`. */
export function providerAlias(
  kind: 'authz' | 'authn',
): (directive: ApacheDirective, scope: Scope, walk: Walk) => Opening {
  return (directive, scope, walk) => {
    const inside: Scope = {
      ...scope,
      bits: ALLOW.AuthConfig | ALLOW.section,
      path: '',
      branch: { open: false },
    }
    const base = argument(directive, 0)
    const name = argument(directive, 1)
    let fault: Fault | null = null
    if (isInside(scope, 'virtualhost')) {
      fault = {
        code: 'not-allowed-here',
        message: `\`<${directive.name}>\` stands in \`<VirtualHost>\`, and is only for the main server`,
      }
    } else if (!directive.text.includes('>')) {
      fault = { code: 'section-opener-malformed', message: `\`<${directive.name}\` has no closing \`>\`` }
    } else if (base === '' || name === '') {
      fault = {
        code: 'section-opener-malformed',
        message: `\`<${directive.name}>\` names no provider and alias`,
      }
    } else if (kind === 'authn' && base.toLowerCase() === name.toLowerCase()) {
      fault = invalid(`the alias has the name of its provider \`${base}\``, directive.args[1])
    } else fault = kind === 'authz' ? authzAliasFault(directive, walk) : authnFault(directive, 0, false, walk)
    walk.defined.set(`${kind} ${name}`, directive)
    return { fault, inside }
  }
}

function authzAliasFault(directive: ApacheDirective, walk: Walk): Fault | null {
  const base = argument(directive, 0)
  const fault = requireFault({ ...directive, args: directive.args.slice(0, 1) }, 0, base, walk)
  // The line of the alias is one word, cut again by the provider; only the provider's name is judged here.
  if (fault !== null && fault.code === 'unknown-provider') return fault
  if (base !== 'ip') return null
  const addresses = argument(directive, 2)
    .split(/\s+/)
    .filter(address => address !== '')
  const wrong = addresses.find(address => parseApacheNetwork(address) === null)
  if (addresses.length > 0 && wrong === undefined) return null
  return invalid(
    wrong === undefined ? '`ip` names no address' : `\`${wrong}\` is no address or network`,
    directive.args[2],
  )
}

function authnFault(directive: ApacheDirective, index: number, digest: boolean, walk: Walk): Fault | null {
  const name = argument(directive, index)
  const word = directive.args[index]
  if (walk.defined.has(`authn ${name}`) || walk.names.open) return null
  const provider = PASSWORD_PROVIDERS.get(name)
  if (provider === undefined) {
    if (!walk.unit.modulesComplete) return null
    return { code: 'unknown-provider', message: `no module brings the password provider \`${name}\``, word }
  }
  if (!mayBeLoaded(walk.unit, provider[0])) {
    return {
      code: 'unknown-provider',
      message: `the password provider \`${name}\` needs \`${provider[0]}\`, which is not loaded`,
      word,
    }
  }
  if (!digest || provider[1]) return null
  return { code: 'unknown-provider', message: `\`${name}\` cannot serve digest authentication`, word }
}

/** `AuthBasicProvider`, `AuthDigestProvider`, `AuthFormProvider`. */
export function passwordProviders(digest: boolean): Check {
  return (directive, _scope, walk) => {
    for (let index = 0; index < directive.args.length; index++) {
      if (argument(directive, index) === '') return null
      const fault = authnFault(directive, index, digest, walk)
      if (fault !== null) return fault
    }
    return null
  }
}

const ORDERS = new Set(['allow,deny', 'deny,allow', 'mutual-failure'])

export const checkOrder: Check = directive => {
  if (ORDERS.has(argument(directive, 0).toLowerCase())) return null
  const help = 'write `allow,deny` or `deny,allow` as one word, without a blank'
  return invalid(`\`${argument(directive, 0)}\` is no order`, directive.args[0], help)
}

/** `Allow from …` and `Deny from …` of mod_access_compat. */
export const checkAllowDeny: Check = directive => {
  if (argument(directive, 0).toLowerCase() !== 'from') {
    return invalid(`\`${directive.name}\` is not followed by \`from\``, directive.args[0])
  }
  for (const word of directive.args.slice(1)) {
    const value = word.value
    const lower = value.toLowerCase()
    if (value === '') return null
    if (lower === 'all' || lower.startsWith('env=')) continue
    if (value.startsWith('#')) return invalid('a comment stands where a host has to', word)
    if (!isApacheSource(value)) return invalid(`\`${value}\` is no address or network`, word)
  }
  return null
}
