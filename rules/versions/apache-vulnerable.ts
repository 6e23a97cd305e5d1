import type { Place } from '../../parsers/text/source.ts'
import type { ApacheConnection, Deployment, Protocol } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { CLIENT } from '../../src/deployment/requests/made-up-requests.ts'
import { upstreamRelease } from '../../src/deployment/upstream-release.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { isModuleLoaded } from '../../src/servers/apache/configuration.ts'
import { effectiveAccess } from '../../src/servers/apache/queries/effective-access.ts'
import { sectionsFor } from '../../src/servers/apache/queries/sections-for.ts'
import { metAdvisories, vulnerable } from './_advisories.ts'
import { APACHE_ADVISORIES, type ApacheCondition } from './_apache-advisories.ts'

const compose = (image: string): string => conf`
  services:
    web:
      image: ${image}
      volumes:
        - ./httpd.conf:/usr/local/apache2/conf/httpd.conf:ro
`
const main = (lines: string, root = 'Require all denied'): string => conf`
  ServerRoot /usr/local/apache2
  Listen 80
  LoadModule mpm_event_module modules/mod_mpm_event.so
  LoadModule authz_core_module modules/mod_authz_core.so
  LoadModule unixd_module modules/mod_unixd.so
  LoadModule alias_module modules/mod_alias.so
  LoadModule proxy_module modules/mod_proxy.so
  LoadModule proxy_http_module modules/mod_proxy_http.so
  LoadModule rewrite_module modules/mod_rewrite.so
  DocumentRoot /usr/local/apache2/htdocs
  <Directory />
      ${root}
  </Directory>
  ${lines}
`
const PROXY = 'ProxyPass / http://app:8000/'

export default defineRule({
  summary: 'Apache has a known vulnerability that the configuration opens',
  severity: 'warning',
  otherSeverities: {
    info: 'where Apache itself calls all of them low, and for what tests or developers alone start',
  },
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [1395],
  since: '0.1.0',
  why: 'The advisory names the release and what of Apache has to be in use, and both are here. It is said of official images with a whole version number alone: what a distribution ships has patches that its number does not tell.',
  remedy: 'Take a release that has the fix',
  controls: ['CIS Apache 6.5'],
  references: ['https://httpd.apache.org/security/vulnerabilities_24.html'],
  unproven: 'The tests have the Apache of a distribution, which is patched',
  bad: [
    {
      title: 'a proxy',
      files: { 'docker-compose.yml': compose('«httpd:2.4.48»'), 'httpd.conf': main(PROXY) },
    },
    {
      title: 'the whole file system, in the release that let clients walk out of the document root',
      files: {
        'docker-compose.yml': compose('«httpd:2.4.49-alpine»'),
        'httpd.conf': main('', 'Require all granted'),
      },
    },
    {
      title: 'a rule that puts what it matched into the address',
      files: {
        'docker-compose.yml': compose('«httpd:2.4.55»'),
        'httpd.conf': main(conf`
          RewriteEngine On
          RewriteRule ^/api/(.*) http://app:8000/v2?path=$1 [P]
        `),
      },
    },
  ],
  good: [
    {
      title: 'nothing of it is used',
      files: { 'docker-compose.yml': compose('httpd:2.4.49'), 'httpd.conf': main('') },
    },
    {
      title: 'a tag that moves on',
      files: { 'docker-compose.yml': compose('httpd:2.4'), 'httpd.conf': main(PROXY) },
    },
    {
      title: 'a release with all fixes',
      files: { 'docker-compose.yml': compose('httpd:2.4.64'), 'httpd.conf': main(PROXY) },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      const release = upstreamRelease(deployment.programOf(configuration).machine, 'apache')
      if (release === null) continue
      const met = metAdvisories(APACHE_ADVISORIES, release.version, condition =>
        meets(deployment, configuration, condition),
      )
      const finding = vulnerable('Apache', release, met, deployment)
      if (finding !== null) yield finding
    }
  },
})

/** The line that meets a condition; null where none does for sure. */
function meets(
  { connections }: Deployment,
  configuration: ApacheConfiguration,
  condition: ApacheCondition,
): Place | null {
  const withWord = (pattern: RegExp, ...names: readonly string[]): Place | null => {
    for (const line of names.flatMap(name => configuration.occurrences.get(name) ?? [])) {
      const index = line.args.findIndex(({ value }) => pattern.test(value))
      if (index !== -1) return argumentPlace(line, index)
    }
    return null
  }
  const own = connections.apache.filter(({ from }) => from.configuration === configuration)
  const proxied = (isMeant: (connection: ApacheConnection) => boolean = () => true): Place | null => {
    const found = own.find(isMeant)
    return found === undefined ? null : namePlace(found.pass)
  }
  const speaks = (name: Protocol): Place | null =>
    proxied(({ protocol }) => protocol.known && protocol.value === name)
  const http2 = (): Place | null =>
    isModuleLoaded(configuration, 'http2_module') === false ? null : withWord(/^h2c?$/i, 'protocols')
  switch (condition) {
    case 'root-granted':
      return grantOfRoot(configuration)
    case 'proxy':
      return proxied()
    case 'proxy-rewritten':
      return proxied(insertsMatch)
    case 'proxy-uwsgi':
      return speaks('uwsgi')
    case 'proxy-ajp':
      return speaks('ajp')
    case 'proxy-forward':
      return withWord(/^on$/i, 'proxyrequests')
    case 'http2':
      return http2()
    case 'http2-push':
      return withWord(/^off$/i, 'h2push') === null ? http2() : null
    case 'http2-proxy':
      return own.length === 0 ? null : http2()
    case 'dav':
      return withWord(/^(?!off$)/i, 'dav')
    case 'session-cookie':
      return withWord(/^on$/i, 'session') === null ? null : withWord(/./, 'sessioncookiename')
    case 'digest':
      return withWord(/^digest$/i, 'authtype')
    case 'sed':
      return withWord(/./, 'inputsed', 'outputsed')
    case 'tls-upgrade':
      return withWord(/^optional$/i, 'sslengine')
    case 'handler-by-type':
      return withWord(/^application\/x-httpd-/i, 'addtype')
  }
}

/** What grants the whole file system; null where it is denied, or nobody can tell. */
function grantOfRoot(configuration: ApacheConfiguration): Place | null {
  if (configuration.main === null) return null
  const levels = sectionsFor(configuration, null, { uri: '/', file: '/', directory: true })
  const access = effectiveAccess(configuration, levels, {
    method: 'GET',
    authenticated: false,
    address: CLIENT,
  })
  if (access.allowed !== true) return null
  const [first] = configuration.top
  return access.at ?? (first === undefined ? null : namePlace(first))
}

/** A pattern that matches anything, and a target that repeats what it matched. */
function insertsMatch({ pass, written }: ApacheConnection): boolean {
  const pattern = pass.args[0]?.value ?? ''
  return (
    /^(?:rewriterule|proxypassmatch)$/i.test(pass.name) && /\(\.[*+]/.test(pattern) && /\$[1-9]/.test(written)
  )
}
