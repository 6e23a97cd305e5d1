import type { Place } from '../../../parsers/text/source.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../servers/apache/configuration.ts'
import { virtualHostSection } from '../../servers/apache/queries/virtual-hosts.ts'
import type { SchemeTrust } from '../model.ts'
import { argumentPlace } from '../places.ts'

/** What `SetEnvIf` reads that is no request header. */
const REQUEST_ATTRIBUTES = new Set([
  'remote_host',
  'remote_addr',
  'remote_user',
  'server_addr',
  'request_method',
  'request_protocol',
  'request_uri',
])

/** The headers of `WSGITrustedProxyHeaders` that say a scheme. */
const SCHEME_HEADERS = new Set([
  'x-forwarded-proto',
  'x-forwarded-scheme',
  'x-forwarded-https',
  'x-forwarded-ssl',
  'x-scheme',
])

/** True for a header, in lower case, that mod_wsgi removes where it trusts others for the scheme. */
export function isProxySchemeHeader(header: string): boolean {
  return SCHEME_HEADERS.has(header)
}

/** The values of the variable HTTPS that mod_wsgi turns into `wsgi.url_scheme` https. */
export function isSecureValue(value: string): boolean {
  return value.toLowerCase() === 'on' || value === '1'
}

/** Every directive by which a header decides whether a request counts as https, in reading order. */
export function schemeTrusts(configuration: ApacheConfiguration): readonly SchemeTrust[] {
  const trusts: SchemeTrust[] = []
  const add = (directive: ApacheDirective, at: Place, header: string, pattern: string | null): void => {
    const virtualHost = virtualHostSection(directive)
    trusts.push({ configuration, directive, header: header.toLowerCase(), at, virtualHost, pattern })
  }
  for (const name of ['setenvif', 'setenvifnocase']) {
    for (const directive of configuration.occurrences.get(name) ?? []) {
      const [attribute, pattern, ...settings] = directive.args
      if (attribute === undefined || pattern === undefined) continue
      if (REQUEST_ATTRIBUTES.has(attribute.value.toLowerCase())) continue
      if (settings.some(({ value }) => isHttpsOn(value, '=')))
        add(directive, argumentPlace(directive, 0), attribute.value, pattern.value)
    }
  }
  for (const directive of configuration.occurrences.get('rewriterule') ?? []) {
    const flags = directive.args[2]?.value ?? ''
    if (!/^\[.*\]$/s.test(flags) || !flags.slice(1, -1).split(',').some(isHttpsFlag)) continue
    for (const condition of conditionsOf(configuration, directive)) {
      const header = /^%\{HTTP:([^}]+)\}$/i.exec(condition.args[0]?.value ?? '')?.[1]
      const pattern = condition.args[1]?.value ?? ''
      if (header !== undefined && !pattern.startsWith('!'))
        add(directive, argumentPlace(condition, 0), header, pattern)
    }
  }
  for (const directive of configuration.occurrences.get('wsgitrustedproxyheaders') ?? []) {
    for (const [index, { value }] of directive.args.entries()) {
      if (SCHEME_HEADERS.has(value.toLowerCase()))
        add(directive, argumentPlace(directive, index), value, null)
    }
  }
  return trusts
}

/** `HTTPS=on`, `HTTPS=1`, or `HTTPS` alone, which sets it to 1. */
function isHttpsOn(setting: string, separator: string): boolean {
  const at = setting.indexOf(separator)
  if (at === -1) return setting === 'HTTPS'
  return setting.slice(0, at) === 'HTTPS' && isSecureValue(setting.slice(at + 1))
}

function isHttpsFlag(flag: string): boolean {
  const match = /^\s*(?:E|env)=(.*?)\s*$/i.exec(flag)
  return match !== null && isHttpsOn(match[1] ?? '', ':')
}

/** The RewriteConds in front of a RewriteRule, which hold for it alone. */
function conditionsOf(configuration: ApacheConfiguration, rule: ApacheDirective): readonly ApacheDirective[] {
  const siblings = rule.parent?.children ?? configuration.top
  const conditions: ApacheDirective[] = []
  for (let index = siblings.indexOf(rule) - 1; index >= 0; index--) {
    const sibling = siblings[index]
    if (sibling === undefined || sibling.name !== 'RewriteCond') break
    conditions.push(sibling)
  }
  return conditions
}
