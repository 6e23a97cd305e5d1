import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { ApacheHost, Deployment } from '../../src/deployment/model.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { djangoBehindApache } from './_behind-apache.ts'

interface PlainSite {
  readonly settings: DjangoSettings
  /** The virtual host. */
  readonly at: Place
}

/**
 * Projects of Django in virtual hosts of Apache on port 80 where nothing speaks of TLS: no virtual host, no proxy in
 * front, no setting that waits for one, no script that brings a certificate.
 */
export function* plainInApache(deployment: Deployment): Iterable<PlainSite> {
  if (deployment.apache.length === 0 || deployment.nginx.length > 0) return
  if (deployment.apache.some(speaksOfTls)) return
  for (const [host, settings] of sites(deployment)) {
    if (!host.addresses.every(({ known, address, port }) => known && address === null && port === 80))
      continue
    if (deployment.programOf(host.configuration).machine.container !== null) continue
    if (deployment.trustsOf(host).length > 0 || waitsForTls(settings) || setupsSpeakOfTls(deployment))
      continue
    yield { settings, at: host.at }
  }
}

function* sites(deployment: Deployment): Iterable<readonly [ApacheHost, DjangoSettings]> {
  for (const application of deployment.applications) {
    const settings = deployment.pythonOf(application)?.settings
    if (application.host !== null && settings != null) yield [application.host, settings]
  }
  const hosts = new Map(deployment.virtualHosts.map(host => [host.directive, host]))
  for (const { host, settings } of djangoBehindApache(deployment)) {
    const known = host === null ? undefined : hosts.get(host.directive)
    if (known !== undefined) yield [known, settings]
  }
}

/** Lines of a virtual host with TLS, and of one that stands behind a proxy. */
const OF_TLS = [
  'sslengine',
  'sslcertificatefile',
  'remoteipheader',
  'remoteipproxyprotocol',
  'mdomain',
  'mdomainsetsection',
]

const speaksOfTls = memo((configuration: ApacheConfiguration): boolean => {
  const { occurrences } = configuration
  if (OF_TLS.some(name => occurrences.has(name))) return true
  const told = [
    'setenvif',
    'setenv',
    'requestheader',
    'header',
    'rewritecond',
    'rewriterule',
    'redirect',
    'redirectmatch',
  ]
  return told.some(name =>
    (occurrences.get(name) ?? []).some(({ args }) =>
      args.some(({ value }) => /https|forwarded|strict-transport/i.test(value)),
    ),
  )
})

function waitsForTls(settings: DjangoSettings): boolean {
  const [redirect, header, origins] = [
    'SECURE_SSL_REDIRECT',
    'SECURE_PROXY_SSL_HEADER',
    'CSRF_TRUSTED_ORIGINS',
  ].map(name => settings.get(name))
  if (header !== null && !(header?.known === true && header.value === null)) return true
  if (redirect !== null && !(redirect?.known === true && redirect.value === false)) return true
  return origins !== null && (origins?.known !== true || JSON.stringify(origins.value).includes('https:'))
}

const BRINGS_TLS =
  /certbot|letsencrypt|\bacme\b|haproxy|traefik|caddy|cloudflare|varnish|stunnel|nginx|mod_ssl|a2en(?:mod|site)[^\n]*ssl|\b443\b|balancer|\blb\b/i

const setupsSpeakOfTls = memo((deployment: Deployment): boolean =>
  (deployment.setups() ?? []).some(({ text }) => BRINGS_TLS.test(text)),
)
